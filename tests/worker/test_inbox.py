"""The inbox: order, replays that replace each other, and cancels that find their request."""

from collections.abc import Callable

from app.domain.requests import Command, Generate, IdsPrompt, Load, Priority, Replay
from app.domain.sampling import SamplingParams
from app.worker.inbox import Inbox
from app.worker.protocol import Request

LOOK = Replay(prompt=IdsPrompt((1,)), answer=(), sampling=SamplingParams())
LOAD = Load("/nowhere")
ASK = Generate(prompt=IdsPrompt((1,)))


def filled(*commands: Command) -> Inbox:
    inbox = Inbox()
    for id, command in enumerate(commands, 1):
        inbox.put(Request(id, command))
    return inbox


def of(priority: Priority) -> Generate:
    return Generate(prompt=IdsPrompt((1,)), priority=priority)


def taken(inbox: Inbox, fits: Callable[[Request], bool] = lambda request: True) -> int | None:
    """The id of the next request that is served."""
    request = inbox.take(fits, wait=False)
    return request and request.id


def test_requests_come_in_order_and_a_newer_replay_replaces_a_waiting_one() -> None:
    inbox = filled(LOAD, LOOK, LOAD)
    assert inbox.put(Request(4, LOOK)) == [2]
    assert inbox.put(Request(5, LOAD)) == []
    assert [taken(inbox) for _ in range(5)] == [1, 3, 4, 5, None]


def test_a_replay_overtakes_what_waits_and_is_cancelled_on_its_own() -> None:
    inbox = filled(ASK, ASK, LOOK)
    assert [taken(inbox), taken(inbox)] == [3, 1]
    assert inbox.put(Request(9, LOOK)) == []
    assert not inbox.cancel(3)
    assert (inbox.cancelled(1), inbox.cancelled(3)) == (False, True)
    inbox.end(3)
    assert not inbox.cancelled(3)
    assert inbox.cancel(2)
    assert taken(inbox) == 9


def test_the_more_important_goes_first_and_equals_in_the_order_they_came() -> None:
    inbox = filled(of(Priority.BATCH), of(Priority.API), ASK, of(Priority.API), ASK)
    assert [taken(inbox) for _ in range(5)] == [3, 5, 2, 4, 1]


def test_nothing_overtakes_a_load() -> None:
    inbox = filled(of(Priority.BATCH), LOAD, ASK, LOOK)
    assert [taken(inbox) for _ in range(4)] == [1, 2, 4, 3]


def test_what_does_not_fit_is_passed_over_but_a_load_is_waited_for() -> None:
    inbox = filled(ASK, of(Priority.API), LOAD, LOOK)
    assert taken(inbox, lambda request: request.id != 1) == 2
    assert taken(inbox, lambda request: request.id != 1) is None
    assert taken(inbox) == 1
    assert taken(inbox, lambda request: not isinstance(request.command, Load)) is None
    assert [taken(inbox), taken(inbox)] == [3, 4]


def test_a_cancel_that_comes_too_late_is_forgotten() -> None:
    inbox = filled(LOAD)
    id = taken(inbox)
    assert id
    inbox.end(id)
    assert not inbox.cancel(id)
    assert not inbox.cancelled(id)
