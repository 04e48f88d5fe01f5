"""How fast this machine reads memory: the roof under which every decoder works."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tests.benchmarks.peers.serving import System, serve

SIZE = 512 * 2**20  # many times the processor's caches


class Reads(System):
    """Every thread takes the maximum of its own part, over and over."""

    def load(self, context: int) -> None:
        size = self.options.get("bytes", SIZE)
        parts = np.array_split(np.ones(size, np.uint8), self.threads)
        self._parts = [part.copy() for part in parts]  # written by now, so that pages are real
        self._pool = ThreadPoolExecutor(self.threads)

    def rewind(self, length: int) -> None:
        """Nothing to forget."""

    def step(self) -> None:
        list(self._pool.map(np.max, self._parts))


if __name__ == "__main__":
    serve(Reads)
