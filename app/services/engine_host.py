"""The one owner of the worker: loads a model, passes requests on, starts a lost worker again.

Callers see one engine that is there or says why not; which process serves it is this file's
business. It lives in one event loop; observers are plain callbacks, called in that loop.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from app.domain.events import Hello, Inspected, Loaded, Progress
from app.domain.inspection import ModelReport
from app.domain.models import ModelInfo
from app.domain.preparation import KvCache, Precision
from app.domain.requests import Generate, Inspect, Load, Measure, Provider, Replay, Score
from app.errors import Bug, CandorError, EnvironmentFault, InvalidRequest, WorkerLost, from_code
from app.services.answer import Answer
from app.services.host_status import HostState, HostStatus
from app.worker.client import WorkerClient
from app.worker.stream import Stream

MOST_CRASHES = 3
WITHIN_SECONDS = 60.0


_CLOSED = "The engine has been closed."
_PASSING = (HostState.STARTING, HostState.LOADING, HostState.RESTARTING)

Observer = Callable[[HostStatus], None]
MakeClient = Callable[[Provider], WorkerClient]


def built_in_worker(provider: Provider) -> WorkerClient:
    """The worker that is part of the program, which says itself what it cannot use."""
    return WorkerClient()


class EngineHost:
    """The engine as the services see it; `make_client` makes a worker for a provider."""

    def __init__(self, make_client: MakeClient = built_in_worker) -> None:
        self._make_client = make_client
        self._client: WorkerClient | None = None
        self._provider = Provider.CPU
        self._hello: Hello | None = None
        self._asked: Load | None = None
        self._loaded: Load | None = None
        self._refusal: CandorError = InvalidRequest("No model is loaded.", "Load a model first.")
        self._closed = False
        self._crashes: deque[float] = deque()
        self._opening = asyncio.Lock()
        self._watching: set[asyncio.Task[None]] = set()
        self._observers: list[Observer] = []
        self._changed = asyncio.Event()
        self._status = HostStatus(HostState.STOPPED)

    @property
    def status(self) -> HostStatus:
        """The present state."""
        return self._status

    @property
    def worker(self) -> Hello | None:
        """What the present worker said of itself; None while there is none."""
        return self._hello

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` at every change of the status; the returned function ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

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
                raise WorkerLost(_CLOSED)
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

    async def inspect(self, path: Path | str, variant: str | None = None) -> ModelReport:
        """What is understood of a model folder; the present model stays as it is.

        Raises:
            CandorError: nothing can be said of it, or there is no worker that could.
        """
        while self._status.state in _PASSING:
            await self._changed.wait()
        client = self._client
        if client is None:
            raise WorkerLost("No worker runs.", "Load a model first.")
        request = Inspect(str(Path(path).absolute()), variant)
        async with contextlib.aclosing(client.submit(request)) as events:
            async for event in events:
                if isinstance(event, Inspected):
                    return event.report
        raise Bug("A look into a model folder ended without a report.")

    async def ready(self) -> ModelInfo:
        """The loaded model, once the engine is ready.

        Raises:
            CandorError: the reason why there is none, once that is certain.
        """
        return (await self._ready())[1]

    def generate(self, request: Generate) -> Answer:
        """The events of a generation, once the engine is ready."""
        return Answer(lambda: self._submit(request))

    def score(self, request: Score) -> Answer:
        """The events of a scoring, once the engine is ready."""
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
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await self._discard()
        async with self._opening:  # a load that was starting a worker has ended it by then
            await self._give_up(HostState.STOPPED, WorkerLost(_CLOSED))

    async def _submit(self, request: Generate | Score | Replay | Measure) -> Stream:
        client, _ = await self._ready()
        return client.submit(request)

    async def _ready(self) -> tuple[WorkerClient, ModelInfo]:
        while self._status.state in _PASSING or self._loss_is_news():
            await self._changed.wait()
        client, status = self._client, self._status
        if client is None or status.model is None or status.state is not HostState.READY:
            raise from_code(self._refusal.code, self._refusal.message, self._refusal.hint)
        return client, status.model

    def _loss_is_news(self) -> bool:
        """Whether the worker has ended a moment ago and the status is about to say so."""
        lost = self._client is None or self._client.lost
        return lost and self._status.state is HostState.READY

    async def _open(self, load: Load) -> ModelInfo:
        client = self._client
        if client is None or client.lost or load.provider is not self._provider:
            await self._discard()
            client = await self._start(load.provider)
        info = await self._load(client, load)
        self._loaded = load
        self._set(HostStatus(HostState.READY, info))
        return info

    async def _start(self, provider: Provider) -> WorkerClient:
        self._advance(HostState.STARTING)
        client = self._make_client(provider)
        hello = await client.start()
        if self._closed:
            await client.close()
            raise WorkerLost(_CLOSED)
        self._client, self._hello, self._provider = client, hello, provider
        task = asyncio.create_task(self._watch(client))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return client

    async def _load(self, client: WorkerClient, load: Load) -> ModelInfo:
        self._advance(HostState.LOADING)
        async with contextlib.aclosing(client.submit(load)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    self._advance(HostState.LOADING, event)
                elif isinstance(event, Loaded):
                    return event.model
        raise Bug("A load ended without a model.")

    async def _watch(self, client: WorkerClient) -> None:
        """Start again after a crash, as long as crashes are rare."""
        lost = await client.ended()
        if lost is None:
            return
        async with self._opening:
            if self._client is not client:
                return
            await self._discard()
            if self._loaded is not None:
                await self._recover(lost, self._loaded)

    async def _recover(self, lost: WorkerLost, load: Load) -> None:
        while self._crashes_are_rare():
            self._set(HostStatus(HostState.RESTARTING, self._status.model, lost.message))
            try:
                await self._open(load)
                return
            except WorkerLost as again:
                await self._discard()
                lost = again
            except CandorError as error:
                await self._give_up(HostState.FAILED, error)
                return
        error = WorkerLost(
            f"{lost.message} That was the third time within a minute, so it stays off.",
            "Load the model again, or try another one.",
        )
        await self._give_up(HostState.STOPPED, error)

    def _crashes_are_rare(self) -> bool:
        now = time.monotonic()
        self._crashes.append(now)
        while now - self._crashes[0] > WITHIN_SECONDS:
            self._crashes.popleft()
        return len(self._crashes) < MOST_CRASHES

    async def _give_up(self, state: HostState, error: CandorError) -> None:
        """No model from here on; a worker that is still sound stays for the next load."""
        self._loaded = None
        self._refusal = error
        if self._client is not None and self._client.lost:
            await self._discard()
        asked = self._asked
        elsewhere = asked is not None and asked.provider is not Provider.CPU
        offers_cpu = elsewhere and isinstance(error, EnvironmentFault) and not self._closed
        self._set(HostStatus(state, sentence=str(error), offers_cpu=offers_cpu))

    async def _discard(self) -> None:
        client, self._client, self._hello = self._client, None, None
        if client is not None:
            await client.close()

    def _advance(self, state: HostState, progress: Progress | None = None) -> None:
        """One step of opening a model; a restart stays called so until it is done."""
        if self._status.state is HostState.RESTARTING:
            now = self._status
            self._set(HostStatus(now.state, now.model, now.sentence, progress))
        else:
            self._set(HostStatus(state, progress=progress))

    def _set(self, status: HostStatus) -> None:
        self._status = status
        self._changed.set()
        self._changed = asyncio.Event()
        for observer in list(self._observers):
            observer(status)
