"""Has an answer made again from the record of what made it, and says where it parts, if it does.

In 32-bit floats on the same machine it comes out the same; graphs with 8-bit activations round by
how many tokens run at once, and another model, device or version may give other tokens.
"""

import contextlib
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from app.domain.conversation import AnswerOptions, Turn
from app.domain.events import Delta
from app.domain.origin import Origin, differences
from app.domain.requests import Generate
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.services.asking import generation
from app.services.engine_host import EngineHost


class Repeated(Struct, frozen=True, kw_only=True):
    """How a repetition went: `same` is the number of tokens that were equal, of `total`.

    Where it parts, `expected` is the answer's token and `got` the new one, None where one of them
    has ended. `differences` are sentences on what is not as it was.
    """

    same: int
    total: int
    expected: TokenRecord | None
    got: TokenRecord | None
    differences: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether it came out the same."""
        return self.expected is None and self.got is None


async def repeat(host: EngineHost, before: Sequence[Turn], answer: Turn) -> Repeated:
    """Make `answer`, which followed the turns `before`, again on the model that is loaded.

    Raises:
        InvalidRequest: what made it is not known.
        CandorError: the engine cannot answer.
    """
    if answer.origin is None or not answer.tokens:
        raise InvalidRequest("It is not known what made this answer.", "Ask again to have one.")
    info = await host.ready()
    versions = host.worker.versions if host.worker else {}
    request = _request(before, answer, answer.origin)
    same = 0
    async with contextlib.aclosing(host.generate(request)) as events:
        async for event in events:
            for token in event.tokens if isinstance(event, Delta) else ():
                if same == len(answer.tokens) or token.id != answer.tokens[same].id:
                    expected = answer.tokens[same] if same < len(answer.tokens) else None
                    return _repeated(
                        answer, same, expected, token, differences(answer.origin, info, versions)
                    )
                same += 1
    expected = answer.tokens[same] if same < len(answer.tokens) else None
    return _repeated(answer, same, expected, None, differences(answer.origin, info, versions))


def _request(before: Sequence[Turn], answer: Turn, origin: Origin) -> Generate:
    prefix = tuple(token.id for token in answer.tokens[: origin.given])
    options = AnswerOptions(
        sampling=origin.sampling,
        reasoning=origin.reasoning,
        variables=origin.variables,
        past=origin.past,
        thought=origin.thought,
        grammar=origin.grammar,
        max_tokens=max(1, len(answer.tokens) - len(prefix)),
        top_logprobs=0,
    )
    return replace(generation(list(before), options), prefix=prefix)


def _repeated(
    answer: Turn,
    same: int,
    expected: TokenRecord | None,
    got: TokenRecord | None,
    found: tuple[str, ...],
) -> Repeated:
    return Repeated(
        same=same, total=len(answer.tokens), expected=expected, got=got, differences=found
    )
