"""A path through a tree of messages: whatever moves it, no message is lost and it stays a path."""

import itertools
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from app.domain.chats import MessageTree
from app.domain.conversation import Cut, Turn, TurnAdded, Version
from app.domain.events import Usage
from app.domain.messages import Role
from app.services.thread import Thread

steps = st.lists(
    st.tuples(st.sampled_from(["ask", "edit", "regenerate", "step"]), st.integers(0, 20)),
    max_size=25,
)


class Person:
    """Does to a thread what a conversation does, without a model."""

    def __init__(self) -> None:
        self.thread = Thread(1)
        self.said: dict[int, Turn] = {}
        self._ids = itertools.count(1)

    def do(self, act: str, choice: int) -> None:
        acts: dict[str, Callable[[int], None]] = {
            "ask": self._ask,
            "edit": self._edit,
            "regenerate": self._regenerate,
            "step": self._step,
        }
        acts[act](choice)

    def _ask(self, _choice: int) -> None:
        self._say(Role.USER)
        self._say(Role.ASSISTANT)

    def _edit(self, choice: int) -> None:
        if self.thread.turns:
            self._cut(Role.USER, choice)
            self._ask(choice)

    def _regenerate(self, choice: int) -> None:
        if self.thread.turns:
            self._cut(Role.ASSISTANT, choice)
            self._say(Role.ASSISTANT)

    def _step(self, choice: int) -> None:
        if not self.thread.turns:
            return
        turn = self.thread.turns[choice % len(self.thread.turns)]
        version = self.thread.beside(turn.id, 1 if choice % 2 else -1)
        if version is not None:
            self.thread.lead([self.said[id] for id in self.thread.missing(version)])

    def _cut(self, role: Role, choice: int) -> None:
        turns = [turn for turn in self.thread.turns if turn.role is role]
        self.thread.cut(turns[choice % len(turns)].id)

    def _say(self, role: Role) -> None:
        turn = Turn(id=next(self._ids), role=role, text="…")
        self.said[turn.id] = turn
        self.thread.add(turn)


@given(steps)
def test_nothing_is_lost_and_the_turns_are_a_path_to_a_leaf(done: list[tuple[str, int]]):
    person = Person()
    for act, choice in done:
        person.do(act, choice)
        thread = person.thread
        ids = [turn.id for turn in thread.turns]
        assert all(id in thread.tree for id in person.said)
        assert not ids or thread.tree.path(ids[-1]) == tuple(ids)
        assert not ids or thread.tree.newest_leaf(ids[-1]) == ids[-1]
        roles = [turn.role for turn in thread.turns]
        assert roles == [Role.USER, Role.ASSISTANT] * (len(ids) // 2)


@given(steps)
def test_a_step_to_and_fro_comes_back_to_the_version(done: list[tuple[str, int]]):
    person = Person()
    for act, choice in done:
        person.do(act, choice)
    thread = person.thread
    for turn in tuple(thread.turns):
        beside = thread.beside(turn.id, 1)
        version = thread.tree.version(turn.id)
        assert (beside is not None) is (version.index + 1 < version.count)
        if beside is not None:
            path = thread.tree.path(thread.tree.newest_leaf(beside))
            other = Thread(1, (person.said[id] for id in path), thread.tree)
            assert other.beside(beside, -1) == turn.id


def test_a_turn_is_told_with_its_version_and_what_is_left_with_its_usage():
    usage = Usage(1, 2, 0, 0)
    answer = Turn(id=2, role=Role.ASSISTANT, usage=usage)
    turns = [Turn(id=1, role=Role.USER), answer, Turn(id=3, role=Role.USER)]
    thread = Thread(1, turns, MessageTree([(1, None), (2, 1), (3, 2), (4, 2)]))
    assert thread.added()[-1] == TurnAdded(turns[-1], Version(0, 2))
    assert thread.cut(3) == Cut(3, usage)
    assert thread.cut(2) == Cut(2, None)
    assert thread.turns == turns[:1]
