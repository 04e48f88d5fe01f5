"""Many requests in one loop: each gives what it gives alone, whenever others come and go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto

from app.domain.events import Event, FinishReason
from app.domain.requests import Generate, IdsPrompt, Score
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.engine import generate, score
from app.engine.model import Model
from app.engine.prepare.accuracy import int8_activations
from app.engine.work import Work
from tests.engine import graphs
from tests.engine.prepare.small import few_bits
from tests.engine.test_generate import (
    GREEDY,
    PROMPT,
    SHAPE,
    WEIGHTS,
    finished,
    ids,
    opened,
    records,
)
from tests.engine.test_replay import check_equal as check_numbers
from tests.engine.test_replay import forgetful, replayed

GRAPHS = {"grouped": graphs.grouped(SHAPE, WEIGHTS), "plain": graphs.plain(SHAPE, WEIGHTS)}
STOPS = frozenset(range(0, SHAPE.vocabulary, 9))
"""Tokens that end an answer, many enough that answers end at any time."""


@pytest.fixture(scope="module", params=GRAPHS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("together")
    return replace(opened(graphs.write_folder(folder, GRAPHS[request.param], SHAPE)), eos_ids=STOPS)


@dataclass
class Client:
    """A request that comes at tick `arrival` and is cancelled `patience` ticks later, if at all."""

    request: Generate | Score
    arrival: int = 0
    patience: int | None = None
    work: Work | None = None
    events: list[Event] = field(default_factory=list)

    def begin(self, model: Model) -> Work:
        """Its work, made anew."""
        if isinstance(self.request, Generate):
            return generate.begin(model, self.request)
        return score.begin(model, self.request)


@st.composite
def clients(draw: st.DrawFn) -> Client:
    start, length = draw(st.integers(0, 60)), draw(st.integers(1, 140))
    prompt = IdsPrompt((*PROMPT[:start], *PROMPT[60:][:length]))
    if draw(st.integers(0, 4)) == 0:
        asked: Generate | Score = Score(prompt=prompt)
    else:
        seeded = SamplingParams(seed=draw(st.integers(0, 3)), temperature=2.0, top_p=0.95)
        sampling = draw(st.sampled_from([GREEDY, seeded]))
        tokens = draw(st.integers(1, 25))
        asked = Generate(prompt=prompt, sampling=sampling, max_tokens=tokens)
    patience = draw(st.none() | st.integers(0, 20))
    return Client(asked, arrival=draw(st.integers(0, 30)), patience=patience)


def run_all(model: Model, clients: Sequence[Client]) -> None:
    """Tick until all have come and ended."""
    time = 0
    while any(client.work is None or not client.work.finished for client in clients):
        works: dict[Work, Client] = {}
        for client in clients:
            if client.arrival <= time and client.work is None:
                client.work = client.begin(model)
            if client.work and not client.work.finished:
                if client.patience is not None and time >= client.arrival + client.patience:
                    client.work.cancel()
                works[client.work] = client
        for work, events in generate.tick(model, list(works)):
            works[work].events += events
        time += 1
    assert model.forward.slots.idle == len(model.forward.slots)


def alone(model: Model, client: Client) -> list[Event]:
    """What comes of the request where nothing runs beside it and nothing is cached."""
    model.forward.clear()
    return [event for events in generate.alone(model, client.begin(model)) for event in events]


def check_equal(found: Sequence[TokenRecord], expected: Sequence[TokenRecord]) -> None:
    """The same tokens with the same numbers, up to the noise of float32."""
    assert [token.id for token in found] == [token.id for token in expected]
    for mine, theirs in zip(found, expected, strict=True):
        assert (mine.start, mine.end, mine.channel) == (theirs.start, theirs.end, theirs.channel)
        assert mine.logprob == pytest.approx(theirs.logprob, abs=1e-4)
        assert mine.sampled_logprob == pytest.approx(theirs.sampled_logprob, abs=1e-4)
        assert [each.logprob for each in mine.top] == pytest.approx(
            [each.logprob for each in theirs.top], abs=1e-4
        )


@settings(max_examples=12)
@given(st.lists(clients(), min_size=1, max_size=9))
def test_a_request_gives_among_others_what_it_gives_alone(
    model: Model, clients: list[Client]
) -> None:
    run_all(model, clients)
    for client in clients:
        assert client.work
        assert client.work.error is None
        expected = records(alone(model, client))
        found = records(client.events)
        if finished(client.events).reason is FinishReason.CANCELLED:
            check_equal(found, expected[: len(found)])
        else:
            check_equal(found, expected)


def test_every_sequence_gets_a_token_a_tick(model: Model) -> None:
    model.forward.clear()
    works = [generate.begin(model, asking(number, 30)) for number in range(4)]
    for _ in range(12):
        list(generate.tick(model, works))
    before = [len(work.ids) for work in works]
    for work, events in generate.tick(model, works):
        assert len(records(events)) == 1, work
    assert [len(work.ids) for work in works] == [length + 1 for length in before]
    for work in works:
        generate.leave(model, work)


def test_long_prompts_take_turns(model: Model) -> None:
    model.forward.clear()
    works: list[Work] = [
        generate.begin(model, asking(number, 5, length=400)) for number in range(3)
    ]
    seen = []
    for _ in range(6):
        seen += [works.index(work) for work, _ in generate.tick(model, works)]
    assert seen == [0, 1, 2, 0, 1, 2]
    for work in works:
        generate.leave(model, work)


def test_tokens_of_a_batch_replay_as_they_were(model: Model) -> None:
    model = forgetful(model)
    clients = [Client(asking(number, 12, length=20 + 7 * number)) for number in range(5)]
    run_all(model, clients)
    for client in clients:
        check_replays(model, client, within=1e-6, recomputed=False)
        check_replays(forgetful(model), client, within=1e-4, recomputed=True)


def test_int8_activations_round_by_the_batch_but_replays_stay_true(tmp_path: Path) -> None:
    rounded = int8_activations(few_bits(SHAPE))
    assert isinstance(rounded, ModelProto)
    model = opened(graphs.write_folder(tmp_path, rounded, SHAPE))
    clients = [Client(asking(number, 12, length=20 + 7 * number)) for number in range(5)]
    run_all(model, clients)
    for client in clients:
        check_replays(model, client, within=1e-6, recomputed=False)
        check_replays(forgetful(model), client, within=0.5, recomputed=True)


def check_replays(model: Model, client: Client, within: float, *, recomputed: bool) -> None:
    """Every token of an answer, looked at again, is what its record says."""
    assert isinstance(client.request, Generate)
    tokens = records(client.events)
    for index, token in enumerate(tokens):
        found = replayed(
            model, tokens, index, prompt=client.request.prompt, sampling=client.request.sampling
        )
        assert found.recomputed == recomputed
        check_numbers(found, token, within)


def asking(number: int, tokens: int, length: int = 10) -> Generate:
    """A request of its own for exactly so many tokens."""
    prompt = [number + 2, *np.resize(PROMPT, length - 1).tolist()]
    sampling = SamplingParams(temperature=0.0, logit_bias=dict.fromkeys(STOPS, -1e4))
    return Generate(prompt=IdsPrompt(tuple(prompt)), sampling=sampling, max_tokens=tokens)


def test_more_requests_than_slots_wait_and_end(model: Model) -> None:
    count = 2 * len(model.forward.slots) + 3
    many = [Client(asking(number % 90, 3)) for number in range(count)]
    run_all(model, many)
    assert all(len(ids(client.events)) == 3 for client in many)


@settings(max_examples=15)
@given(clients(), st.lists(st.integers(0, 30), max_size=4), st.integers(0, 2))
def test_a_request_that_had_to_give_up_its_slot_goes_on_as_if_it_had_not(
    model: Model, client: Client, breaks: list[int], spoiled: int
) -> None:
    expected = alone(model, client)
    model.forward.clear()
    work, events, time = client.begin(model), [], 0
    while not work.finished:
        if time in breaks:
            generate.leave(model, work)
            for slot in range(len(model.forward.slots) * spoiled // 2):
                model.forward.reuse((5,), slot=slot)
        events += [event for _, news in generate.tick(model, [work]) for event in news]
        time += 1
    assert work.error is None
    check_equal(records(events), records(expected))
    assert finished(events).usage == finished(expected).usage


def test_a_defect_in_one_request_is_not_the_others(model: Model) -> None:
    good, bad = (generate.begin(model, asking(number, 6)) for number in (1, 2))
    bad.forced.append(10**6)
    events: list[Event] = []
    while not good.finished:
        for work, news in generate.tick(model, [w for w in (good, bad) if not w.finished]):
            events += news if work is good else []
    assert bad.error is not None
    assert len(records(events)) == 6
    assert model.forward.slots.idle == len(model.forward.slots)
