"""What every source of drafts can do."""

from collections.abc import Sequence
from typing import Protocol

from app.engine.sampling.history import History
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.sampler import Sampler


class Drawn(Protocol):
    """The part of a sequence that a draft looks at."""

    ids: list[int]
    sampler: Sampler
    history: History


class Proposer(Protocol):
    """Proposes tokens for one sequence; `name` is the draft model's, empty where there is none."""

    @property
    def name(self) -> str:
        """Whose tokens they are."""
        ...

    @property
    def behind(self) -> bool:
        """Whether most of the last call went into reading what came before."""
        ...

    def propose(self, sequence: Drawn, count: int, floor: float) -> Sequence[Proposal]:
        """At most `count` tokens to follow, none where none are at hand.

        One that all of them reach with a probability under `floor` is not worth proposing.

        Raises:
            CandorError: it cannot propose any more.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds; it may be asked again."""
        ...
