"""Replays: equal to the generation's own numbers, kept or computed again, and in nobody's way."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import paths
from app.domain.events import Replayed
from app.domain.messages import Message, Role
from app.domain.requests import (
    ChatPrompt,
    Generate,
    IdsPrompt,
    Prompt,
    Provider,
    Replay,
    TokenSearch,
)
from app.domain.sampling import SamplerStage, SamplingParams
from app.domain.tokens import TokenRecord
from app.engine.generate import begin, generate
from app.engine.model import Model, open_model
from app.engine.replay import replay
from app.engine.sampling.history import History
from app.engine.sampling.rows import RowStore
from app.engine.sampling.sampler import Sampler
from app.engine.sampling.statistics import Distribution
from app.engine.sequence import Sequence
from app.errors import ContextExceeded, InvalidRequest
from tests.engine import graphs, reference
from tests.engine.reference import Shape
from tests.engine.test_generate import PROMPT, SHAPE, WEIGHTS, records, stepped
from tests.engine.test_sampler import COMBINATIONS, history_of, slow_distribution
from tests.engine.test_statistics import slow_entropy, slow_logprobs

SAMPLINGS = [
    SamplingParams(seed=5),
    SamplingParams(seed=5, temperature=0.0),
    SamplingParams(seed=5, temperature=0.7, top_k=20, top_p=0.95),
    SamplingParams(seed=5, temperature=3.0, top_p=0.9, min_p=0.02, typical_p=0.9),
    SamplingParams(
        seed=5,
        temperature=2.0,
        repetition_penalty=1.4,
        frequency_penalty=0.7,
        presence_penalty=-0.4,
        logit_bias={3: 2.0, 9: -3.0},
    ),
    SamplingParams(
        seed=5,
        temperature=1.5,
        dry_multiplier=2.0,
        dry_allowed_length=1,
        xtc_probability=0.5,
        xtc_threshold=0.02,
        order=(SamplerStage.XTC, *(stage for stage in SamplerStage if stage != SamplerStage.XTC)),
    ),
]
GRAPHS = {"grouped": graphs.grouped(SHAPE, WEIGHTS), "plain": graphs.plain(SHAPE, WEIGHTS)}


@pytest.fixture(scope="module", params=GRAPHS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("replay")
    return opened(graphs.write_folder(folder, GRAPHS[request.param], SHAPE))


@pytest.fixture(scope="module")
def built_in() -> Model:
    return opened(paths.built_in_model())


def opened(folder: Path) -> Model:
    return open_model(folder, None, Provider.CPU, lambda done, total: None)


def answered(model: Model, sampling: SamplingParams, prompt: Prompt | None = None, count: int = 20):
    asked = prompt or IdsPrompt(PROMPT)
    request = Generate(prompt=asked, sampling=sampling, max_tokens=count, top_logprobs=8)
    return records(generate(model, request))


def replayed(model: Model, answer: list[TokenRecord], index: int, **changes: Any) -> Replayed:
    request = {
        "prompt": IdsPrompt(PROMPT),
        "answer": tuple(token.id for token in answer[:index]),
        "sampling": SamplingParams(),
        "tokens": (answer[index].id,),
        **changes,
    }
    found = replay(model, Replay(**request), cancelled=lambda: False)
    assert found is not None
    return found


def forgetful(model: Model) -> Model:
    """As after a restart: no row of the generation itself is left."""
    return replace(model, rows=RowStore())


def caches(model: Model) -> list[tuple[int, ...]]:
    """What every slot holds."""
    return [model.forward.cached_ids(slot) for slot in range(len(model.forward.slots))]


def check_equal(found: Replayed, token: TokenRecord, within: float) -> None:
    """The replay says of the token what its record does."""
    numbers = {each.id: each for each in found.alternatives}
    own = numbers[token.id]
    assert own.logprob == pytest.approx(token.logprob, abs=within)
    assert own.sampled_logprob == pytest.approx(token.sampled_logprob, abs=within)
    for candidate in token.top:
        assert numbers[candidate.id].logprob == pytest.approx(candidate.logprob, abs=within)
        assert numbers[candidate.id].data == candidate.data


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_a_kept_row_gives_the_numbers_of_the_record(model: Model, sampling: SamplingParams) -> None:
    answer = answered(model, sampling)
    for index, token in enumerate(answer):
        found = replayed(model, answer, index, sampling=sampling)
        assert not found.recomputed
        check_equal(found, token, 1e-6)


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_a_row_computed_again_gives_them_too(model: Model, sampling: SamplingParams) -> None:
    answer = answered(model, sampling)
    model = forgetful(model)
    for index in (len(answer) - 1, 0, 5, 6, 1):
        found = replayed(model, answer, index, sampling=sampling)
        assert found.recomputed
        check_equal(found, answer[index], 1e-4)
        again = replayed(model, answer, index, sampling=sampling)
        assert again == found, "a kept row that was computed again stays marked as such"


def test_a_chat_from_an_earlier_run_replays(built_in: Model) -> None:
    prompt = ChatPrompt((Message(Role.USER, "What is 12 + 7?"),))
    sampling = SamplingParams(seed=3, temperature=0.8, repetition_penalty=1.1)
    answer = answered(built_in, sampling, prompt, count=60)
    built_in = forgetful(built_in)
    built_in.forward.clear()
    for index in (0, 1, len(answer) // 2, len(answer) - 1):
        found = replayed(built_in, answer, index, prompt=prompt, sampling=sampling)
        assert found.recomputed
        check_equal(found, answer[index], 1e-4)


@pytest.mark.parametrize("changes", COMBINATIONS, ids=str)
def test_every_number_is_that_of_the_slow_version(changes: dict[str, Any]) -> None:
    params = SamplingParams(seed=1, **changes)
    row = (np.random.default_rng(2).standard_normal(20) * 2).astype(np.float32)
    expected = slow_distribution(row, params)
    sampled = Sampler(params, 20).sampled(Distribution.of(row), history_of(20))
    held = np.isfinite(expected)
    assert sampled.kept == held.sum()
    assert sampled.entropy == pytest.approx(slow_entropy(expected[held]), abs=1e-4)
    for token in range(20):
        wanted = expected[token] if held[token] else None
        assert sampled.logprob(token) == (wanted and pytest.approx(wanted, abs=1e-4))


@given(
    values=st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=300),
    temperature=st.floats(0.05, 5),
    top_k=st.integers(0, 40),
    top_p=st.floats(0, 1),
    min_p=st.floats(0, 1),
    penalty=st.floats(0.5, 2),
)
def test_the_distribution_is_what_the_draw_says(values: list[float], penalty: float, **cuts: Any):
    row = np.array(values, dtype=np.float32)
    params = SamplingParams(seed=1, repetition_penalty=penalty, **cuts)
    sampler, history = Sampler(params, row.size), History(row.size, [0])
    raw = Distribution.of(row)
    sampled = sampler.sampled(raw, history)
    shares = [sampled.logprob(token) for token in range(row.size)]
    assert math.fsum(math.exp(share) for share in shares if share is not None) == pytest.approx(1)
    assert sum(share is not None for share in shares) == sampled.kept
    for position in range(5):
        token, logprob = sampler.choose(raw, history, position)
        assert shares[token] == logprob


def test_the_alternatives_are_the_top_of_both_and_the_rest_is_what_is_left(model: Model) -> None:
    answer = answered(model, SAMPLINGS[0])
    upward = SamplingParams(temperature=0.5, logit_bias={40: 40.0, 41: 40.0})
    found = replayed(model, answer, 5, sampling=upward, top=4, tokens=(answer[5].id, 60))
    context = [*PROMPT, *(token.id for token in answer[:5])]
    row = reference.logits(WEIGHTS, SHAPE, context)[-1]
    logprobs = slow_logprobs(row)
    best = np.argsort(-logprobs)[:4].tolist()
    listed = [each.id for each in found.alternatives]
    assert {*best, 40, 41, answer[5].id, 60} <= set(listed)
    assert len(listed) == len(set(listed)) <= 10
    assert [each.logprob for each in found.alternatives] == pytest.approx(
        sorted(logprobs[listed], reverse=True), abs=1e-4
    )
    assert found.tail == pytest.approx(1 - np.exp(logprobs[listed]).sum(), abs=1e-4)
    kept = [each.sampled_logprob for each in found.alternatives if each.sampled_logprob is not None]
    assert found.sampled_tail == pytest.approx(1 - np.exp(kept).sum(), abs=1e-6)
    assert found.kept > len(kept)


def test_cut_tokens_are_said_to_be_cut(model: Model) -> None:
    answer = answered(model, SAMPLINGS[0])
    found = replayed(model, answer, 3, sampling=SamplingParams(top_k=2))
    left = [each for each in found.alternatives if each.sampled_logprob is not None]
    assert (found.kept, len(left), found.sampled_tail) == (2, 2, 0.0)
    greedy = replayed(model, answer, 3, sampling=SamplingParams(temperature=0.0))
    assert (greedy.kept, greedy.entropy, greedy.sampled_tail) == (1, 0.0, 0.0)
    assert [e.sampled_logprob for e in greedy.alternatives if e.sampled_logprob is not None] == [0]


@pytest.mark.parametrize("sampling", SAMPLINGS[2:], ids=str)
def test_a_running_answer_takes_no_notice(model: Model, sampling: SamplingParams) -> None:
    """Replays of itself, of an older answer and of another text come between any two ticks."""
    request = Generate(prompt=IdsPrompt(PROMPT), sampling=sampling, max_tokens=16)
    model.forward.clear()
    alone = records(generate(model, request))
    model.forward.clear()
    model = forgetful(model)
    others = (PROMPT[:150], (*PROMPT[:199], 7), (9, 8, 7), PROMPT + (3,) * 40)
    sequence, events, turn = begin(model, request), [], 0
    while not sequence.finished:
        events += stepped(model, sequence)
        before = held(model, sequence)
        for prompt in (others[turn % len(others)], PROMPT):
            index = min(turn // 2, len(alone) - 1)
            found = replayed(forgetful(model), alone, index, prompt=IdsPrompt(prompt))
            assert found.recomputed
            assert held(model, sequence) == before
        turn += 1
    assert [record(token) for token in records(events)] == [record(token) for token in alone]


def held(model: Model, sequence: Sequence) -> tuple[int, ...] | None:
    """What is cached of a sequence that runs."""
    return None if sequence.slot is None else model.forward.cached_ids(sequence.slot)


def record(token: TokenRecord) -> tuple[int, float | None, float | None]:
    return token.id, token.logprob, token.sampled_logprob


def test_looking_back_leaves_the_conversation_in_the_cache(model: Model) -> None:
    model.forward.clear()
    answer = answered(model, SAMPLINGS[0])
    model = forgetful(model)
    (held,) = filter(None, caches(model))
    replayed(model, answer, 4)
    assert [ids for ids in caches(model) if ids] == [held]
    further = [*held, 5, 6]
    slot = caches(model).index(held)
    kept = model.forward.reuse(further, slot=slot)
    assert kept == len(held)
    row = model.forward.run(further[kept:], slot=slot)[-1]
    np.testing.assert_allclose(row, reference.logits(WEIGHTS, SHAPE, further)[-1], atol=1e-4)


def test_reading_a_stored_chat_stays_in_the_cache_for_the_next_token(model: Model) -> None:
    answer = answered(model, SAMPLINGS[0])
    model = forgetful(model)
    model.forward.clear()
    replayed(model, answer, 3)
    assert max(map(len, caches(model))) == len(PROMPT) + 3


def test_a_cancelled_replay_ends_between_two_chunks_and_the_next_is_right(model: Model) -> None:
    answer = answered(model, SAMPLINGS[0])
    model = forgetful(model)
    model.forward.clear()
    looks: Iterator[bool] = iter([False, True])
    request = Replay(prompt=IdsPrompt(PROMPT), answer=(), sampling=SamplingParams())
    assert replay(model, request, cancelled=lambda: next(looks)) is None
    found = replayed(model, answer, 0)
    assert found.recomputed
    assert found.alternatives[0].logprob == pytest.approx(answer[0].top[0].logprob, abs=1e-4)


def test_a_row_of_other_ids_is_never_taken(model: Model) -> None:
    answer = answered(model, SAMPLINGS[0])
    for prompt in (PROMPT[1:], (*PROMPT[:-1], 2), (2, *PROMPT)):
        assert replayed(model, answer, 2, prompt=IdsPrompt(prompt)).recomputed


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"answer": (97,)}, "Token 97 does not exist"),
        ({"tokens": (-1,)}, "Token -1 does not exist"),
        ({"top": 101}, "between 0 and 100"),
        ({"at": 0}, "no token 0"),
        ({"at": len(PROMPT)}, f"no token {len(PROMPT)}"),
        ({"at": 3, "answer": (4,)}, "before any answer"),
        ({"search": TokenSearch("a", 0)}, "between 1 and 1,000"),
        ({"prompt": IdsPrompt(())}, "prompt is empty"),
        ({"sampling": SamplingParams(logit_bias={97: 1.0})}, "names token 97"),
    ],
)
def test_what_cannot_be_replayed_is_a_sentence(
    model: Model, changes: dict[str, Any], sentence: str
) -> None:
    asked = {"prompt": IdsPrompt(PROMPT), "answer": (), "sampling": SamplingParams(), **changes}
    with pytest.raises(InvalidRequest, match=sentence):
        replay(model, Replay(**asked), cancelled=lambda: False)


def test_ranks_and_entropy_are_those_of_the_whole_row(model: Model) -> None:
    answer = answered(model, SAMPLINGS[0])
    found = replayed(model, answer, 6, tokens=tuple(range(SHAPE.vocabulary)))
    context = [*PROMPT, *(token.id for token in answer[:6])]
    row = reference.logits(WEIGHTS, SHAPE, context)[-1]
    order = np.argsort(-row, kind="stable").tolist()
    assert [each.rank for each in found.alternatives] == list(range(1, SHAPE.vocabulary + 1))
    assert [each.id for each in found.alternatives] == order
    assert found.raw_entropy == pytest.approx(slow_entropy(row), abs=1e-3)


@pytest.mark.parametrize("sampling", SAMPLINGS[2:], ids=str)
def test_the_trace_ends_in_the_draw_that_chose_the_token(
    model: Model, sampling: SamplingParams
) -> None:
    answer = answered(model, sampling)
    for index in (0, len(answer) // 2, len(answer) - 1):
        found = replayed(model, answer, index, sampling=sampling, trace=True)
        assert found.trace
        assert found.trace.draw
        assert found.trace.draw.token == answer[index].id
        ends = found.trace.stages[-1].logprobs
        assert ends == pytest.approx([each.sampled_logprob for each in found.alternatives])


@pytest.mark.parametrize("at", [1, 57, 128, len(PROMPT) - 1])
def test_any_token_of_the_prompt_can_be_asked_for(model: Model, at: int) -> None:
    asked = Replay(prompt=IdsPrompt(PROMPT), answer=(), sampling=SamplingParams(), at=at)
    found = replay(model, asked, cancelled=lambda: False)
    assert found
    expected = slow_logprobs(reference.logits(WEIGHTS, SHAPE, list(PROMPT[:at]))[-1])
    (own,) = [each for each in found.alternatives if each.id == found.token]
    assert found.token == PROMPT[at]
    assert own.logprob == pytest.approx(expected[PROMPT[at]], abs=1e-4)
    assert own.rank == 1 + int((expected > expected[PROMPT[at]]).sum())


def test_tokens_are_found_by_text_and_by_id(built_in: Model) -> None:
    assert built_in.tokenizer
    prompt = ChatPrompt((Message(Role.USER, "What is 12 + 7?"),))

    def search(text: str, most: int = 20) -> Replayed:
        asked = Replay(
            prompt=prompt, answer=(), sampling=SamplingParams(top_k=3), top=0,
            search=TokenSearch(text, most),
        )  # fmt: skip
        found = replay(built_in, asked, cancelled=lambda: False)
        assert found
        return found

    texts = {id: built_in.tokenizer.token_bytes(id).decode("utf-8", "replace")
             for id in range(built_in.info.vocabulary_size)}  # fmt: skip
    the = search("The", most=1000)
    assert {each.id for each in the.found} == {id for id, t in texts.items() if "the" in t.lower()}
    assert the.matches == len(the.found) > 3
    best = [texts[each.id].strip().lower() for each in the.found]
    assert best[0] == "the"
    assert [t == "the" for t in best] == sorted((t == "the" for t in best), reverse=True)
    assert [each.sampled_logprob is None for each in the.found].count(False) <= 3
    assert len(search("the", most=2).found) == 2
    assert search("257").found[0].id == 257 or texts[search("257").found[0].id].strip() == "257"
    assert 257 in {each.id for each in search("257").found}
    assert search("<|im_end|>").found[0].name == "<|im_end|>"
    assert (search("").matches, search("no such token").found) == (0, ())


def test_ids_that_do_not_fit_the_context_are_refused(model: Model) -> None:
    request = Replay(
        prompt=IdsPrompt(PROMPT),
        answer=(3,) * SHAPE.context,
        sampling=SamplingParams(),
    )
    with pytest.raises(ContextExceeded):
        replay(model, request, cancelled=lambda: False)


def test_control_tokens_come_with_their_names(built_in: Model) -> None:
    prompt = ChatPrompt((Message(Role.USER, "What is 12 + 7?"),))
    answer = answered(built_in, SamplingParams(temperature=0.0), prompt, count=200)
    found = replayed(built_in, answer, len(answer) - 1, prompt=prompt)
    end = next(each for each in found.alternatives if each.id == answer[-1].id)
    assert (end.data, end.name) == (b"", "<|im_end|>")
    assert all(bool(each.data) != bool(each.name) for each in found.alternatives)


@settings(max_examples=20)
@given(st.lists(st.integers(0, Shape().vocabulary - 1), min_size=1, max_size=300), st.data())
def test_any_ids_at_any_time_give_what_the_reference_says(
    model: Model, ids: list[int], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(ids)))
    request = Replay(
        prompt=IdsPrompt(tuple(ids[:cut])),
        answer=tuple(ids[cut:]),
        sampling=SamplingParams(),
        top=SHAPE.vocabulary,
    )
    taken = data.draw(st.integers(0, len(model.forward.slots)))
    for slot in range(taken):
        model.forward.slots[slot].taken = True
    before = caches(model)
    found = replay(model, request, cancelled=lambda: False)
    assert found
    got = {each.id: each.logprob for each in found.alternatives}
    expected = slow_logprobs(reference.logits(WEIGHTS, SHAPE, ids)[-1])
    assert [got[id] for id in range(SHAPE.vocabulary)] == pytest.approx(expected.tolist(), abs=1e-4)
    assert caches(model)[:taken] == before[:taken]
    for slot in range(taken):
        model.forward.slots.release(slot)
