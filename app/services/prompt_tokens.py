"""The tokens of a question as the model read them, with the numbers it gave each.

In: what the model was asked with. Out: records of the text's own tokens, and any of them replayed.
"""

import contextlib

from msgspec import Struct
from msgspec.structs import replace

from app.domain.events import Delta, Replayed
from app.domain.requests import ChatPrompt, Replay, Score
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost
from app.services.replay import Look


class PromptTokens(Struct, frozen=True):
    """The `tokens` of one message; their spans count code points in its text. The first of them is
    the token `first` of the whole `prompt`."""

    prompt: ChatPrompt
    first: int
    tokens: tuple[TokenRecord, ...]


async def prompt_tokens(host: EngineHost, prompt: ChatPrompt, message: int = -1) -> PromptTokens:
    """The tokens of a message of `prompt`, the last one unless another is named.

    Raises:
        InvalidRequest: the chat template changes the text, so that it cannot be found.
        CandorError: the engine cannot answer.
    """
    text, tokens = "", []
    async with contextlib.aclosing(host.score(Score(prompt=prompt))) as events:
        async for event in events:
            if isinstance(event, Delta):
                text += event.text
                tokens += event.tokens
    start, end = _place(text, prompt, message)
    places = [
        place for place, token in enumerate(tokens) if token.start < end and token.end > start
    ]
    own = tuple(
        replace(
            tokens[place],
            start=max(0, tokens[place].start - start),
            end=min(end, tokens[place].end) - start,
        )
        for place in places
    )
    return PromptTokens(prompt, places[0], own)


async def replay(
    host: EngineHost, found: PromptTokens, index: int, sampling: SamplingParams, look: Look
) -> Replayed | None:
    """Token `index` of the message once more; None where a newer replay took its place.

    Raises:
        CandorError: the engine cannot answer.
    """
    request = Replay(
        prompt=found.prompt,
        answer=(),
        at=found.first + index,
        sampling=sampling,
        search=look.search,
        trace=look.trace,
    )
    async with contextlib.aclosing(host.replay(request)) as events:
        async for event in events:
            return event if isinstance(event, Replayed) else None
    return None


def _place(text: str, prompt: ChatPrompt, message: int) -> tuple[int, int]:
    """Where a message stands in the prompt: behind those before it that the template kept."""
    wanted = message % len(prompt.messages)
    contents = [each.content.strip() for each in prompt.messages[: wanted + 1]]
    end = 0
    for content in contents[:-1]:
        if (found := text.find(content, end)) >= 0:
            end = found + len(content)
    start = text.find(contents[-1], end)
    if start < 0 or not contents[-1]:
        raise InvalidRequest("The chat template changes this text, so it has no own tokens.")
    return start, start + len(contents[-1])
