"""The turns a person sees of a chat: one path through its tree of messages, and what moves it.

In: turns as they come and places to go back to. Out: the changes that observers hear of. Moving
the path forgets nothing: the tree keeps every message.
"""

from collections.abc import Iterable, Sequence

from app.domain.chats import MessageTree, Node
from app.domain.conversation import Cut, Turn, TurnAdded


class Thread:
    """The path to one leaf; `chat_id` is None for a chat that has no message yet."""

    def __init__(
        self,
        chat_id: int | None = None,
        turns: Iterable[Turn] = (),
        tree: MessageTree | None = None,
    ) -> None:
        self.chat_id = chat_id
        self.turns = list(turns)
        self.tree = tree or MessageTree()

    def __contains__(self, turn_id: int) -> bool:
        return any(turn.id == turn_id for turn in self.turns)

    def added(self) -> list[TurnAdded]:
        """How the path came about."""
        return [self._told(turn) for turn in self.turns]

    def add(self, turn: Turn) -> TurnAdded:
        """Put a turn at the end: a new one, or one that the tree knows in this place."""
        if turn.id not in self.tree:
            self.tree = self.tree.grown(turn.id, self._end())
        self.turns.append(turn)
        return self._told(turn)

    def change(self, turn: Turn) -> None:
        """Give the turn with this id its present content."""
        self.turns[self.place(turn.id)] = turn

    def cut(self, turn_id: int) -> Cut:
        """End before this turn."""
        del self.turns[self.place(turn_id) :]
        usages = [turn.usage for turn in self.turns if turn.usage]
        return Cut(turn_id, usages[-1] if usages else None)

    def place(self, turn_id: int) -> int:
        """Where a turn stands in the path, from 0."""
        return [turn.id for turn in self.turns].index(turn_id)

    def nodes(self, turns: Iterable[Turn]) -> list[Node]:
        """Turns of the path in their places."""
        ids = [turn.id for turn in self.turns]
        parents = dict(zip(ids, [None, *ids], strict=False))
        return [Node(turn, parents[turn.id]) for turn in turns]

    def beside(self, turn_id: int, by: int) -> int | None:
        """The version of a turn that is `by` after it; None where there is no such version."""
        versions = self.tree.versions(turn_id)
        index = versions.index(turn_id) + by
        return versions[index] if 0 <= index < len(versions) else None

    def missing(self, turn_id: int) -> tuple[int, ...]:
        """What is not in the path of the way to a turn, and on to what came last below it."""
        here = {turn.id for turn in self.turns}
        way = self.tree.path(self.tree.newest_leaf(turn_id))
        return tuple(id for id in way if id not in here)

    def lead(self, turns: Sequence[Turn]) -> list[Cut | TurnAdded]:
        """Let the path go on with these turns, which the tree knows, from where they part."""
        begin = len(self.tree.path(turns[0].id)) - 1
        cut = [self.cut(self.turns[begin].id)] if begin < len(self.turns) else []
        return [*cut, *map(self.add, turns)]

    def _told(self, turn: Turn) -> TurnAdded:
        return TurnAdded(turn, self.tree.version(turn.id))

    def _end(self) -> int | None:
        return self.turns[-1].id if self.turns else None
