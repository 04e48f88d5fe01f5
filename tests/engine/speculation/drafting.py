"""Answers with drafts beside the same answers without."""

from collections.abc import Sequence

from app.domain.drafting import DraftKind
from app.domain.events import Event, Finished
from app.domain.requests import Generate
from app.engine import generate
from app.engine.model import Model
from app.engine.sampling.proposal import Proposal
from app.engine.speculation.drafter import Drafter
from app.engine.speculation.pace import FixedPace
from app.engine.speculation.proposer import Drawn, Proposer


class Told:
    """Proposes the tokens of an answer that is known, every third of them wrong."""

    name = "told"
    behind = False

    def __init__(self, ids: Sequence[int], vocabulary: int) -> None:
        self._ids = ids
        self._vocabulary = vocabulary

    def propose(self, sequence: Drawn, count: int, floor: float) -> list[Proposal]:
        start = len(sequence.ids)
        return [
            Proposal((self._ids[at] + (at % 3 == 0)) % self._vocabulary)
            for at in range(start, min(start + count, len(self._ids)))
        ]

    def close(self) -> None:
        pass


def fixed(proposer: Proposer, tokens: int, kind: DraftKind = DraftKind.LOOKUP) -> Drafter:
    return Drafter(kind, proposer, FixedPace(tokens), fixed=True)


def answered(model: Model, request: Generate, drafter: Drafter | None = None) -> list[Event]:
    """What comes of the request where nothing is cached."""
    model.forward.clear()
    work = generate.begin(model, request, drafter)
    return [event for events in generate.alone(model, work) for event in events]


def finished(events: Sequence[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last
