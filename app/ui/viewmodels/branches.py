"""The versions of a chat's messages as a tree, as rows that carry what is to be shown."""

from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.branches import joint_logprob, origin
from app.domain.chats import Node
from app.domain.conversation import Turn
from app.domain.messages import Role
from app.errors import CandorError
from app.services.conversation import Conversation
from app.services.store.store import ChatStore
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.wording import token_text


class BranchRow(Struct, frozen=True):
    """A message in its place; `twin` is the version that it left, `took` with which token.

    `logprob` is the joint one of all its tokens, None for a question and for an only version.
    """

    turn: Turn
    parent: int | None
    shown: bool
    twin: Turn | None = None
    took: str = ""
    logprob: float | None = None


class BranchesModel(QObject):
    """`listed` carries BranchRows, `failed` a sentence."""

    listed = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        conversation: Conversation,
        store: ChatStore,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__()
        self._conversation = conversation
        self._store = store
        self._tasks = Tasks(self, on_bug)

    def refresh(self) -> None:
        """List every message of the chat."""
        self._start(self._list())

    def open(self, turn_id: int) -> None:
        """Show a message of any version in the chat."""
        self._start(self._open(turn_id))

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start(self._told(work))

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CandorError as error:
            self.failed.emit(str(error))

    async def _list(self) -> None:
        """Token rows are read of what stands beside another version and is not in the chat."""
        tree = self._conversation.tree
        known = {turn.id: turn for turn in self._conversation.turns}
        shown = set(known)
        away = [id for id, _ in tree.links() if id not in known]
        alone = {id for id in away if tree.version(id).count == 1}
        known |= {turn.id: turn for turn in await self._store.turns(away, alone)}
        nodes = [Node(known[id], parent) for id, parent in tree.links()]
        self.listed.emit(branch_rows(nodes, shown))

    async def _open(self, turn_id: int) -> None:
        await self._conversation.go(turn_id)
        await self._list()


def branch_rows(nodes: Sequence[Node], shown: set[int]) -> tuple[BranchRow, ...]:
    """Each message with the version that it left, the oldest first."""
    versions = Counter(node.parent for node in nodes)
    earlier: dict[int | None, list[Turn]] = {}
    found: list[BranchRow] = []
    for node in nodes:
        seen = node.turn.id in shown
        if node.turn.role is Role.USER or versions[node.parent] == 1:
            found.append(BranchRow(node.turn, node.parent, seen))
        else:
            before = earlier.setdefault(node.parent, [])
            found.append(_version(node, before, seen))
            before.append(node.turn)
    return tuple(found)


def _version(node: Node, earlier: Sequence[Turn], shown: bool) -> BranchRow:
    turn = node.turn
    logprob = joint_logprob(turn.tokens)
    left = origin(turn.tokens, [other.tokens for other in earlier])
    if left is None:
        return BranchRow(turn, node.parent, shown, logprob=logprob)
    twin, index = left
    took = f"{token_text(turn.tokens[index])} at {index + 1:,}" if index < len(turn.tokens) else ""
    return BranchRow(turn, node.parent, shown, earlier[twin], took, logprob)
