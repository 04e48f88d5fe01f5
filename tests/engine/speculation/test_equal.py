"""A draft changes nothing but the speed: the same tokens with the same numbers, for every seed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drafting import DraftKind, DraftReport
from app.domain.requests import Generate, IdsPrompt
from app.domain.sampling import SamplingParams
from app.domain.tokens import Source
from app.engine import generate
from app.engine.forward import Outcome
from app.engine.model import Model
from app.engine.speculation.draft_model import DraftModel
from app.engine.speculation.lookup import Lookup
from tests.engine import graphs
from tests.engine.speculation.drafting import Told, answered, finished, fixed
from tests.engine.test_generate import GREEDY, PROMPT, SHAPE, WEIGHTS, opened, records
from tests.engine.test_layouts import CASES, Case, one
from tests.engine.test_together import STOPS, Client, check_equal, clients, run_all

ZOO = {"grouped": Case(one(graphs.grouped)), "plain": Case(one(graphs.plain)), **CASES}
SEEDED = SamplingParams(seed=3, temperature=2.0, top_p=0.9, frequency_penalty=0.4, min_p=0.01)


def asking(sampling: SamplingParams, tokens: int = 24) -> Generate:
    return Generate(prompt=IdsPrompt(PROMPT[:40] * 2), sampling=sampling, max_tokens=tokens)


@pytest.mark.parametrize("layout", ZOO)
def test_drafted_tokens_are_those_of_plain_decoding_on_every_layout(
    layout: str, tmp_path: Path
) -> None:
    model = ZOO[layout].open(tmp_path)
    for sampling in (GREEDY, SEEDED):
        request = asking(sampling)
        expected = records(answered(model, request))
        whole = [*PROMPT[:40], *PROMPT[:40], *(token.id for token in expected)]
        events = answered(model, request, fixed(Told(whole, SHAPE.vocabulary), 4))
        found = records(events)
        check_equal(found, expected)
        assert {Source.DRAFT_KEPT, Source.CORRECTED} <= {token.source for token in found}
        report = report_of(events)
        assert report.kept == sum(token.source is Source.DRAFT_KEPT for token in found) > 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("drafted")
    graph = graphs.grouped(SHAPE, WEIGHTS)
    return replace(opened(graphs.write_folder(folder, graph, SHAPE)), eos_ids=STOPS)


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Nearly the same weights, so that some of its tokens are kept."""
    rng = np.random.default_rng(1)
    near = {
        name: values + 0.02 * rng.standard_normal(values.shape).astype(np.float32)
        for name, values in WEIGHTS.items()
    }
    folder = tmp_path_factory.mktemp("draft")
    return opened(graphs.write_folder(folder, graphs.grouped(SHAPE, near), SHAPE))


@settings(max_examples=8)
@given(st.lists(st.tuples(clients(), st.integers(0, 6), st.booleans()), min_size=1, max_size=7))
def test_requests_with_and_without_drafts_run_together(
    model: Model, draft: Model, asked: list[tuple[Client, int, bool]]
) -> None:
    """Whatever comes, waits, is cancelled or drafts beside it."""
    many = [Drafting(client, draft, tokens, looked_up) for client, tokens, looked_up in asked]
    run_all(model, many)
    for client in many:
        assert client.work
        assert client.work.error is None
        assert isinstance(client.request, Generate)
        expected, found = records(answered(model, client.request)), records(client.events)
        assert len(found) == len(expected) or finished(client.events).reason == "cancelled"
        check_equal(found, expected[: len(found)])
    assert draft.forward.slots.idle == len(draft.forward.slots)


class Drafting(Client):
    """A client whose request drafts `tokens` at a time, if any."""

    def __init__(self, client: Client, draft: Model, tokens: int, looked_up: bool) -> None:
        request = client.request
        if not isinstance(request, Generate):
            request = Generate(prompt=request.prompt, max_tokens=5, sampling=GREEDY)
        super().__init__(request, client.arrival, client.patience)
        self._drafter = None
        if tokens:
            proposer = Lookup() if looked_up else DraftModel(draft)
            self._drafter = fixed(proposer, tokens)

    def begin(self, model: Model) -> generate.sequence.Sequence:
        assert isinstance(self.request, Generate)
        return generate.begin(model, self.request, self._drafter)


@pytest.mark.parametrize("sampling", [GREEDY, SEEDED], ids=["greedy", "sampled"])
def test_the_records_say_what_became_of_the_draft(
    model: Model, draft: Model, sampling: SamplingParams
) -> None:
    request = asking(sampling, tokens=60)
    without_end = replace(model, eos_ids=frozenset())
    events = answered(without_end, request, fixed(DraftModel(draft), 3, DraftKind.MODEL))
    found = records(events)
    drafted = [each for each in found if each.source in (Source.DRAFT_KEPT, Source.CORRECTED)]
    assert {each.source for each in drafted} == {Source.DRAFT_KEPT, Source.CORRECTED}
    for each in found:
        assert (each.draft_q is None) == (each.accept is None) == (each not in drafted)
        assert (each.refused is None) == (each.source is not Source.CORRECTED)
    for each in drafted:
        assert 0.0 <= (each.accept or 0.0) <= 1.0
    assert all(each.accept for each in found if each.source is Source.DRAFT_KEPT)
    ids = [*PROMPT[:40], *PROMPT[:40], *(each.id for each in found)]
    draft.forward.clear()
    rows = draft.forward.run(ids, every_position=True).astype(np.float64)
    for place, each in enumerate(found):
        if each in drafted:
            row = rows[79 + place]
            token = each.refused.id if each.refused else each.id
            q = np.exp(row[token] - row.max()) / np.exp(row - row.max()).sum()
            assert each.draft_q == pytest.approx(q, rel=1e-3)


def test_the_chance_of_keeping_is_how_often_it_is_kept(model: Model, draft: Model) -> None:
    without_end = replace(model, eos_ids=frozenset())
    found = []
    for seed in range(5):
        request = asking(SamplingParams(seed=seed, temperature=1.5), tokens=120)
        events = answered(without_end, request, fixed(DraftModel(draft), 2, DraftKind.MODEL))
        found += [each for each in records(events) if each.accept is not None]
    kept = sum(each.source is Source.DRAFT_KEPT for each in found)
    expected = sum(each.accept or 0.0 for each in found)
    variance = sum((each.accept or 0.0) * (1 - (each.accept or 0.0)) for each in found)
    assert len(found) > 250
    assert abs(kept - expected) < 4 * variance**0.5


def test_a_draft_that_fails_leaves_the_answer_as_it_is(
    model: Model, draft: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asking(SEEDED)
    expected = records(answered(model, request))
    calls = iter(range(4))
    decode = draft.forward.decode

    def failing(steps: Sequence[tuple[int, int]]) -> list[Outcome]:
        next(calls)  # StopIteration, as any error of native code
        return decode(steps)

    monkeypatch.setattr(draft.forward, "decode", failing)
    drafter = fixed(DraftModel(draft), 3, DraftKind.MODEL)
    events = answered(model, request, drafter)
    check_equal(records(events), expected)
    report = report_of(events)
    assert report.drafts > 0
    assert "went on without drafts" in report.notes[0]


def test_a_draft_whose_context_ends_first_says_so(model: Model, tmp_path: Path) -> None:
    short = opened(graphs.small_model(tmp_path, replace(SHAPE, context=90)))
    request = asking(GREEDY)
    expected = records(answered(model, request))
    events = answered(model, request, fixed(DraftModel(short), 2, DraftKind.MODEL))
    check_equal(records(events), expected)
    assert "context is full" in report_of(events).notes[0]


def report_of(events: list) -> DraftReport:
    report = finished(events).drafting
    assert report is not None
    return report


def test_without_drafts_there_is_nothing_to_report(model: Model) -> None:
    assert finished(answered(model, asking(GREEDY))).drafting is None
