"""Answers a question of a conversation without reasoning first, and with it where that was unsure.

The quick answer stays beside the other as a version, so that the decision can be overruled; each
says why it stands or does not.
"""

from app.domain.conversation import AnswerOptions, TurnState
from app.domain.routing import DEFAULT_THRESHOLD, LADDER, judge
from app.services.conversation import Conversation


class Router:
    """Asks in `conversation`."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    async def send(
        self,
        text: str,
        quick: AnswerOptions,
        thorough: AnswerOptions,
        threshold: float = DEFAULT_THRESHOLD,
    ) -> None:
        """Ask `text` with `quick`, and with `thorough` if the answer was not sure enough.

        Raises as `Conversation.send`.
        """
        conversation = self._conversation
        await conversation.send(text, quick)
        answer = conversation.turns[-1]
        if answer.state is not TurnState.FINISHED:
            return
        decision = judge(LADDER[0], answer.tokens, threshold, last=False)
        conversation.note(answer.id, f"Auto. {decision.reason}")
        if decision.kept:
            return
        await conversation.regenerate(answer.id, thorough)
        again = conversation.turns[-1]
        decision = judge(LADDER[1], again.tokens, threshold, last=True)
        conversation.note(again.id, f"Auto, with reasoning. {decision.reason}")
