"""The drafts of one answer: asks for proposals, times what comes of them, and keeps the figures."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from app.domain.drafting import DraftKind, DraftReport
from app.domain.tokens import Source
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.record import Choice
from app.engine.speculation.pace import Pace
from app.engine.speculation.proposer import Drawn, Proposer
from app.errors import CandorError

RESTED = "Drafts were slower than plain steps here, so they were switched off."

_log = logging.getLogger(__name__)


class Drafted(Drawn, Protocol):
    """A sequence that may take `room` more tokens."""

    @property
    def room(self) -> int:
        """At least 1 while it goes on."""
        ...


@dataclass(slots=True)
class _Round:
    """A run in the making: when it began, behind how many tokens, and what was asked and came."""

    length: int
    alone: bool
    asked: int
    proposed: int = 0
    kept: int = 0
    began: float = field(default_factory=time.perf_counter)


class Drafter:
    """Proposals for one sequence and their figures; `notes` say what did not go as asked.

    A proposer that fails proposes nothing from then on. While others share the runs of the model
    there is nothing to gain, so that only a `fixed` pace goes on.
    """

    def __init__(
        self,
        kind: DraftKind,
        proposer: Proposer,
        pace: Pace,
        *,
        fixed: bool,
        notes: Sequence[str] = (),
    ) -> None:
        self._kind = kind
        self._proposer = proposer
        self._pace = pace
        self._fixed = fixed
        self._notes = list(notes)
        self._broken = False
        self._round: _Round | None = None
        self._positions: list[list[int]] = []
        self._drafts = 0
        self._plain: list[float] = []
        self._rounds = 0
        self._tokens = 0
        self._seconds = 0.0

    def propose(self, sequence: Drafted, *, alone: bool) -> Sequence[Proposal]:
        """What to check in the next run, which begins now; nothing for a plain step."""
        drafts = not self._broken and (alone or self._fixed)
        asked = min(self._pace.length(), sequence.room - 1) if drafts else 0
        self._round = current = _Round(len(sequence.ids), alone, asked)
        proposals = self._proposals(sequence, asked) if asked else ()
        current.proposed = len(proposals)
        if not proposals and self._kind is DraftKind.LOOKUP:
            current.asked = 0  # a look that finds nothing takes no time
        return proposals

    def saw(self, choice: Choice) -> None:
        """What became of the next proposal."""
        if self._round and choice.source is Source.DRAFT_KEPT:
            self._round.kept += 1

    def done(self, sequence: Drawn) -> None:
        """The run is over, its tokens are accepted and the caches stand behind them."""
        current, self._round = self._round, None
        if current is None:
            return
        seconds = time.perf_counter() - current.began
        self._count(current)
        self._rounds += 1
        if self._rounds == 1:
            return  # it warms up, and says nothing of the others
        if current.alone:
            self._time(current, len(sequence.ids) - current.length, seconds)
        if (current.alone or self._fixed) and not (current.asked and self._proposer.behind):
            self._pace.add(current.asked, current.proposed, current.kept, seconds)

    def close(self) -> None:
        """Let go of what the proposer holds, for now or for good."""
        self._round = None
        self._proposer.close()

    def report(self) -> DraftReport:
        """The figures so far."""
        plain = median(self._plain) if self._plain else self._pace.plain
        resting = () if self._broken or not self._pace.resting else (RESTED,)
        return DraftReport(
            kind=self._kind,
            model=self._proposer.name,
            positions=tuple((proposed, kept) for proposed, kept in self._positions),
            drafts=self._drafts,
            speedup=plain * self._tokens / self._seconds if plain and self._drafts else None,
            plain_tokens_per_s=1 / plain if plain else None,
            notes=(*self._notes, *resting),
        )

    def _proposals(self, sequence: Drafted, asked: int) -> Sequence[Proposal]:
        try:
            return self._proposer.propose(sequence, asked, self._pace.floor())
        except BaseException as error:  # noqa: BLE001 - native code raises what is no Exception
            reason = error.message if isinstance(error, CandorError) else f"{error}."
            self._notes.append(f"The answer went on without drafts: {reason}")
            _log.info("A draft failed.", exc_info=error)
            self._broken = True
            return ()

    def _count(self, current: _Round) -> None:
        self._drafts += current.proposed > 0
        for place in range(current.proposed):
            if place == len(self._positions):
                self._positions.append([0, 0])
            self._positions[place][0] += 1
            self._positions[place][1] += place < current.kept

    def _time(self, current: _Round, tokens: int, seconds: float) -> None:
        self._tokens += tokens
        self._seconds += seconds
        if not current.asked:
            self._plain.append(seconds)
