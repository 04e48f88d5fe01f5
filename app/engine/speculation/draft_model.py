"""A second, small model that writes ahead of the first one."""

import math
from collections.abc import Sequence

import numpy as np

from app.domain.drafting import MOST_DRAFT_TOKENS
from app.engine.forward import CHUNK
from app.engine.model import Model
from app.engine.sampling.history import History
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.statistics import Distribution
from app.engine.speculation.proposer import Drawn
from app.errors import CandorError, ContextExceeded

_FEW = MOST_DRAFT_TOKENS + 1  # tokens that a draft is behind when it was kept to its end


class DraftModel:
    """The drafts of one sequence, whose tokens the model reads in a slot of its own.

    It samples as the sequence does, with the same transforms and the same numbers.
    """

    def __init__(self, model: Model) -> None:
        self.name = model.info.name
        self.behind = False
        self._forward = model.forward
        self._slot: int | None = None

    def propose(self, sequence: Drawn, count: int, floor: float) -> list[Proposal]:
        """At most `count` tokens; none while it has yet to read much of the text."""
        row = self._row_behind(sequence.ids, count)
        history = sequence.history.fork()
        found: list[Proposal] = []
        sure = 1.0
        while row is not None:
            place = len(sequence.ids) + len(found)
            proposal = _proposal(row, sequence, history, place)
            sure *= proposal.q or 0.0
            if sure < floor:
                break
            found.append(proposal)
            history.add(proposal.token)
            row = self._next(proposal.token) if len(found) < count else None
        return found

    def close(self) -> None:
        """Let another sequence have the slot."""
        if self._slot is not None:
            self._forward.slots.release(self._slot)
            self._slot = None

    def _row_behind(self, ids: Sequence[int], count: int) -> np.ndarray | None:
        """Logits float32 [V] that follow `ids`; None where no slot is free, or chunks are left."""
        if len(ids) + count > self._forward.capacity:
            raise ContextExceeded("The draft model's context is full.")
        done = self._seat(ids)
        if done is None or self._slot is None:
            return None
        chunk = ids[done : done + CHUNK]
        self.behind = len(chunk) > _FEW
        row = self._forward.run(chunk, slot=self._slot)[-1]
        return row if done + len(chunk) == len(ids) else None

    def _seat(self, ids: Sequence[int]) -> int | None:
        """How many of `ids` the slot holds now; None where there is no slot."""
        if self._slot is not None:
            shared = self._forward.slots[self._slot].shared(ids)
            return self._forward.rewind(shared, slot=self._slot)
        self._slot = self._forward.slots.take(ids)
        return None if self._slot is None else self._forward.reuse(ids, slot=self._slot)

    def _next(self, token: int) -> np.ndarray:
        assert self._slot is not None
        found = self._forward.decode([(self._slot, token)])[0]
        if isinstance(found, CandorError):
            raise found
        return found[-1]


def _proposal(row: np.ndarray, sequence: Drawn, history: History, place: int) -> Proposal:
    distribution = Distribution.of(row)
    sampled = sequence.sampler.sampled(distribution, history, place)
    token, _ = sampled.draw(sequence.sampler.number(place))
    return Proposal(token, math.exp(distribution.logprob(token)), *sampled.interval(token))
