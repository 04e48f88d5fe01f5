"""The tokens of the chat's answers, as what a ReplayModel replays."""

from collections.abc import Callable, Sequence

from app.domain.conversation import Turn
from app.domain.drawing import UNKNOWN, Drawing, drawing
from app.domain.events import Replayed
from app.domain.messages import Role
from app.domain.requests import ChatPrompt
from app.domain.sampling import SamplingParams
from app.services.replay import Look, Replayer
from app.ui.viewmodels.selection import Selected


class AnswerTokens:
    """Those of `turns`, which are the open chat's at any time."""

    def __init__(self, replayer: Replayer, turns: Callable[[], Sequence[Turn]]) -> None:
        self.replayer = replayer
        self._turns = turns

    def turn(self, turn_id: int) -> Turn | None:
        """A turn of the chat."""
        return next((turn for turn in self._turns() if turn.id == turn_id), None)

    def answer(self, turn_id: int) -> Turn | None:
        """A turn, or the answer to it where it is a question."""
        turns = self._turns()
        found = (place for place, turn in enumerate(turns) if turn.id == turn_id)
        place = next(found, len(turns))
        pair = turns[place : place + 2]
        return next((turn for turn in pair if turn.role is Role.ASSISTANT), None)

    async def prompt(self, turn_id: int) -> ChatPrompt:
        """What an answer was asked with. Raises as `place`."""
        return await self.replayer.prompt(self._turns(), turn_id, 0)

    def drawing(self, selected: Selected) -> Drawing:
        """How a token was drawn."""
        turn = self.turn(selected.turn_id)
        return drawing(turn, selected.index) if turn else Drawing(None, UNKNOWN)

    async def replay(
        self, selected: Selected, sampling: SamplingParams, look: Look
    ) -> Replayed | None:
        """A token once more; None where a newer replay took its place.

        Raises:
            CandorError: it cannot be replayed.
        """
        turn_id, index = selected.turn_id, selected.index
        return await self.replayer.replay(self._turns(), turn_id, index, sampling, look)

    async def place(self, selected: Selected) -> tuple[ChatPrompt, tuple[int, ...]]:
        """What the model was asked with, and the ids of its answer before a token.

        Raises:
            CandorError: that cannot be proven.
        """
        turn_id, index = selected.turn_id, selected.index
        prompt = await self.replayer.prompt(self._turns(), turn_id, index)
        turn = self.turn(turn_id)
        tokens = turn.tokens[:index] if turn else ()
        return prompt, tuple(token.id for token in tokens)
