"""What a model would have answered had it thought less: its trace cut at a token, the sign that
ends a thought forced without a sentence of ours, a short answer taken.

All cuts of a trace run together. What the answer was asked with is proven first, as for a replay.
"""

import asyncio
import contextlib
import math
from collections.abc import Sequence

from msgspec import Struct

from app.domain.conversation import Turn
from app.domain.events import Delta
from app.domain.requests import ChatPrompt, Generate, ThoughtLimit
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, TokenRecord
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost
from app.services.replay import Replayer

LONGEST = 48
"""Tokens of an answer that is only looked at,"""
CLOSING_ROOM = 16
"""and at most so many for what closes the thought."""

MOST_CUTS = 8
GREEDY = SamplingParams(temperature=0.0)
_STOPS = (".", "!", "?", "\n", "。")


class Glimpse(Struct, frozen=True):
    """The likeliest answer behind the first `thought` tokens of a trace, up to token `index`.

    `tokens` are those of the answer that are seen, the closing left out.
    """

    index: int
    thought: int
    text: str
    tokens: tuple[TokenRecord, ...]

    @property
    def confidence(self) -> float:
        """The geometric mean of the probabilities of the answer's tokens, 0 to 1."""
        logprobs = [each.logprob for each in self.tokens if each.logprob is not None]
        return math.exp(math.fsum(logprobs) / len(logprobs)) if logprobs else 0.0


class WhatIf:
    """Asks the loaded model."""

    def __init__(self, host: EngineHost, replayer: Replayer) -> None:
        self._host = host
        self._replayer = replayer

    async def glimpses(
        self, turns: Sequence[Turn], turn_id: int, indices: Sequence[int]
    ) -> list[Glimpse]:
        """The answers behind the tokens `indices` of the answer `turn_id`, in their order.

        Raises:
            InvalidRequest: the loaded model did not write this answer, or one of the tokens is no
                part of its thought.
            CandorError: the engine cannot answer.
        """
        answer = next((turn for turn in turns if turn.id == turn_id), None)
        if answer is None or not indices or max(indices) >= len(answer.tokens):
            raise InvalidRequest("This answer is no longer part of the open chat.")
        if any(answer.tokens[index].channel is not Channel.REASONING for index in indices):
            raise InvalidRequest("This token is no part of the reasoning.", "Choose one that is.")
        prompt = await self._replayer.prompt(turns, turn_id, indices[0])
        asked = [self._glimpse(prompt, answer, index) for index in indices]
        return list(await asyncio.gather(*asked))

    async def _glimpse(self, prompt: ChatPrompt, answer: Turn, index: int) -> Glimpse:
        request = Generate(
            prompt=prompt,
            sampling=GREEDY,
            prefix=tuple(token.id for token in answer.tokens[: index + 1]),
            thought=ThoughtLimit(0, closing=""),
            max_tokens=LONGEST + CLOSING_ROOM,
            grammar=answer.origin.grammar if answer.origin else None,
        )
        text, tokens = "", list[TokenRecord]()
        async with contextlib.aclosing(self._host.generate(request)) as events:
            async for event in events:
                if isinstance(event, Delta) and event.channel is Channel.ANSWER:
                    text += event.text
                    tokens += [each for each in event.tokens if each.end > each.start]
                if len(tokens) >= LONGEST:
                    break
        return Glimpse(index, _thought(answer, index), text, tuple(tokens))


def places(answer: Turn, most: int = MOST_CUTS) -> list[int]:
    """At most `most` tokens of a trace to cut it at: ends of sentences and lines, evenly spread."""
    trace = [
        index
        for index, token in enumerate(answer.tokens)
        if token.channel is Channel.REASONING and token.end > token.start
    ]
    ends = [each for each in trace if answer.tokens[each].text.rstrip(" ").endswith(_STOPS)]
    found = ends if len(ends) > 1 else trace
    if len(found) <= most:
        return found
    return [found[round(place * (len(found) - 1) / (most - 1))] for place in range(most)]


def _thought(answer: Turn, index: int) -> int:
    return sum(
        token.channel is Channel.REASONING and token.end > token.start
        for token in answer.tokens[: index + 1]
    )
