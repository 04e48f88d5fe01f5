"""What the model is sent of a conversation."""

from app.domain.conversation import Turn, TurnState, history
from app.domain.messages import Message, Role


def question(id: int, text: str) -> Turn:
    return Turn(id=id, role=Role.USER, text=text)


def answer(id: int, text: str, state: TurnState = TurnState.FINISHED, reasoning: str = "") -> Turn:
    return Turn(id=id, role=Role.ASSISTANT, text=text, state=state, reasoning=reasoning)


def test_history_keeps_every_answered_question_in_order():
    turns = [question(1, "a"), answer(2, "b", reasoning="r"), question(3, "c"), answer(4, "d")]
    assert history(turns) == (
        Message(Role.USER, "a"),
        Message(Role.ASSISTANT, "b", "r"),
        Message(Role.USER, "c"),
        Message(Role.ASSISTANT, "d"),
    )


def test_history_keeps_a_partial_answer():
    turns = [question(1, "a"), answer(2, "b", TurnState.INTERRUPTED)]
    assert [message.content for message in history(turns)] == ["a", "b"]


def test_history_leaves_out_a_question_without_an_answer():
    turns = [
        question(1, "too long"),
        answer(2, "", TurnState.FAILED),
        question(3, "c"),
        answer(4, "d"),
        question(5, "stopped while it thought"),
        answer(6, "", TurnState.STOPPED, reasoning="hm"),
    ]
    assert [message.content for message in history(turns)] == ["c", "d"]
