"""A worker for the length of one terminal command, driven from the main thread.

Coroutines run to their end one after another; between them nothing runs, so that a person can be
asked for a line. A worker that was lost is started again with the next request.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import partial
from types import TracebackType
from typing import Self, overload

from app.cli.progress import ProgressBar
from app.domain.events import (
    Classified,
    Copies,
    Event,
    Hello,
    Inspected,
    Loaded,
    Prepared,
    Progress,
    Rendered,
    Stage,
)
from app.domain.models import ModelInfo
from app.domain.preparation import PreparationReport
from app.domain.requests import (
    Classify,
    Compare,
    Generate,
    Inspect,
    ListCopies,
    Load,
    Prepare,
    Provider,
    Query,
    RemoveCopies,
    Render,
    Score,
)
from app.errors import Bug
from app.services.comparing import shared_provider
from app.services.workers import MakeClient
from app.worker.client import WorkerClient
from app.worker.stream import Stream

Show = Callable[[Event], None]
_LABELS = {
    Stage.LOAD: "Loading the model",
    Stage.PREFILL: "Reading the prompt",
    Stage.SCORE: "Scoring",
    Stage.MEASURE: "Measuring",
    Stage.DIGEST: "Reading the files",
    Stage.PROVE: "Comparing layers",
    Stage.COMPARE: "Measuring what it costs",
    Stage.STORE: "Storing",
}


class Session:
    """A worker and the loop that talks to it, for a `with` block, whose end closes both."""

    def __init__(self, make_client: MakeClient, bar: ProgressBar) -> None:
        self.bar = bar
        self._make_client = make_client
        self._client: WorkerClient | None = None
        self._provider = Provider.CPU
        self._wanted: Load | None = None
        self._ready = False
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.clear()
        with self._runner:
            if self._client is not None:
                self._runner.run(self._client.close())

    @property
    def pid(self) -> int:
        """The process id of the worker, which was started."""
        pid = self._running().pid
        if pid is None:
            raise Bug("The worker was asked for its process before it had one.")
        return pid

    def start(self, provider: Provider = Provider.CPU) -> Hello:
        """Start a worker for a provider, in place of the present one.

        Raises:
            DeviceFailed: the provider has no pack here.
            WorkerLost: it cannot be started.
        """
        return self._runner.run(self._start(provider))

    def load(self, command: Load) -> ModelInfo:
        """Open a model, in a worker that is started if there is none.

        Raises:
            CandorError: it cannot be opened.
        """
        if self._client is None or self._client.lost or command.provider is not self._provider:
            self.start(command.provider)
        self._wanted, self._ready = command, False
        info = self._runner.run(self._load(command))
        self._ready = True
        return info

    def prepare(self, request: Prepare) -> PreparationReport:
        """Have a model prepared, in a worker that is started if there is none.

        Raises:
            CandorError: it cannot be prepared.
        """
        if self._client is None or self._client.lost:
            self.start()
        return self._runner.run(self._prepare(request))

    @overload
    def query(self, request: Inspect) -> Inspected: ...

    @overload
    def query(self, request: Render) -> Rendered: ...

    @overload
    def query(self, request: ListCopies | RemoveCopies) -> Copies: ...

    def query(self, request: Query) -> Inspected | Rendered | Copies:
        """The one answer to a request that loads no model, in a worker started if there is none.

        Raises:
            CandorError: the request failed.
        """
        if self._client is None or self._client.lost:
            self.start()
        return self._runner.run(self._query(request))

    def ask(self, request: Generate | Score, show: Show, *, stoppable: bool = False) -> None:
        """Run a request to its end, handing every event but progress to `show`.

        With `stoppable`, Ctrl+C ends the request, which then finishes as cancelled.

        Raises:
            CandorError: the request failed.
            KeyboardInterrupt: Ctrl+C; twice where `stoppable`.
        """
        if self._wanted is not None and (self._running().lost or not self._ready):
            self.load(self._wanted)
        self._runner.run(self._ask(request, show, stoppable))

    def classify(self, request: Classify) -> Classified:
        """The scores of labels, by the model that is loaded.

        Raises:
            CandorError: they cannot be told.
        """
        found: list[Event] = []
        self._runner.run(self._ask(request, found.append, stoppable=False))
        for event in found:
            if isinstance(event, Classified):
                return event
        raise Bug("A classification ended without scores.")

    def ask_all(self, requests: Sequence[Generate], show: Callable[[int, Event], None]) -> None:
        """Run requests side by side, handing every event but progress to `show` with its place.

        Raises:
            CandorError: one of the requests failed.
        """
        if self._wanted is not None and (self._running().lost or not self._ready):
            self.load(self._wanted)
        self._runner.run(self._ask_all(requests, show))

    async def _ask_all(
        self, requests: Sequence[Generate], show: Callable[[int, Event], None]
    ) -> None:
        await asyncio.gather(
            *(
                self._ask(request, partial(show, place), stoppable=False)
                for place, request in enumerate(requests)
            )
        )

    def compare(self, request: Compare, show: Show) -> None:
        """Compare two models, in a worker that is started if there is none for their providers.

        Raises:
            CandorError: they cannot be compared.
        """
        provider = shared_provider(request)
        if self._client is None or self._client.lost or self._provider is not provider:
            self.start(provider)
        self._wanted, self._ready = None, False
        self._runner.run(self._ask(request, show, stoppable=False))

    def _running(self) -> WorkerClient:
        if self._client is None:
            raise Bug("A request was made before a worker was started.")
        return self._client

    async def _start(self, provider: Provider) -> Hello:
        if self._client is not None:
            await self._client.close()
        self._client, self._provider = self._make_client(provider), provider
        self.bar.update("Starting")
        try:
            return await self._client.start()
        finally:
            self.bar.clear()

    async def _load(self, command: Load) -> ModelInfo:
        self.bar.update(_LABELS[Stage.LOAD])
        try:
            async for event in self._running().submit(command):
                if isinstance(event, Progress):
                    self.bar.update(_LABELS[event.stage], event.done, event.total)
                elif isinstance(event, Loaded):
                    return event.model
        finally:
            self.bar.clear()
        raise Bug("The worker neither loaded the model nor said why.")

    async def _prepare(self, request: Prepare) -> PreparationReport:
        try:
            async for event in self._running().submit(request):
                if isinstance(event, Progress):
                    self.bar.update(_LABELS[event.stage], event.done, event.total)
                elif isinstance(event, Prepared):
                    return event.report
        finally:
            self.bar.clear()
        raise Bug("The worker neither prepared the model nor said why.")

    async def _query(self, request: Query) -> Inspected | Rendered | Copies:
        async for event in self._running().submit(request):
            if isinstance(event, Inspected | Rendered | Copies):
                return event
        raise Bug("The worker gave no answer.")

    async def _ask(
        self, request: Generate | Score | Compare | Classify, show: Show, stoppable: bool
    ) -> None:
        try:
            async with aclosing(self._running().submit(request)) as stream:
                await self._follow(stream, show, stoppable)
        finally:
            self.bar.clear()

    async def _follow(self, stream: Stream, show: Show, stoppable: bool) -> None:
        try:
            await self._drain(stream, show)
        except asyncio.CancelledError:
            if not stoppable:
                raise
            stream.cancel()
            await self._drain(stream, show)

    async def _drain(self, stream: Stream, show: Show) -> None:
        async for event in stream:
            if isinstance(event, Progress):
                self.bar.update(_LABELS[event.stage], event.done, event.total)
            else:
                show(event)
