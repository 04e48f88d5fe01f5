"""A token of an answer once more, under any sampling, proven to be that token.

What the model was asked with is not stored; it is built again from the turns before the answer, as
`Conversation` builds it, and from the ids of the answer's own tokens. The proof is the stored
record: a replay whose raw numbers are not the record's is of another model or another prompt and
is never given out. How a template's reasoning switch stood is found out in the same way.
"""

import contextlib
import math
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from app.domain.conversation import Turn, history
from app.domain.events import Replayed
from app.domain.grammar import Grammar
from app.domain.models import ModelInfo
from app.domain.reasoning import PastThoughts, keeps_by
from app.domain.requests import ChatPrompt, Replay, TokenSearch, Variables
from app.domain.sampling import SamplingParams
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest, UserError
from app.services.engine_host import EngineHost

EXACT = 1e-3  # nats: two runs of one graph in 32-bit floats lie nearer
CLOSE = 0.35  # nats: 8-bit activations move a logit, and the sum of all, by up to 0.16 each
OTHER_NUMBERS = "The loaded model gives other numbers for this token."
GONE = "This answer is no longer part of the open chat."

_Answer = tuple[str, str, int]
"""A model's path and variant, and the turn it is asked about."""


class _Way(Struct, frozen=True):
    """How an answer may have been asked for."""

    reasoning: bool | None
    variables: Variables = {}
    past: PastThoughts = PastThoughts.TEMPLATE

    def prompt(self, before: Sequence[Turn]) -> ChatPrompt:
        """The prompt that it was asked with, after the turns before it."""
        return ChatPrompt(history(before, self.past), self.reasoning, self.variables)


class _Attempt(Struct, frozen=True):
    """A replay of one way in which the answer may have been asked for."""

    apart: float
    way: _Way
    replayed: Replayed


class Look(Struct, frozen=True):
    """What else is asked of a position: other tokens, and every stage of the sampler."""

    search: TokenSearch | None = None
    trace: bool = False


class Replayer:
    """Replays tokens on the model that is loaded."""

    def __init__(self, host: EngineHost) -> None:
        self._host = host
        self._asked: dict[_Answer, tuple[_Way, ...]] = {}

    async def replay(
        self,
        turns: Sequence[Turn],
        turn_id: int,
        index: int,
        sampling: SamplingParams,
        look: Look = Look(),  # noqa: B008
    ) -> Replayed | None:
        """Token `index` of the answer `turn_id`, held to that answer's grammar if it had one; None
        where a newer replay took its place.

        Raises:
            InvalidRequest: the loaded model did not write this answer.
            CandorError: the engine cannot answer.
        """
        model = self._host.status.model
        before, answer = _split(turns, turn_id)
        if model is None or index >= len(answer.tokens):
            raise InvalidRequest(GONE)
        known = (model.path, model.variant, turn_id)
        found: list[_Attempt] = []
        for way in self._asked.get(known, _ways(model, before, answer)):
            request = _request(way.prompt(before), answer.tokens, index, sampling)
            request = replace(
                request, search=look.search, trace=look.trace, grammar=_grammar(answer)
            )
            again = await replayed(self._host, request)
            if again is None:
                return None
            apart = distance(answer.tokens[index], again)
            found.append(_Attempt(apart, way, again))
            if apart <= EXACT:
                break
        return self._proven(known, found)

    async def prompt(self, turns: Sequence[Turn], turn_id: int, index: int) -> ChatPrompt:
        """What an answer was asked with, proven by its token `index`. Raises as `replay`."""
        if await self.replay(turns, turn_id, index, SamplingParams()) is None:
            raise InvalidRequest("Another token is being looked at.", "Try again.")
        model = self._host.status.model
        ways = self._asked[(model.path, model.variant, turn_id)] if model else ()
        if not ways:
            raise InvalidRequest(OTHER_NUMBERS)
        return ways[0].prompt(_split(turns, turn_id)[0])

    def _proven(self, known: _Answer, found: Sequence[_Attempt]) -> Replayed:
        """The replay that is nearest to the record, if it is near enough."""
        best = min(found, key=lambda each: each.apart, default=None)
        if best is None or best.apart > CLOSE:
            self._asked[known] = ()
            raise InvalidRequest(OTHER_NUMBERS)
        self._asked[known] = (best.way,)
        return best.replayed


async def replayed(host: EngineHost, request: Replay) -> Replayed | None:
    """What a replay gives; None where a newer one took its place.

    Raises:
        InvalidRequest: the loaded model cannot read this.
        CandorError: the engine cannot answer.
    """
    async with contextlib.aclosing(host.replay(request)) as events:
        try:
            async for event in events:
                return event if isinstance(event, Replayed) else None
        except UserError as error:
            raise InvalidRequest(OTHER_NUMBERS) from error
    return None


def distance(token: TokenRecord, replayed: Replayed) -> float:
    """The largest difference between the raw logprobs of a record and of a replay, in nats."""
    numbers = {each.id: each for each in replayed.alternatives}
    stored = [(each.id, each.data, each.logprob) for each in token.top]
    if token.logprob is not None:
        stored.append((token.id, token.data, token.logprob))
    if any(id not in numbers or numbers[id].data != data for id, data, _ in stored):
        return math.inf
    pairs = ((numbers[id].logprob, logprob) for id, _, logprob in stored)
    # Two logprobs of minus infinity are equal, though nothing can be subtracted from them.
    return max((abs(one - other) for one, other in pairs if one != other), default=0.0)


def _split(turns: Sequence[Turn], turn_id: int) -> tuple[Sequence[Turn], Turn]:
    """The turns before an answer, and the answer."""
    place = next((place for place, turn in enumerate(turns) if turn.id == turn_id), None)
    if place is None:
        raise InvalidRequest(GONE)
    return turns[:place], turns[place]


def _grammar(answer: Turn) -> Grammar | None:
    return answer.origin.grammar if answer.origin else None


def _ways(model: ModelInfo, before: Sequence[Turn], answer: Turn) -> tuple[_Way, ...]:
    """How the answer may have been asked for, the likelier way first."""
    on = (True, False) if answer.reasoning else (False, True)
    switches = (None,) if model.reasoning_switch is None else on
    levels = ({}, *({model.effort_switch or "": level} for level in model.effort_levels))
    pasts = [(PastThoughts.TEMPLATE, {})]
    if any(turn.reasoning for turn in before):
        pasts.append((PastThoughts.DROP, {}))
        if model.history_switch:
            pasts.append((PastThoughts.KEEP, keeps_by(model)))
    return tuple(
        _Way(switch, {**level, **kept}, past)
        for past, kept in pasts
        for switch in switches
        for level in (levels if switch is not False else levels[:1])
    )


def _request(
    prompt: ChatPrompt, tokens: Sequence[TokenRecord], index: int, sampling: SamplingParams
) -> Replay:
    token = tokens[index]
    return Replay(
        prompt=prompt,
        answer=tuple(each.id for each in tokens[:index]),
        sampling=sampling,
        tokens=(token.id, *(each.id for each in token.top)),
    )
