"""One thread for work that would make an event loop wait: files read, files written, long sums."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Background:
    """Does one thing after the other; lives in one event loop, until `close`."""

    def __init__(self, name: str) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, or raises; it is done even if nobody waits any more."""
        return await asyncio.shield(asyncio.wrap_future(self._worker.submit(work)))

    async def close(self) -> None:
        """Finish what was begun, and end the thread."""
        await self.run(lambda: None)
        self._worker.shutdown()
