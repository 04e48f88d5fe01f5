"""The ways on from a token as a tree that grows where it is asked to.

In: the selected token and where it comes from, then nodes to go on from. Out: new nodes.
"""

import asyncio
from typing import Protocol

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from app.domain.continuations import Continuation, Node, path
from app.domain.requests import Prompt
from app.domain.tokens import TokenRecord
from app.errors import CandorError
from app.services.engine_host import EngineHost
from app.services.explore import DEPTH, WIDTH, explore
from app.ui.tasks import ErrorHandler, Tasks
from app.ui.viewmodels.selection import Selected


class PlaceSource(Protocol):
    """Where tokens come from, as something to go on from."""

    async def place(self, selected: Selected) -> tuple[Prompt, tuple[int, ...]]:
        """A prompt and the ids of the answer to it that stand before a token.

        Raises:
            CandorError: that cannot be told.
        """
        ...


class Grown(Struct, frozen=True):
    """New children of the node `parent`, of the root if None; or why there are none."""

    parent: int | None
    nodes: tuple[Node, ...] = ()
    problem: str = ""


class ExploreModel(QObject):
    """`began` carries the Selected whose place is the root, `grew` a Grown, `busy` whether it is.

    `width` ways of up to `depth` tokens are looked for at a time.
    """

    began = Signal(object)
    grew = Signal(object)
    busy = Signal(bool)

    def __init__(self, host: EngineHost, on_bug: ErrorHandler, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self._tasks = Tasks(self, on_bug)
        self._work: dict[int | None, asyncio.Task[None]] = {}
        self._source: PlaceSource | None = None
        self._nodes: dict[int, Node] = {}
        self.selected: Selected | None = None
        self.width, self.depth = WIDTH, DEPTH

    def choose(self, width: int, depth: int) -> None:
        """How many ways are looked for from now on, and how long they get."""
        self.width, self.depth = width, depth

    def begin(self, selected: Selected, source: PlaceSource) -> None:
        """Look for the ways on from the place of a token."""
        self.stop()
        self.selected, self._source = selected, source
        self._nodes.clear()
        self.began.emit(selected)
        self.expand(None)

    def expand(self, node: int | None) -> None:
        """Look for the ways on from the end of a node, or again from the root."""
        if node not in self._work and self._source is not None and self.selected is not None:
            work = self._expand(node, self.selected, self._source)
            self._work[node] = self._tasks.start(work)
            self.busy.emit(True)

    def path(self, node: int) -> tuple[TokenRecord, ...]:
        """The tokens from the root to the end of a node."""
        return path(self._nodes, node)

    def stop(self) -> None:
        """End every search that is under way; what was found stays."""
        for work in self._work.values():
            work.cancel()
        for parent in tuple(self._work):
            self._end(Grown(parent, problem="Stopped."))

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    async def _expand(self, parent: int | None, selected: Selected, source: PlaceSource) -> None:
        before = path(self._nodes, parent)
        ids = tuple(token.id for token in before)
        try:
            prompt, answer = await source.place(selected)
            ways = await explore(
                self._host, prompt, (*answer, *ids), width=self.width, depth=self.depth
            )
        except CandorError as error:
            self._end(Grown(parent, problem=str(error)))
        else:
            self._end(Grown(parent, self._add(parent, ways)))

    def _add(self, parent: int | None, ways: tuple[Continuation, ...]) -> tuple[Node, ...]:
        behind = self._nodes[parent].logprob if parent is not None else 0.0
        first = len(self._nodes)
        nodes = tuple(
            Node(id, parent, way, behind + way.logprob) for id, way in enumerate(ways, first)
        )
        self._nodes |= {node.id: node for node in nodes}
        return nodes

    def _end(self, grown: Grown) -> None:
        del self._work[grown.parent]
        self.busy.emit(bool(self._work))
        self.grew.emit(grown)
