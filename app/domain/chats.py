"""Chats that are kept: messages in a tree that only grows, and a chat as a pointer to a leaf.

An edit, another answer to the same question or a branch is one more child; nothing is removed.
"""

from collections.abc import Iterable

from msgspec import Struct

from app.domain.conversation import Turn


class Node(Struct, frozen=True):
    """A turn in its place: `parent` is the turn it follows, None for the first of a chat."""

    turn: Turn
    parent: int | None


class ChatSummary(Struct, frozen=True, kw_only=True):
    """A chat in a list: `title` begins its first question, `changed_at` is in Unix seconds."""

    id: int
    title: str
    leaf: int
    changed_at: float


class MessageTree:
    """Which message follows which, from (id, parent) pairs."""

    def __init__(self, links: Iterable[tuple[int, int | None]]) -> None:
        self._parents = dict(links)

    def path(self, leaf: int) -> tuple[int, ...]:
        """The messages from the first one to `leaf`."""
        found: list[int] = []
        place: int | None = leaf
        while place is not None:
            found.append(place)
            place = self._parents[place]
        return tuple(reversed(found))

    def versions(self, message: int) -> tuple[int, ...]:
        """The messages in the place of `message`, itself among them, the oldest first."""
        parent = self._parents[message]
        return tuple(sorted(id for id, other in self._parents.items() if other == parent))


class StoredChat(Struct, frozen=True, kw_only=True):
    """A chat as it is opened: the turns that lead to its leaf, and the tree around them."""

    summary: ChatSummary
    turns: tuple[Turn, ...]
    tree: MessageTree
