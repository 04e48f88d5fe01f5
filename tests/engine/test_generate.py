"""Whole requests on real graphs, against a naive loop over an independent forward pass."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.events import Delta, Event, Finished, FinishReason, Progress
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, Prompt, Provider, TextPrompt
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, Source, TokenRecord
from app.engine.generate import begin, generate, tick
from app.engine.model import Model, open_model
from app.engine.sampling.draw import uniform
from app.engine.work import Work
from app.errors import ContextExceeded, InvalidRequest
from tests.engine import graphs, reference
from tests.engine.reference import Shape
from tests.engine.test_logits import slow_top_p
from tests.engine.test_statistics import slow_entropy, slow_logprobs
from tests.engine.vocabularies import byte_level

SHAPE = Shape()
WEIGHTS = reference.random_weights(SHAPE)
PROMPT = tuple(np.random.default_rng(4).integers(2, SHAPE.vocabulary, 200).tolist())
GREEDY = SamplingParams(temperature=0.0)
TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}{% if think %}<think>\n{% endif %}"


def opened(folder: Path) -> Model:
    return open_model(folder, None, Provider.CPU, lambda done, total: None)


@pytest.fixture(scope="module")
def ids_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(graphs.small_model(tmp_path_factory.mktemp("ids"), SHAPE))


def text_folder(folder: Path, context: int = 512) -> Path:
    shape = Shape(vocabulary=410, context=context)
    graphs.small_model(folder, shape)
    byte_level(folder / "tokenizer.json")
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return folder


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(text_folder(tmp_path_factory.mktemp("text")))


def request(prompt: Prompt | None = None, **changes: Any) -> Generate:
    asked = {"prompt": prompt or IdsPrompt(PROMPT), "sampling": GREEDY, "max_tokens": 12}
    return Generate(**{**asked, **changes})


def chat(text: str = "hi", **variables: Any) -> ChatPrompt:
    return ChatPrompt((Message(Role.USER, text),), variables=variables)


def records(events: Iterable[Event]) -> list[TokenRecord]:
    return [token for event in events if isinstance(event, Delta) for token in event.tokens]


def ids(events: Iterable[Event]) -> list[int]:
    return [token.id for token in records(events)]


def text(events: Iterable[Event], channel: Channel = Channel.ANSWER) -> str:
    deltas = [event for event in events if isinstance(event, Delta)]
    return "".join(delta.text for delta in deltas if delta.channel is channel)


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    assert sum(isinstance(event, Finished) for event in events) == 1
    return last


def stepped(model: Model, *works: Work) -> list[Event]:
    """What one tick brings for these requests, none of which may fail."""
    events = [event for _, events in tick(model, works) for event in events]
    assert all(work.error is None for work in works)
    return events


def run(model: Model, work: Work) -> list[Event]:
    events: list[Event] = []
    while not work.finished:
        events += stepped(model, work)
    return events


def run_forced(model: Model, written: str, **changes: Any) -> list[Event]:
    """What comes out when the model is made to write `written` first."""
    assert model.tokenizer is not None
    sequence = begin(model, request(**{"prompt": chat(), "max_tokens": 200, **changes}))
    sequence.forced.extend(model.tokenizer.encode(written, add_special=False))
    return run(model, sequence)


def naive(count: int, sampling: SamplingParams) -> list[tuple[int, np.ndarray]]:
    """Tokens and logits rows of a loop that recomputes everything, in float64."""
    context, steps = list(PROMPT), []
    for _ in range(count):
        row = reference.logits(WEIGHTS, SHAPE, context)[-1]
        token = int(row.argmax()) if sampling.seed is None else naive_draw(row, context, sampling)
        steps.append((token, row))
        context.append(token)
    return steps


def naive_draw(row: np.ndarray, context: list[int], sampling: SamplingParams) -> int:
    assert sampling.seed is not None
    scaled = row / sampling.temperature
    probabilities = np.zeros(len(row))
    kept = sorted(slow_top_p(scaled, sampling.top_p))
    probabilities[kept] = np.exp(slow_logprobs(scaled)[kept])
    edges = np.cumsum(probabilities / probabilities.sum())
    return int(np.searchsorted(edges, uniform(sampling.seed, len(context)), side="right"))


SAMPLED = SamplingParams(seed=21, temperature=3.0, top_p=0.9)


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
def test_tokens_and_numbers_are_those_of_a_naive_loop(
    ids_model: Model, sampling: SamplingParams
) -> None:
    ids_model.forward.clear()
    expected = naive(12, sampling)
    got = records(generate(ids_model, request(sampling=sampling)))
    assert [token.id for token in got] == [token for token, _ in expected]
    for record, (token, row) in zip(got, expected, strict=True):
        logprobs = slow_logprobs(row)
        assert record.logprob == pytest.approx(logprobs[token], abs=1e-4)
        assert record.entropy == pytest.approx(slow_entropy(row), abs=1e-3)
        assert record.rank == 1 + (row > row[token]).sum()
        best = np.sort(logprobs)[::-1][:5]
        assert [each.logprob for each in record.top] == pytest.approx(best.tolist(), abs=1e-4)
        assert record.tail == pytest.approx(1 - np.exp(best).sum(), abs=1e-4)
        assert record.source is Source.SAMPLED


def test_penalties_count_what_was_generated(ids_model: Model) -> None:
    penalised = SamplingParams(temperature=0.0, frequency_penalty=6.0)
    context, counts = list(PROMPT), np.zeros(SHAPE.vocabulary)
    for _ in range(12):
        row = reference.logits(WEIGHTS, SHAPE, context)[-1] - 6.0 * counts
        context.append(int(row.argmax()))
        counts[context[-1]] += 1
    assert ids(generate(ids_model, request(sampling=penalised))) == context[len(PROMPT) :]


def test_a_sampled_logprob_is_that_of_the_transformed_distribution(ids_model: Model) -> None:
    row = naive(1, SAMPLED)[0][1] / SAMPLED.temperature
    kept = sorted(slow_top_p(row, SAMPLED.top_p))
    first = records(generate(ids_model, request(sampling=SAMPLED, max_tokens=1)))[0]
    assert first.id in kept
    assert first.sampled_logprob == pytest.approx(
        slow_logprobs(row[kept])[kept.index(first.id)], abs=1e-3
    )


def test_the_same_seed_gives_the_same_tokens(ids_model: Model) -> None:
    hot = {"sampling": SamplingParams(seed=5, temperature=4.0), "max_tokens": 30}
    first = ids(generate(ids_model, request(**hot)))
    assert ids(generate(ids_model, request(**hot))) == first
    other = request(sampling=SamplingParams(seed=6, temperature=4.0), max_tokens=30)
    assert ids(generate(ids_model, other)) != first


def test_an_answer_continues_alike_from_any_of_its_tokens(ids_model: Model) -> None:
    hot = SamplingParams(seed=5, temperature=4.0)
    whole = ids(generate(ids_model, request(sampling=hot, max_tokens=20)))
    prompt = IdsPrompt((*PROMPT, *whole[:8]))
    rest = ids(generate(ids_model, request(prompt, sampling=hot, max_tokens=12)))
    assert rest == whole[8:]


def test_a_drawn_seed_is_reported_and_reproduces_the_answer(ids_model: Model) -> None:
    events = list(generate(ids_model, request(sampling=SamplingParams(temperature=4.0))))
    seed = finished(events).seed
    again = request(sampling=SamplingParams(seed=seed, temperature=4.0))
    assert seed is not None
    assert ids(generate(ids_model, again)) == ids(events)
    assert finished(list(generate(ids_model, request()))).seed is None


def test_a_cached_prefix_changes_nothing(ids_model: Model) -> None:
    ids_model.forward.clear()
    fresh = list(generate(ids_model, request(sampling=SAMPLED)))
    ids_model.forward.clear()
    list(generate(ids_model, request(IdsPrompt(PROMPT[:150]))))
    cached = list(generate(ids_model, request(sampling=SAMPLED)))
    assert finished(fresh).usage.cached_tokens == 0
    assert finished(cached).usage.cached_tokens == 150
    assert ids(cached) == ids(fresh)
    for a, b in zip(records(cached), records(fresh), strict=True):
        assert a.logprob == pytest.approx(b.logprob, abs=1e-4)


def test_a_long_prompt_reports_progress_by_chunks(ids_model: Model) -> None:
    ids_model.forward.clear()
    events = list(generate(ids_model, request(max_tokens=1)))
    steps = [(each.done, each.total) for each in events if isinstance(each, Progress)]
    assert steps == [(128, 200), (200, 200)]


def test_usage_and_timings_are_those_of_the_run(text_model: Model) -> None:
    events = run_forced(text_model, "<think>\nab</think>\n\ncd", max_tokens=14)
    result = finished(events)
    assert result.usage.completion_tokens == len(records(events)) == 14
    reasoning = [token for token in records(events) if token.channel is Channel.REASONING]
    assert result.usage.reasoning_tokens == len(reasoning) >= 4
    assert result.timings.first_token_s > 0
    assert result.timings.prefill_tokens_per_s > 0
    assert result.timings.decode_tokens_per_s > 0


@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_cancel_ends_within_one_tick(ids_model: Model, after: int) -> None:
    ids_model.forward.clear()
    sequence = begin(ids_model, request(max_tokens=100))
    before = [event for _ in range(after) for event in stepped(ids_model, sequence)]
    sequence.cancel()
    last = stepped(ids_model, sequence)
    assert sequence.finished
    result = finished(last)
    assert result.reason is FinishReason.CANCELLED
    assert result.usage.completion_tokens == len(records(before + last)) == max(0, after - 1)
    expected = ids(generate(ids_model, request()))
    assert ids(before) == expected[: len(ids(before))]


def test_cancel_gives_out_what_was_held_back(text_model: Model) -> None:
    assert text_model.tokenizer is not None
    sequence = begin(text_model, request(chat(), stop=("END",), max_tokens=100))
    sequence.forced.extend(text_model.tokenizer.encode("so EN", add_special=False))
    events: list[Event] = []
    while sequence.forced:
        events += stepped(text_model, sequence)
    assert text(events) == "so "
    sequence.cancel()
    assert text(events + stepped(text_model, sequence)) == "so EN"


def test_the_end_token_is_recorded_and_not_shown(text_model: Model) -> None:
    (end,) = text_model.eos_ids
    bias = SamplingParams(temperature=0.0, logit_bias={end: 1000.0})
    events = list(generate(text_model, request(chat(), sampling=bias)))
    assert finished(events).reason is FinishReason.STOP
    assert finished(events).usage.completion_tokens == 1
    (token,) = records(events)
    assert (token.id, token.start, token.end, text(events)) == (end, 0, 0, "")


def test_an_end_token_that_is_text_is_not_shown_either(text_model: Model) -> None:
    assert text_model.tokenizer is not None
    (end,) = text_model.tokenizer.encode("z", add_special=False)
    model = replace(text_model, eos_ids=frozenset({end}))
    events = run_forced(model, "abz")
    assert text(events) == "ab"
    assert (records(events)[-1].data, finished(events).reason) == (b"z", FinishReason.STOP)


def test_a_stop_string_ends_the_answer_unseen(text_model: Model) -> None:
    events = run_forced(text_model, "one STOP two", stop=("STOP",))
    assert text(events) == "one "
    assert finished(events).reason is FinishReason.STOP
    assert finished(events).usage.completion_tokens == len(records(events))


def test_a_stop_string_does_not_end_the_reasoning(text_model: Model) -> None:
    events = run_forced(text_model, "<think>\nSTOP</think>yes STOP", stop=("STOP",))
    assert text(events, Channel.REASONING) == "STOP"
    assert text(events) == "yes "


def test_the_length_limit_ends_the_answer(ids_model: Model) -> None:
    events = list(generate(ids_model, request(max_tokens=3)))
    assert finished(events).reason is FinishReason.LENGTH
    assert len(records(events)) == 3


def test_a_full_context_ends_the_answer(tmp_path: Path) -> None:
    model = opened(graphs.small_model(tmp_path, Shape(context=16)))
    events = list(generate(model, request(IdsPrompt(PROMPT[:10]), max_tokens=None)))
    assert finished(events).reason is FinishReason.CONTEXT
    assert len(records(events)) == 6


def test_forced_tokens_are_recorded_as_such(text_model: Model) -> None:
    events = run_forced(text_model, "abc", max_tokens=20)
    assert text(events).startswith("abc")
    forced = [token for token in records(events) if token.source is Source.FORCED]
    assert b"".join(token.data for token in forced) == b"abc"
    assert all(token.sampled_logprob is None for token in forced)
    assert all(token.logprob is not None and token.logprob <= 0 for token in forced)


def test_reasoning_that_the_template_opens_is_reasoning(text_model: Model) -> None:
    events = run_forced(text_model, "so</think>\n\nyes", prompt=chat(think=True))
    assert text(events, Channel.REASONING) == "so"
    assert text(events).startswith("yes")


def test_markers_that_are_control_tokens_count_too(tmp_path: Path) -> None:
    path = text_folder(tmp_path) / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    for added in tokenizer["added_tokens"]:
        added["special"] = True
    path.write_text(json.dumps(tokenizer))
    events = run_forced(opened(tmp_path), "<think>so</think>\n\nyes")
    assert text(events, Channel.REASONING) == "so"
    assert text(events).startswith("yes")
    assert records(events)[0].data == b""


def test_a_completion_shows_markers_as_they_are(text_model: Model) -> None:
    events = run_forced(text_model, "<think>so</think>", prompt=TextPrompt("hi"))
    assert text(events).startswith("<think>so</think>")


def test_top_logprobs_sets_the_number_of_candidates(ids_model: Model) -> None:
    for count in (0, 1, 97, 100):
        (token,) = records(generate(ids_model, request(top_logprobs=count, max_tokens=1)))
        assert len(token.top) == min(count, SHAPE.vocabulary)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"top_logprobs": -1}, "top_logprobs must lie between 0 and 100, not -1."),
        ({"top_logprobs": 101}, "top_logprobs must lie between 0 and 100, not 101."),
        ({"max_tokens": 0}, "max_tokens must be at least 1, not 0."),
        ({"stop": ("a", "")}, "A stop string must not be empty."),
        ({"stop": ("a",)}, "Stop strings need a tokenizer"),
        ({"prompt": TextPrompt("a")}, "This model folder has no tokenizer"),
        ({"prompt": chat()}, "This model folder has no tokenizer"),
        ({"prompt": IdsPrompt(())}, "The prompt is empty."),
        ({"prompt": IdsPrompt((1, 97))}, "Token 97 does not exist; this model has 0 to 96."),
        ({"prompt": IdsPrompt((-1,))}, "Token -1 does not exist"),
        ({"sampling": SamplingParams(logit_bias={97: 1.0})}, "logit_bias names token 97"),
    ],
)
def test_what_cannot_be_done_is_refused(
    ids_model: Model, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        begin(ids_model, request(**changes))
    assert refusal.value.message.startswith(sentence)


@pytest.mark.parametrize("count", [512, 700])
def test_a_prompt_that_does_not_fit_is_refused_with_numbers(ids_model: Model, count: int) -> None:
    with pytest.raises(ContextExceeded, match=f"needs {count} tokens; this model holds 512"):
        begin(ids_model, request(IdsPrompt((5,) * count)))


def test_a_model_without_a_template_cannot_chat(tmp_path: Path) -> None:
    folder = text_folder(tmp_path)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(InvalidRequest, match="no chat template"):
        begin(opened(folder), request(chat()))
