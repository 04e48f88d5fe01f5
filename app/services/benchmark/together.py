"""Several answers generated side by side: how many tokens a second they get together.

Only the time counts in which all of them are being written: from the last one's first token to the
first one's end.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing

from app.domain.benchmark import Batch
from app.domain.events import Delta
from app.domain.requests import Generate
from app.services.engine_host import EngineHost


async def together(engine: EngineHost, requests: Sequence[Generate], alone: float) -> Batch:
    """Run the requests at once; `alone` is the tokens per second of one by itself."""
    arrivals: list[list[float]] = [[] for _ in requests]
    pairs = zip(requests, arrivals, strict=True)
    async with asyncio.TaskGroup() as group:
        for request, times in pairs:
            group.create_task(_follow(engine, request, times))
    rate = overlapping_rate(arrivals)
    return Batch(len(requests), rate, rate / alone if alone else 0.0)


def overlapping_rate(arrivals: Sequence[Sequence[float]]) -> float:
    """Tokens per second while every answer was being written; 0 if they never all were.

    `arrivals` are the seconds at which the tokens of each came.
    """
    if not all(arrivals):
        return 0.0
    begin = max(times[0] for times in arrivals)
    end = min(times[-1] for times in arrivals)
    tokens = sum(begin < moment <= end for times in arrivals for moment in times)
    return tokens / (end - begin) if end > begin else 0.0


async def _follow(engine: EngineHost, request: Generate, times: list[float]) -> None:
    async with aclosing(engine.generate(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                times += [time.perf_counter()] * len(event.tokens)
