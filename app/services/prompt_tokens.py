"""The tokens of a prompt as the model read them, with the numbers it gave each.

In: what the model was asked with. Out: records of all its tokens, and any of them replayed. The
template's control tokens are written by their names, so that nothing the model read is unseen.
"""

import contextlib
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from app.domain.events import Delta, Progress, Replayed
from app.domain.requests import ChatPrompt, IdsPrompt, Replay, Score
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost
from app.services.replay import CLOSE, OTHER_NUMBERS, Look, distance, replayed

FIRST = "No token comes before the first one, so the model gave it no probability."
CANDIDATES = 8


class PromptTokens(Struct, frozen=True):
    """All `tokens` of a prompt; their spans count code points in `text`.

    `question` is the number of the first token of the last message, 0 where the template changed
    its text.
    """

    text: str
    tokens: tuple[TokenRecord, ...]
    question: int

    @property
    def ids(self) -> tuple[int, ...]:
        """What the model read."""
        return tuple(token.id for token in self.tokens)


async def read_prompt(
    host: EngineHost, prompt: ChatPrompt, on_progress: Callable[[Progress], None]
) -> PromptTokens:
    """The tokens of `prompt`. Cancelling the caller ends it in the worker.

    Raises:
        CandorError: the engine cannot answer.
    """
    text, tokens = "", list[TokenRecord]()
    request = Score(prompt=prompt, top_logprobs=CANDIDATES)
    async with contextlib.aclosing(host.score(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                text += event.text
                tokens += event.tokens
            elif isinstance(event, Progress):
                on_progress(event)
    text, tokens = with_names(text, tokens, await _names(host, tokens))
    asked = text.rfind(prompt.messages[-1].content.strip())
    question = next((n for n, token in enumerate(tokens) if token.end > asked >= 0), 0)
    return PromptTokens(text, tuple(tokens), question)


async def replay_prompt(
    host: EngineHost, found: PromptTokens, index: int, sampling: SamplingParams, look: Look
) -> Replayed | None:
    """Token `index` of a prompt once more; None where a newer replay took its place.

    Raises:
        InvalidRequest: it is the first, or another model is loaded by now.
        CandorError: the engine cannot answer.
    """
    if not index:
        raise InvalidRequest(FIRST)
    token = found.tokens[index]
    again = await replayed(
        host,
        Replay(
            prompt=IdsPrompt(found.ids),
            answer=(),
            at=index,
            sampling=sampling,
            tokens=(token.id, *(each.id for each in token.top)),
            search=look.search,
            trace=look.trace,
        ),
    )
    if again is not None and distance(token, again) > CLOSE:
        raise InvalidRequest(OTHER_NUMBERS)
    return again


def with_names(
    text: str, tokens: Sequence[TokenRecord], names: dict[int, str]
) -> tuple[str, list[TokenRecord]]:
    """The text with the names of its control tokens, which have no bytes, where they stand."""
    pieces: list[str] = []
    done = shift = 0
    found: list[TokenRecord] = []
    for token in tokens:
        name = "" if token.data else names.get(token.id, "")
        start = token.start + shift
        if name:
            pieces += (text[done : token.start], name)
            done, shift = token.start, shift + len(name)
        found.append(replace(token, start=start, end=token.end + shift))
    return "".join([*pieces, text[done:]]), found


async def _names(host: EngineHost, tokens: Sequence[TokenRecord]) -> dict[int, str]:
    """What the vocabulary calls those tokens that have no bytes."""
    controls = tuple({token.id for token in tokens if not token.data})
    if not controls or len(tokens) < 2:
        return {}
    request = Replay(
        prompt=IdsPrompt(tuple(token.id for token in tokens[:2])),
        answer=(),
        at=1,
        sampling=SamplingParams(),
        top=0,
        tokens=controls,
    )
    while (told := await replayed(host, request)) is None:
        pass  # a newer look at a token took its place
    return {each.id: each.name for each in told.alternatives}
