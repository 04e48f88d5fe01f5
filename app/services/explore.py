"""The likeliest continuations of a place in an answer, as a tree of probabilities.

The likeliest tokens there are each continued by what is likeliest behind them, side by side in one
batch, so that the place is read once.
"""

import asyncio
import contextlib

from app.domain.continuations import Continuation
from app.domain.events import Delta, Replayed
from app.domain.requests import Generate, Prompt, Replay
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost

WIDTH, DEPTH = 5, 12
MOST_WIDTH, MOST_DEPTH = 16, 256
GREEDY = SamplingParams(temperature=0.0)


async def explore(
    host: EngineHost,
    prompt: Prompt,
    answer: tuple[int, ...] = (),
    *,
    width: int = WIDTH,
    depth: int = DEPTH,
) -> tuple[Continuation, ...]:
    """The `width` likeliest tokens behind the ids of `answer`, each with what follows it up to
    `depth` tokens in all, likeliest together first. Cancelling the caller ends it in the worker.

    Raises:
        InvalidRequest: width or depth is out of range, or the place cannot be read.
        CandorError: the engine cannot answer.
    """
    if not (1 <= width <= MOST_WIDTH and 1 <= depth <= MOST_DEPTH):
        raise InvalidRequest(
            f"Explore 1 to {MOST_WIDTH} continuations of 1 to {MOST_DEPTH} tokens each."
        )
    asked = Replay(prompt=prompt, answer=answer, sampling=SamplingParams(), top=width)
    async with contextlib.aclosing(host.replay(asked)) as events:
        found = [event async for event in events if isinstance(event, Replayed)]
    if not found:
        raise InvalidRequest("A newer look at a token took the place of this one.", "Try again.")
    firsts = [each.id for each in found[0].alternatives[:width]]
    tasks = [
        asyncio.create_task(_continue(host, prompt, (*answer, first), depth)) for first in firsts
    ]
    try:
        ways = [Continuation(tokens) for tokens in await asyncio.gather(*tasks)]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tuple(sorted(ways, key=lambda way: -way.logprob))


async def _continue(
    host: EngineHost, prompt: Prompt, prefix: tuple[int, ...], depth: int
) -> tuple[TokenRecord, ...]:
    request = Generate(prompt=prompt, sampling=GREEDY, max_tokens=max(1, depth - 1), prefix=prefix)
    tokens: list[TokenRecord] = []
    async with contextlib.aclosing(host.generate(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                tokens += event.tokens
    return tuple(tokens[len(prefix) - 1 :][:depth])
