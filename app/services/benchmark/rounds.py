"""Rounds: one prompt read and one answer written, alone, as often as asked.

Rounds are alike: fresh random ids as the prompt, so that no cached prefix helps, and exactly the
asked number of tokens, whatever the model would rather do. Beside each rate stands how far the
rounds spread and how long the worker waited for a core.
"""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from statistics import median

from app.domain.benchmark import Round, Size, Spread
from app.domain.events import Delta, Finished, FinishReason
from app.domain.models import ModelInfo
from app.domain.requests import Generate, IdsPrompt
from app.domain.sampling import SamplingParams
from app.errors import Bug, InvalidRequest
from app.services.benchmark.process_stats import ProcessStats, process_stats
from app.services.engine_host import EngineHost

BARRED = -1e4
MOST_STOP_TOKENS = 16


class Requests:
    """Requests of one size, no two alike; tokens that would end an answer early are barred."""

    def __init__(self, model: ModelInfo, size: Size) -> None:
        self._vocabulary = model.vocabulary_size
        self._size = size
        self._numbers = random.Random(0)
        self._barred: dict[int, float] = {}

    def next(self, completion_tokens: int | None = None) -> Generate:
        """A prompt is never used twice: its keys and values would still be cached."""
        ids = self._numbers.choices(range(self._vocabulary), k=self._size.prompt_tokens)
        return Generate(
            prompt=IdsPrompt(tuple(ids)),
            sampling=SamplingParams(temperature=0.0, logit_bias=self._barred),
            max_tokens=completion_tokens or self._size.completion_tokens,
        )

    def bar(self, token: int) -> None:
        """Let no answer end with `token` any more.

        Raises:
            InvalidRequest: there are too many such tokens.
        """
        if len(self._barred) == MOST_STOP_TOKENS:
            raise InvalidRequest("The model keeps ending its answers early.")
        self._barred = {**self._barred, token: BARRED}


class Rounds:
    """Measures one round after the other; `tell` hears of every token."""

    def __init__(self, engine: EngineHost, requests: Requests, tell: Callable[[int], None]) -> None:
        self._engine = engine
        self._requests = requests
        self._tell = tell

    async def measure(self) -> Round:
        """One full round; one that the model ended early does not count, and another is made.

        Raises:
            InvalidRequest: the model stops early by too many different tokens.
        """
        while True:
            before, start = self._stats(), time.perf_counter()
            ids, finished = await self._run()
            wall = time.perf_counter() - start
            if finished.reason is FinishReason.LENGTH:
                return _round(finished, before, self._stats(), wall)
            self._requests.bar(ids[-1])

    async def _run(self) -> tuple[list[int], Finished]:
        ids: list[int] = []
        async with aclosing(self._engine.generate(self._requests.next())) as events:
            async for event in events:
                if isinstance(event, Delta):
                    ids += [token.id for token in event.tokens]
                    self._tell(len(ids))
                elif isinstance(event, Finished):
                    return ids, event
        raise Bug("An answer ended without saying how.")

    def _stats(self) -> ProcessStats:
        worker = self._engine.worker
        return process_stats(worker.pid) if worker else ProcessStats(None, None, None)


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    return Spread(median(values), min(values), max(values))


def _round(finished: Finished, before: ProcessStats, after: ProcessStats, wall: float) -> Round:
    timings = finished.timings
    cpu = _grown(before.cpu_s, after.cpu_s)
    waited = _grown(before.waiting_s, after.waiting_s)
    return Round(
        timings.prefill_tokens_per_s,
        timings.decode_tokens_per_s,
        timings.first_token_s,
        None if cpu is None else cpu / wall,
        None if cpu is None or waited is None else waited / (cpu + waited or 1.0),
    )


def _grown(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else max(0.0, after - before)
