"""How fast a replay answers, and what it costs a running answer; run by hand:

    .venv/bin/python -m tests.benchmarks.bench_replay

The built-in model in the real worker, as the window uses it. The kinds of replay take turns, so
that all meet the same machine. The target is 100 ms from a slider's move to the numbers.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence

import numpy as np

from app import paths
from app.domain.events import Delta, Replayed
from app.domain.requests import Generate, IdsPrompt, Load, Replay
from app.domain.sampling import SamplingParams
from app.engine.sampling.rows import RowStore, Trail
from app.worker.client import WorkerClient

ROUNDS = 60
PAIRS = 5
LONG = 600  # tokens of an answer
FRAME_S = 1 / 60
PROMPT = IdsPrompt(tuple(np.random.default_rng(1).integers(3, 1000, 400).tolist()))
NO_END = {0: -1e4, 2: -1e4}
ENDLESS = SamplingParams(seed=1, logit_bias=NO_END)
TARGET_MS = 100.0
LARGE_VOCABULARY = 151_936


def sampling(turn: int) -> SamplingParams:
    """What a slider on its way says."""
    return SamplingParams(temperature=0.5 + turn / ROUNDS, top_p=0.9, repetition_penalty=1.1)


async def generated(client: WorkerClient, count: int) -> list[int]:
    request = Generate(prompt=PROMPT, sampling=ENDLESS, max_tokens=count)
    events = [event async for event in client.submit(request)]
    return [token.id for event in events if isinstance(event, Delta) for token in event.tokens]


async def timed(client: WorkerClient, answer: Sequence[int], turn: int) -> float:
    """Milliseconds from the request to its numbers."""
    begin = time.perf_counter()
    request = Replay(prompt=PROMPT, answer=tuple(answer), sampling=sampling(turn))
    events = [event async for event in client.submit(request)]
    assert isinstance(events[0], Replayed)
    return (time.perf_counter() - begin) * 1e3


async def measure(client: WorkerClient) -> dict[str, list[float]]:
    ids = await generated(client, 200)
    found: dict[str, list[float]] = {"kept row": [], "next to a read one": [], "another text": []}
    for turn in range(ROUNDS):
        found["kept row"].append(await timed(client, ids[: turn * 3], turn))
        found["another text"].append(await timed(client, [turn % 900 + 3, *ids[:100]], turn))
        found["next to a read one"].append(await timed(client, [turn % 900 + 3, *ids[:101]], turn))
    return found


async def while_answering(client: WorkerClient) -> tuple[list[float], list[float]]:
    """Milliseconds of replays amid an answer, and its speed over that of one left alone."""
    delays: list[float] = []
    ratios: list[float] = []
    for _ in range(PAIRS):
        begin = time.perf_counter()
        ids = await generated(client, LONG)
        alone = time.perf_counter() - begin
        begin = time.perf_counter()
        running = asyncio.create_task(generated(client, LONG))
        while not running.done():
            delays.append(await timed(client, ids[:50], len(delays) % ROUNDS))
            await asyncio.sleep(FRAME_S)
        assert await running == ids
        ratios.append(alone / (time.perf_counter() - begin))
    return delays, ratios


def keeping() -> float:
    """Microseconds to keep one row of a large vocabulary."""
    rows, row, trail = RowStore(), np.zeros(LARGE_VOCABULARY, dtype=np.float32), Trail(range(2000))
    times: list[float] = []
    for token in range(1000):
        begin = time.perf_counter()
        trail.add(token)
        rows.keep(trail.key, row)
        times.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times[500:])


def report(name: str, delays: Sequence[float]) -> None:
    ranked = sorted(delays)
    verdict = "" if ranked[-1] <= TARGET_MS else "  over target"
    print(
        f"{name:24s} median {statistics.median(ranked):6.1f} ms, "
        f"longest {ranked[-1]:6.1f} ms of {len(ranked)}{verdict}"
    )


async def main() -> None:
    client = WorkerClient()
    await client.start()
    try:
        async for _ in client.submit(Load(str(paths.built_in_model()))):
            pass
        for name, delays in (await measure(client)).items():
            report(name, delays)
        delays, ratios = await while_answering(client)
        report("amid an answer", delays)
        print(
            f"an answer while a slider moves: x{statistics.median(ratios):.2f} of its speed alone "
            f"({min(ratios):.2f} to {max(ratios):.2f}), the same tokens"
        )
    finally:
        await client.close()
    print(f"keeping a row of {LARGE_VOCABULARY:,}: {keeping():.0f} us a token")


if __name__ == "__main__":
    asyncio.run(main())
