"""The one owner of the worker: loads a model, passes requests on, starts a lost worker again.

Callers see one engine that is there or says why not; which process serves it is this file's
business. It lives in one event loop; observers are plain callbacks, called in that loop.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from app.domain.events import Hello, Loaded, Prepared, Progress
from app.domain.models import ModelInfo
from app.domain.preparation import KvCache, Precision, PreparationReport
from app.domain.requests import (
    Classify,
    Computation,
    Generate,
    Load,
    Measure,
    Prepare,
    Provider,
    Query,
    Replay,
    Score,
)
from app.errors import Bug, CandorError, EnvironmentFault, InvalidRequest, WorkerLost, from_code
from app.services.answer import Answer
from app.services.crashes import Crashes
from app.services.host_status import HostState, HostStatus, Observer, StatusBoard
from app.services.workers import CLOSED, MakeClient, Workers, built_in_worker
from app.worker.client import WorkerClient
from app.worker.stream import Stream

_PASSING = (HostState.STARTING, HostState.LOADING, HostState.PREPARING, HostState.RESTARTING)


class EngineHost:
    """The engine as the services see it; `make_client` makes a worker for a provider."""

    def __init__(self, make_client: MakeClient = built_in_worker) -> None:
        self._board = StatusBoard()
        self._workers = Workers(make_client, self._announce_start, self._on_loss)
        self._asked: Load | None = None
        self._loaded: Load | None = None
        self._refusal: CandorError = InvalidRequest("No model is loaded.", "Load a model first.")
        self._closed = False
        self._crashes = Crashes()
        self._opening = asyncio.Lock()

    @property
    def status(self) -> HostStatus:
        """The present state."""
        return self._board.status

    @property
    def worker(self) -> Hello | None:
        """What the present worker said of itself; None while there is none."""
        return self._workers.hello

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` at every change of the status; the returned function ends that."""
        return self._board.observe(observer)

    async def load(
        self,
        path: Path | str,
        variant: str | None = None,
        provider: Provider = Provider.CPU,
        device: int = 0,
        parallel: int | None = None,
        precision: Precision = Precision.AUTO,
        kv: KvCache = KvCache.MODEL,
    ) -> ModelInfo:
        """Load a model in place of the present one, in a new worker if there is none for it.

        `parallel` is how many conversations shall fit at once; None keeps their context whole. A
        failed or cancelled load leaves no model; where the device is at fault, the status offers
        the CPU. A relative path is meant from here, not from where the worker runs.

        Raises:
            CandorError: why the model cannot be loaded. It is not tried again.
        """
        place = str(Path(path).absolute())
        load = Load(place, variant, provider, device, parallel, precision, kv)
        return await self._replace(load)

    async def _replace(self, load: Load) -> ModelInfo:
        async with self._opening:
            if self._closed:
                raise WorkerLost(CLOSED)
            self._crashes.clear()
            self._asked = load
            try:
                return await self._open(load)
            except CandorError as error:
                await self._give_up(HostState.FAILED, error)
                raise
            except asyncio.CancelledError:
                await self._give_up(HostState.STOPPED, InvalidRequest("Loading was cancelled."))
                raise

    def query(self, request: Query) -> Answer:
        """The one event of a request that needs no model; the present one stays as it is."""
        return Answer(lambda: self._submit_without_model(request))

    async def prepare(self, request: Prepare) -> PreparationReport:
        """Make a copy of a model that runs faster on the CPU, which takes all of the worker.

        The model that is open is let go of meanwhile; at the end, however that comes, it is opened
        again, from its prepared copy where there is one now.

        Raises:
            CandorError: why it cannot be prepared.
        """
        async with self._opening:
            if self._closed:
                raise WorkerLost(CLOSED)
            before = self.status
            try:
                return await self._prepare(request)
            finally:
                await self._open_again(before)

    async def ready(self) -> ModelInfo:
        """The loaded model, once the engine is ready.

        Raises:
            CandorError: the reason why there is none, once that is certain.
        """
        return (await self._ready())[1]

    def generate(self, request: Generate) -> Answer:
        """The events of a generation, once the engine is ready."""
        return Answer(lambda: self._submit(request))

    def score(self, request: Score | Classify) -> Answer:
        """The events of a scoring, of a text or of labels, once the engine is ready."""
        return Answer(lambda: self._submit(request))

    def replay(self, request: Replay) -> Answer:
        """The one event of a replay, once the engine is ready."""
        return Answer(lambda: self._submit(request))

    def measure(self, request: Measure) -> Answer:
        """The events of a measurement, once the engine is ready and has nothing else to do."""
        return Answer(lambda: self._submit(request))

    async def close(self) -> None:
        """End the worker for good; open answers, and a load under way, get `WorkerLost`."""
        self._closed = True
        await self._workers.close()
        async with self._opening:  # a load that was starting a worker has ended it by then
            await self._give_up(HostState.STOPPED, WorkerLost(CLOSED))

    async def _submit_without_model(self, request: Query) -> Stream:
        while self.status.state in _PASSING:
            await self._board.changed()
        if self._workers.client is None:
            raise WorkerLost("No worker runs.", "Load a model first.")
        return self._workers.client.submit(request)

    async def _submit(self, request: Computation) -> Stream:
        client, _ = await self._ready()
        return client.submit(request)

    async def _ready(self) -> tuple[WorkerClient, ModelInfo]:
        while self.status.state in _PASSING or self._loss_is_news():
            await self._board.changed()
        client, status = self._workers.client, self.status
        if client is None or status.model is None or status.state is not HostState.READY:
            raise from_code(self._refusal.code, self._refusal.message, self._refusal.hint)
        return client, status.model

    def _loss_is_news(self) -> bool:
        """Whether the worker has ended a moment ago and the status is about to say so."""
        lost = self._workers.client is None or self._workers.client.lost
        return lost and self.status.state is HostState.READY

    async def _open(self, load: Load) -> ModelInfo:
        client = await self._workers.for_provider(load.provider)
        info = await self._load(client, load)
        self._loaded = load
        self._board.set(HostStatus(HostState.READY, info))
        return info

    async def _open_again(self, before: HostStatus) -> None:
        """Bring back the model that was open, or the reason why there was none."""
        if self._loaded is None:
            self._board.set(before)
            return
        try:
            await self._open(self._loaded)
        except CandorError as error:
            await self._give_up(HostState.FAILED, error)

    async def _prepare(self, request: Prepare) -> PreparationReport:
        client, model = await self._workers.for_provider(Provider.CPU), self.status.model
        self._board.set(HostStatus(HostState.PREPARING, model))
        async with contextlib.aclosing(client.submit(request)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    self._board.set(HostStatus(HostState.PREPARING, model, progress=event))
                elif isinstance(event, Prepared):
                    return event.report
        raise Bug("A preparation ended without a report.")

    def _announce_start(self) -> None:
        self._board.advance(HostState.STARTING)

    async def _load(self, client: WorkerClient, load: Load) -> ModelInfo:
        self._board.advance(HostState.LOADING)
        async with contextlib.aclosing(client.submit(load)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    self._board.advance(HostState.LOADING, event)
                elif isinstance(event, Loaded):
                    return event.model
        raise Bug("A load ended without a model.")

    async def _on_loss(self, client: WorkerClient, lost: WorkerLost) -> None:
        """Start again after a crash, as long as crashes are rare."""
        async with self._opening:
            if self._workers.client is not client:
                return
            await self._workers.discard()
            if self._loaded is not None:
                await self._recover(lost, self._loaded)

    async def _recover(self, lost: WorkerLost, load: Load) -> None:
        while self._crashes.add():
            self._board.set(HostStatus(HostState.RESTARTING, self.status.model, lost.message))
            try:
                await self._open(load)
                return
            except WorkerLost as again:
                await self._workers.discard()
                lost = again
            except CandorError as error:
                await self._give_up(HostState.FAILED, error)
                return
        error = WorkerLost(
            f"{lost.message} That was the third time within a minute, so it stays off.",
            "Load the model again, or try another one.",
        )
        await self._give_up(HostState.STOPPED, error)

    async def _give_up(self, state: HostState, error: CandorError) -> None:
        """No model from here on; a worker that is still sound stays for the next load."""
        self._loaded = None
        self._refusal = error
        if self._workers.client is not None and self._workers.client.lost:
            await self._workers.discard()
        asked = self._asked
        elsewhere = asked is not None and asked.provider is not Provider.CPU
        offers_cpu = elsewhere and isinstance(error, EnvironmentFault) and not self._closed
        self._board.set(HostStatus(state, sentence=str(error), offers_cpu=offers_cpu))
