"""The likeliest continuations of a place, as the children of a node in a tree of probabilities.

The likeliest tokens there are each continued by what is likeliest behind them, side by side in one
batch, so that the place is read once.
"""

import asyncio
import contextlib

from app.domain.continuations import Continuation
from app.domain.events import Delta, Finished, FinishReason
from app.domain.requests import Generate, Prompt
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost

WIDTH, DEPTH = 5, 8
MOST_WIDTH, MOST_DEPTH = 16, 256
GREEDY = SamplingParams(temperature=0.0)
CANDIDATES = 8


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
    likeliest = await _go_on(host, prompt, answer, 1, width)
    firsts = [each.id for each in likeliest.tokens[-1].top]
    tasks = [
        asyncio.create_task(_continue(host, prompt, (*answer, first), depth)) for first in firsts
    ]
    try:
        ways = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tuple(sorted(ways, key=lambda way: -way.logprob))


async def _continue(
    host: EngineHost, prompt: Prompt, prefix: tuple[int, ...], depth: int
) -> Continuation:
    found = await _go_on(host, prompt, prefix, max(1, depth - 1), CANDIDATES)
    tokens = found.tokens[len(prefix) - 1 :]
    return Continuation(tokens[:depth], found.ended and len(tokens) <= depth)


async def _go_on(
    host: EngineHost, prompt: Prompt, prefix: tuple[int, ...], count: int, candidates: int
) -> Continuation:
    """The tokens of `prefix` and up to `count` more."""
    request = Generate(
        prompt=prompt,
        sampling=GREEDY,
        max_tokens=count,
        prefix=prefix,
        top_logprobs=candidates,
    )
    tokens: list[TokenRecord] = []
    ended = False
    async with contextlib.aclosing(host.generate(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                tokens += event.tokens
            elif isinstance(event, Finished):
                ended = event.reason is FinishReason.STOP
    return Continuation(tuple(tokens), ended)
