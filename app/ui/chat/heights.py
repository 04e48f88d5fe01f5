"""How high a message will be, in pixels, guessed from its texts before it is laid out."""

from app.domain.conversation import Turn
from app.domain.messages import Role
from app.ui.chat.column import guess
from app.ui.chat.minimap import Stretch
from app.ui.chat.trace import LONGEST

AROUND_QUESTION = 56
AROUND_ANSWER = 44
AROUND_TRACE = 108


def of_turn(turn: Turn, width: int, line: float) -> int:
    """The height of a question or an answer; `line` is that of a line of text."""
    if turn.role is Role.USER:
        return guess(turn.text, round(width * 0.8), line) + AROUND_QUESTION
    height = guess(turn.text, width, line * 1.15) + AROUND_ANSWER
    traces = (turn.reasoning, turn.tool_call)
    return height + sum(of_trace(text, width, line) for text in traces if text)


def stretches(turn: Turn, top: int, height: int, thought: int) -> list[Stretch]:
    """Where the tokens of a turn lie from `top` on, `thought` pixels of reasoning first."""
    share = turn.usage.reasoning_tokens / max(len(turn.tokens), 1) if turn.usage else 0.0
    if thought and share:
        whole = height - thought
        answer = Stretch(turn.id, top + thought, whole, share, 1.0)
        return [Stretch(turn.id, top, thought, 0.0, share), answer]
    return [Stretch(turn.id, top, height)] if turn.role is Role.ASSISTANT else []


def of_trace(text: str, width: int, line: float) -> int:
    """The height of a trace that is unfolded."""
    return min(guess(text, width, line), LONGEST) + AROUND_TRACE
