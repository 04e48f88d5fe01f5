"""The parent's door to one worker: commands in, one stream of events per request out.

It knows no particular event loop: each stream wakes the loop that was running when it was made,
so the window, the terminal and a server can share a worker.
"""

import asyncio
import itertools
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from app import __version__
from app.domain.events import Event, Failed, Hello
from app.domain.requests import AnswerNow, Cancel, Command
from app.errors import InvalidRequest, WorkerLost
from app.worker.channel import MAX_FRAME
from app.worker.link import Link
from app.worker.process import WorkerProcess, worker_command
from app.worker.protocol import CONTROL, PROTOCOL, Reply, Request, encode_request
from app.worker.stream import LAST, Route, Stream

_SAME = "Install the same version of both; make a pack again."
_log = logging.getLogger(__name__)


class WorkerClient:
    """One life of one worker process; `silence` is how many seconds it may say nothing."""

    def __init__(self, command: Sequence[str] | None = None, *, silence: float = 15.0) -> None:
        self._command = worker_command() if command is None else command
        self._silence = silence
        self._ids = itertools.count(CONTROL + 1)
        self._routes: dict[int, Route] = {}
        self._lock = threading.RLock()  # dropping a stream may happen inside any allocation
        self._link: Link | None = None
        self._gone = "The worker process has not been started."
        self._closing = False
        self._ended: Future[WorkerLost | None] = Future()
        self._ended.set_running_or_notify_cancel()  # nobody who waits for the end may cancel it

    async def start(self, timeout: float = 60.0) -> Hello:
        """Start the process and wait for its greeting, once.

        Raises:
            WorkerLost: it cannot be started, ended at once, does not answer within `timeout`
                seconds, speaks another protocol or is another version.
        """
        greeting = self._routes[CONTROL] = Route()
        process = WorkerProcess(self._command)
        self._gone = ""
        self._link = link = Link(process, self._silence, self._deliver, self._end)
        try:
            hello = _checked(await asyncio.wait_for(greeting.take(), timeout))
        except TimeoutError:
            await self.close()
            raise WorkerLost(f"The worker process gave no answer for {timeout:g} s.") from None
        except BaseException:
            await self.close()
            raise
        link.watch()
        return hello

    @property
    def pid(self) -> int | None:
        """The worker's process id; None before it is started."""
        return self._link.process.pid if self._link else None

    @property
    def lost(self) -> bool:
        """Whether the worker has ended, or was never started."""
        return bool(self._gone)

    def submit(self, command: Command) -> Stream:
        """Send a command and return its events; a lost worker raises when they are read.

        Raises:
            InvalidRequest: the command cannot be sent as it is.
        """
        id = next(self._ids)
        payload = encode_request(Request(id, command))
        if len(payload) > MAX_FRAME:
            raise InvalidRequest(
                f"The request holds {len(payload) / 2**20:.0f} MiB; at most"
                f" {MAX_FRAME // 2**20} MiB can be sent.",
                "Shorten the text.",
            )
        route = Route()
        with self._lock:
            if self._link is None or self._gone:
                route.put([self._loss()])
            else:
                self._routes[id] = route
                self._link.send(payload)
        return Stream(
            route,
            cancel=lambda: self._send_about(id, Cancel(id)),
            drop=lambda: self._drop(id),
            answer_now=lambda: self._send_about(id, AnswerNow(id)),
        )

    async def ended(self) -> WorkerLost | None:
        """Wait for the process to end; None if it was asked to by `close`."""
        return await asyncio.shield(asyncio.wrap_future(self._ended))

    async def close(self, patience: float = 2.0) -> None:
        """End the worker: ask, wait, terminate, wait, kill. Open streams get `WorkerLost`."""
        if self._link is None:
            return
        self._closing = True
        process = self._link.process
        for step in (self._link.finish, process.terminate, process.kill):
            step()
            if await self._has_ended(patience):
                break
            _log.warning("Worker %d goes on after %s.", process.pid, step.__name__)
        self._link.join()

    async def _has_ended(self, patience: float) -> bool:
        await asyncio.wait([asyncio.wrap_future(self._ended)], timeout=patience)
        return self._ended.done()

    def _send_about(self, id: int, command: Cancel | AnswerNow) -> None:
        with self._lock:
            if self._link and id in self._routes:
                self._link.send(encode_request(Request(CONTROL, command)))

    def _drop(self, id: int) -> None:
        with self._lock:
            self._send_about(id, Cancel(id))
            self._routes.pop(id, None)

    def _deliver(self, replies: list[Reply]) -> None:
        for id, group in itertools.groupby(replies, lambda reply: reply.id):
            self._route(id, [reply.event for reply in group])

    def _route(self, id: int, events: list[Event]) -> None:
        with self._lock:
            if id == CONTROL:
                self._control(events)
            elif (route := self._routes.get(id)) is not None:
                if not route.put(events):
                    self._drop(id)
                elif isinstance(events[-1], LAST):
                    del self._routes[id]

    def _control(self, events: list[Event]) -> None:
        """Greetings go to `start`; a failure that names no request concerns them all."""
        for event in events:
            if isinstance(event, Hello) and CONTROL in self._routes:
                self._routes.pop(CONTROL).put([event])
            elif isinstance(event, Failed):
                for route in self._take_routes():
                    route.put([event])

    def _end(self, reason: str) -> None:
        with self._lock:
            self._gone = f"The worker process stopped: {reason}."
            if self._closing:
                self._gone = "The worker process has been closed."
            for route in self._take_routes():
                route.put([self._loss()])
        _log.info("Worker %s: %s", self.pid, self._gone)
        self._ended.set_result(None if self._closing else self._loss())

    def _take_routes(self) -> list[Route]:
        routes, self._routes = self._routes, {}
        return list(routes.values())

    def _loss(self) -> WorkerLost:
        return WorkerLost(self._gone, "Try again.")


def _checked(hello: Event) -> Hello:
    if not isinstance(hello, Hello):
        raise WorkerLost("The worker process did not greet.")
    if hello.protocol != PROTOCOL:
        raise WorkerLost(
            f"The worker process speaks protocol {hello.protocol}; this program speaks {PROTOCOL}.",
            _SAME,
        )
    version = hello.versions.get("candor")
    if version != __version__:
        raise WorkerLost(
            f"The worker process is Candor {version}; this program is {__version__}.", _SAME
        )
    return hello
