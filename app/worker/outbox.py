"""The child's outgoing side: one thread that sends replies in batches, and signs of life.

The first reply leaves at once; what follows within PAUSE seconds leaves together, so that fast
tokens cost few frames. Sending on a thread of its own also keeps the heart beating while the
model computes.
"""

import threading
import time

from app.domain.events import Event, Heartbeat
from app.worker.channel import Closed, FrameChannel
from app.worker.protocol import CONTROL, Reply, encode_replies

PAUSE = 0.01
HEARTBEAT = 1.0


class Outbox:
    """Collects replies from any thread and sends them in order."""

    def __init__(self, channel: FrameChannel) -> None:
        self._channel = channel
        self._pending: list[Reply] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def put(self, id: int, *events: Event) -> None:
        """Queue events of request `id`."""
        with self._changed:
            self._pending += [Reply(id, event) for event in events]
            self._changed.notify()

    def close(self) -> None:
        """Send what is queued and stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing or self._pending:
                self._channel.send(encode_replies(self._take()))
                time.sleep(PAUSE)
        except Closed:
            return  # the parent is gone; the listening thread ends the process

    def _take(self) -> list[Reply]:
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closing, HEARTBEAT)
            taken, self._pending = self._pending, []
        return taken or [Reply(CONTROL, Heartbeat())]
