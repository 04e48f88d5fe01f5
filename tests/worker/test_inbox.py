"""The inbox: order, replays that replace each other, and cancels that find their request."""

from app.domain.requests import Command, IdsPrompt, Load, Replay
from app.domain.sampling import SamplingParams
from app.worker.inbox import Inbox
from app.worker.protocol import Request

LOOK = Replay(prompt=IdsPrompt((1,)), answer=(), sampling=SamplingParams())
LOAD = Load("/nowhere")


def filled(*commands: Command) -> Inbox:
    inbox = Inbox()
    for id, command in enumerate(commands, 1):
        inbox.put(Request(id, command))
    return inbox


def test_requests_come_in_order_and_a_newer_replay_replaces_a_waiting_one() -> None:
    inbox = filled(LOAD, LOOK, LOAD)
    assert inbox.put(Request(4, LOOK)) == [2]
    assert inbox.put(Request(5, LOAD)) == []
    assert [inbox.take().id for _ in range(4)] == [1, 3, 4, 5]


def test_a_replay_overtakes_what_waits_and_is_cancelled_on_its_own() -> None:
    inbox = filled(LOAD, LOAD, LOOK)
    assert inbox.take().id == 1
    replay = inbox.take_replay()
    assert replay
    assert replay.id == 3
    assert inbox.take_replay() is None
    assert inbox.put(Request(9, LOOK)) == []
    assert not inbox.cancel(3)
    assert (inbox.cancelled(1), inbox.cancelled(3)) == (False, True)
    inbox.end(3)
    assert not inbox.cancelled(3)
    assert inbox.cancel(2)
    assert inbox.take().id == 9


def test_a_cancel_that_comes_too_late_is_forgotten() -> None:
    inbox = filled(LOAD)
    id = inbox.take().id
    inbox.end(id)
    assert not inbox.cancel(id)
    assert not inbox.cancelled(id)
