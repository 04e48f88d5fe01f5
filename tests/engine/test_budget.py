"""A thought ends where its limit says, by its closing, and the records stay the model's own."""

from pathlib import Path

import pytest

from app.domain.events import Event
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, ThoughtLimit
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, Source
from app.engine.budget import LANDING_NATS, Budget, Closing
from app.engine.generate import begin, generate, tick
from app.engine.model import Model
from app.errors import InvalidRequest
from tests.engine.test_generate import finished, opened, records, text

ASK = "What is 47 * 36?"
SENTENCE = "Now I answer."


@pytest.fixture(scope="module")
def built_in() -> Model:
    return opened(Path(__file__).parents[2] / "resources" / "models" / "candor-small")


def request(limit: ThoughtLimit, *, seed: int | None = None) -> Generate:
    sampling = SamplingParams(temperature=0.0) if seed is None else SamplingParams(seed=seed)
    prompt = ChatPrompt((Message(Role.USER, ASK),), reasoning=True)
    return Generate(prompt=prompt, sampling=sampling, max_tokens=300, thought=limit)


def thought(events: list[Event]) -> list[Source]:
    """How the tokens of the thought came about that are seen."""
    tokens = records(events)
    return [
        each.source
        for each in tokens
        if each.channel is Channel.REASONING and each.end > each.start
    ]


@pytest.mark.parametrize("tokens", [1, 7, 20])
def test_the_model_thinks_no_longer_than_its_limit(built_in: Model, tokens: int) -> None:
    free = list(generate(built_in, request(ThoughtLimit())))
    events = list(generate(built_in, request(ThoughtLimit(tokens, SENTENCE, soft=False))))
    assert len(thought(free)) > 20
    assert thought(events).count(Source.SAMPLED) == tokens
    assert text(events, Channel.REASONING).endswith(f"\n{SENTENCE}\n")
    assert text(events)
    assert SENTENCE not in text(events)
    own = [each for each in records(events) if each.source is Source.SAMPLED]
    assert [each.id for each in own[:tokens]] == [each.id for each in records(free)[:tokens]]


def test_no_thought_at_all_ends_without_a_word(built_in: Model) -> None:
    events = list(generate(built_in, request(ThoughtLimit(0, SENTENCE))))
    assert text(events, Channel.REASONING).strip() == ""
    assert text(events)


def test_a_limit_that_is_never_reached_changes_nothing(built_in: Model) -> None:
    free = [each.id for each in records(generate(built_in, request(ThoughtLimit(), seed=3)))]
    limited = request(ThoughtLimit(built_in.forward.capacity // 2), seed=3)
    assert [each.id for each in records(generate(built_in, limited))] == free


def test_an_empty_sentence_leaves_the_sign_alone(built_in: Model) -> None:
    events = list(generate(built_in, request(ThoughtLimit(5, " "))))
    forced = b"".join(each.data for each in records(events) if each.source is Source.FORCED)
    assert forced.strip() in (b"", b"</think>")
    assert text(events)


def test_answer_now_ends_the_thought_with_the_next_token(built_in: Model) -> None:
    work = begin(built_in, request(ThoughtLimit(closing=SENTENCE)))
    events: list[Event] = []
    while work.completion_length < 9:
        events += [each for _, news in tick(built_in, [work]) for each in news]
    work.answer_now()
    while not work.finished:
        events += [each for _, news in tick(built_in, [work]) for each in news]
    sources = [each.source for each in records(events)]
    assert sources.index(Source.FORCED) == 9
    assert SENTENCE in text(events, Channel.REASONING)
    assert text(events)
    assert finished(events)


def test_answer_now_before_the_first_token_leaves_no_thought(built_in: Model) -> None:
    work = begin(built_in, request(ThoughtLimit()))
    work.answer_now()
    events: list[Event] = []
    while not work.finished:
        events += [each for _, news in tick(built_in, [work]) for each in news]
    assert Source.SAMPLED not in thought(events)
    assert text(events)


def test_the_sign_is_favoured_near_the_limit_at_ends_of_sentences() -> None:
    words = {1: b" so", 2: b" it is.", 3: b"\n"}
    budget = Budget(ThoughtLimit(100), Closing(sign=9), lambda token: words[token])
    budget.begin(Channel.REASONING)
    nats = []
    for _ in range(99):
        assert not budget.add(1, Channel.REASONING)
        assert budget.favour(1) is None
        favour = budget.favour(2)
        assert favour == budget.favour(3)
        nats.append(0.0 if favour is None else favour[1])
    assert nats[:75] == [0.0] * 75
    assert nats[75:] == sorted(nats[75:])
    assert LANDING_NATS * 0.9 < nats[-1] <= LANDING_NATS


def test_a_soft_landing_comes_at_the_end_of_a_line_and_leaves_the_raw_numbers(
    built_in: Model,
) -> None:
    hard = list(generate(built_in, request(ThoughtLimit(31, SENTENCE, soft=False))))
    soft = list(generate(built_in, request(ThoughtLimit(31, SENTENCE))))
    assert Source.FORCED in thought(hard)
    assert Source.FORCED not in thought(soft)
    pairs = zip(records(hard), records(soft), strict=False)
    one, other = next(pair for pair in pairs if pair[0].id != pair[1].id)
    assert other.data == b"</think>"
    assert one.top == other.top
    assert other.logprob is not None
    assert other.logprob < -10
    assert text(soft)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (ThoughtLimit(-1), "not between 0 and"),
        (ThoughtLimit(10**6), "not between 0 and"),
        (ThoughtLimit(5, "a <|im_end|> b"), "own signs"),
        (ThoughtLimit(5, "a </think> b"), "own signs"),
    ],
)
def test_what_cannot_be_is_said(built_in: Model, limit: ThoughtLimit, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        begin(built_in, request(limit))


def test_token_ids_have_no_thought(built_in: Model) -> None:
    with pytest.raises(InvalidRequest, match="Only a chat"):
        begin(built_in, Generate(prompt=IdsPrompt((1, 2)), thought=ThoughtLimit(5)))
    assert begin(built_in, Generate(prompt=IdsPrompt((1, 2)), thought=ThoughtLimit(0)))
