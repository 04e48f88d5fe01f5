"""Chats that are kept: messages in a tree that only grows, and a chat as a pointer to a leaf.

An edit, another answer to the same question or a branch is one more child; nothing is removed.
"""

from collections.abc import Callable, Iterable
from unicodedata import category

from msgspec import Struct
from msgspec.structs import replace

from app.domain.conversation import Turn, Version

TITLE_LENGTH = 80
DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Node(Struct, frozen=True):
    """A turn in its place: `parent` is the turn it follows, None for the first of a chat."""

    turn: Turn
    parent: int | None


class ChatSummary(Struct, frozen=True, kw_only=True):
    """A chat in a list: `title` begins its first question until a person gives it another one.

    `changed_at` is in Unix seconds.
    """

    id: int
    title: str
    leaf: int
    changed_at: float


class MessageTree:
    """Which message follows which, from (id, parent) pairs; ids rise with time."""

    def __init__(self, links: Iterable[tuple[int, int | None]] = ()) -> None:
        self._parents = dict(links)
        self._children: dict[int | None, list[int]] = {}
        for id in sorted(self._parents):
            self._children.setdefault(self._parents[id], []).append(id)

    def __contains__(self, message: int) -> bool:
        return message in self._parents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MessageTree) and self._parents == other._parents

    def links(self) -> tuple[tuple[int, int | None], ...]:
        """Every message with the one that it follows, by rising ids."""
        return tuple(sorted(self._parents.items()))

    def grown(self, message: int, parent: int | None) -> "MessageTree":
        """This tree with one more message."""
        return MessageTree([*self._parents.items(), (message, parent)])

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
        return tuple(self._children[self._parents[message]])

    def version(self, message: int) -> Version:
        """Which of its versions `message` is."""
        versions = self.versions(message)
        return Version(versions.index(message), len(versions))

    def newest_leaf(self, message: int) -> int:
        """The message that came last of `message` and all that follow it."""
        newest, waiting = message, [message]
        while waiting:
            place = waiting.pop()
            newest = max(newest, place)
            waiting += self._children.get(place, ())
        return newest


class Snippet(Struct, frozen=True):
    """A piece of a text around what was found; `marks` are (start, end) code points in it."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


class SearchHit(Struct, frozen=True):
    """A chat that a search found: by `message` where there is one, else by its title."""

    chat: ChatSummary
    message: int | None
    snippet: Snippet


class StoredChat(Struct, frozen=True, kw_only=True):
    """A chat as it is opened: the turns that lead to its leaf, and the tree around them."""

    summary: ChatSummary
    turns: tuple[Turn, ...]
    tree: MessageTree


class WholeChat(Struct, frozen=True, kw_only=True):
    """A chat with every message of its tree, the oldest first.

    `written_at` says for each of them when it was begun, in Unix seconds.
    """

    summary: ChatSummary
    nodes: tuple[Node, ...]
    written_at: tuple[float, ...]


def renumbered(chat: WholeChat, chat_id: int, new_id: Callable[[], int]) -> WholeChat:
    """The same chat under another id, each of its messages under one that `new_id` gives."""
    ids: dict[int | None, int] = {node.turn.id: new_id() for node in chat.nodes}
    nodes = tuple(
        Node(replace(node.turn, id=ids[node.turn.id]), ids.get(node.parent)) for node in chat.nodes
    )
    summary = replace(chat.summary, id=chat_id, leaf=ids[chat.summary.leaf])
    return replace(chat, summary=summary, nodes=nodes)


def title(text: str) -> str:
    """A text as a title: one line of at most `TITLE_LENGTH` characters, nothing invisible in it.

    Signs that turn the direction of writing are left out: they would reach beyond the title.
    """
    words = "".join(sign for sign in text if sign.isspace() or not _is_control(sign)).split()
    return " ".join(words)[:TITLE_LENGTH].rstrip()


def _is_control(sign: str) -> bool:
    return sign in DIRECTIONS or category(sign) in ("Cc", "Cs")
