"""The answers that were written at once, as the rows of a table: what each comes to, and why one
of them was chosen."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.conversation import Turn
from app.errors import CandorError
from app.services.ballot import WEAK, counted, voters
from app.services.conversation import Conversation
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.wording import signed, tokens

CHOSEN = "Chosen: most votes"
SUREST = "Chosen: no majority, the surest"
LIKELIEST = "likeliest of all"


class Vote(Struct, frozen=True, kw_only=True):
    """One answer; `final` is what it comes to, `votes` and `share` are of all that come to that."""

    turn_id: int
    text: str
    final: str
    votes: int
    share: float
    mean_logprob: float | None
    tokens: int
    remark: str


class Votes(Struct, frozen=True):
    """All answers, those with most votes first, and what they say together."""

    rows: tuple[Vote, ...]
    said: str
    warning: str


def votes(turns: Sequence[Turn]) -> Votes:
    """The table of answers that were written at once."""
    found = counted(turns)
    rows = [
        Vote(
            turn_id=turns[place].id,
            text=turns[place].text,
            final=each.final,
            votes=each.votes,
            share=each.votes / len(turns),
            mean_logprob=found.samples[place].mean_logprob,
            tokens=found.samples[place].usage.completion_tokens,
            remark=", ".join(_remarks(place, found.winner, found.likeliest, found.margin)),
        )
        for each in found.clusters
        for place in each.members
    ]
    said = f"{len(turns)} answers. Margin {found.margin}. {tokens(found.tokens)} in all."
    return Votes(tuple(rows), said, WEAK if found.is_weak else "")


def mean(vote: Vote) -> str:
    """The mean logprob of an answer's own tokens, in nats."""
    return signed(vote.mean_logprob)


def _remarks(place: int, winner: int, likeliest: int, margin: int) -> list[str]:
    chosen = [CHOSEN if margin else SUREST] if place == winner else []
    return [*chosen, LIKELIEST] if place == likeliest else chosen


class VotesModel(QObject):
    """`found` carries the Votes that an answer was chosen by and the id of the one that is shown,
    `failed` an error."""

    found = Signal(object, object)
    failed = Signal(object)

    def __init__(self, conversation: Conversation, on_bug: ErrorHandler, parent: QObject) -> None:
        super().__init__(parent)
        self._conversation = conversation
        self._tasks = Tasks(self, on_bug)
        self._work: asyncio.Task[None] | None = None

    def ask(self, turn_id: int) -> None:
        """Count the votes of the answers that were written at once with this one."""
        self._begin(turn_id, turn_id)

    def use(self, turn_id: int) -> None:
        """Show another one of them in the chat."""
        self._begin(turn_id, None)

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    def _begin(self, turn_id: int, shown: int | None) -> None:
        if self._work is not None:
            self._work.cancel()
        self._work = self._tasks.start(self._count(turn_id, shown))

    async def _count(self, turn_id: int, shown: int | None) -> None:
        try:
            if shown is None:
                await self._conversation.go(turn_id)
            versions = await self._conversation.versions(turn_id)
        except CandorError as error:
            self.failed.emit(error)
            return
        turn = next(each for each in versions if each.id == turn_id)
        self.found.emit(votes(voters(versions, turn)), turn_id)
