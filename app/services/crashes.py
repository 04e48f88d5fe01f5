"""How often the worker was lost of late, which decides whether it is started again."""

import time
from collections import deque

MOST_CRASHES = 3
WITHIN_SECONDS = 60.0


class Crashes:
    """The times of the last crashes."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def add(self) -> bool:
        """Note one more; whether there were few enough within a while to try again."""
        now = time.monotonic()
        self._times.append(now)
        while now - self._times[0] > WITHIN_SECONDS:
            self._times.popleft()
        return len(self._times) < MOST_CRASHES

    def clear(self) -> None:
        """Begin anew."""
        self._times.clear()
