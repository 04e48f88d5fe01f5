"""The three threads between a worker process and its client.

One always reads, so that a slow consumer never stops the worker; one writes, so that a stopped
worker never stops the caller; one watches for silence. Requests in, replies out, and at the end
one sentence that says how the worker ended.
"""

import queue
import threading
from collections.abc import Callable

from app.worker.channel import Closed, FrameTooLong
from app.worker.process import WorkerProcess
from app.worker.protocol import BadFrame, Reply, decode_replies

TICKS = 8
"""How often the watch looks within the allowed silence."""

LAST_WAIT = 2.0
"""Seconds a process whose output has ended may take to end itself."""


class Link:
    """Carries frames for one worker until it ends.

    `deliver` gets each batch of replies and `ended` the reason of the end, once; both are called
    from the reading thread.
    """

    def __init__(
        self,
        process: WorkerProcess,
        silence: float,
        deliver: Callable[[list[Reply]], None],
        ended: Callable[[str], None],
    ) -> None:
        self.process = process
        self._silence = silence
        self._deliver = deliver
        self._ended = ended
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._silent_ticks = 0
        self._reason = ""
        self._threads = [self._start(self._read), self._start(self._write)]

    def send(self, payload: bytes) -> None:
        """Queue one frame; never waits."""
        self._outgoing.put(payload)

    def watch(self) -> None:
        """From here on, silence for too long ends the worker."""
        self._silent_ticks = 0
        self._threads.append(self._start(self._watch))

    def finish(self) -> None:
        """Close the pipe after what is queued: the worker reads its end and leaves."""
        self._outgoing.put(None)

    def join(self) -> None:
        """Wait for the threads, once the end has been reported."""
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"worker {work.__name__}", daemon=True)
        thread.start()
        return thread

    def _read(self) -> None:
        try:
            while True:
                replies = decode_replies(self.process.channel.receive())
                self._silent_ticks = 0
                self._deliver(replies)
        except Closed:
            pass
        except (BadFrame, FrameTooLong) as error:
            self._reason = f"it sent what cannot be read. {error}"
            self.process.kill()
        how = self.process.wait(LAST_WAIT)
        self._over.set()
        self.finish()
        self._ended(self._reason or how)

    def _write(self) -> None:
        try:
            while (payload := self._outgoing.get()) is not None:
                self.process.channel.send(payload)
        except Closed:
            pass  # the reading thread meets the same end and reports it
        finally:
            self.process.channel.close_writer()

    def _watch(self) -> None:
        """Count looks without a sign of life, not seconds: a computer may have slept."""
        while not self._over.wait(self._silence / TICKS):
            self._silent_ticks += 1
            if self._silent_ticks > TICKS:
                self._reason = f"it did not answer for {self._silence:g} seconds and was ended"
                self.process.kill()
                return
