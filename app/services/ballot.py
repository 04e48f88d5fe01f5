"""Answers that are written beside the one that is shown, and what they say together."""

import asyncio
import contextlib
from collections.abc import Sequence

from msgspec.structs import replace

from app.domain import best_of
from app.domain.best_of import Poll, Sample
from app.domain.conversation import Turn, TurnState, ended
from app.domain.events import Delta, Finished
from app.domain.requests import Generate
from app.services.answer import Answer
from app.services.draft import Draft
from app.services.engine_host import EngineHost

WEAK = "The majority is weak: do not rely on it."
SHOWN = 60


class Ballot:
    """Asks for several answers at once, each into its draft; they are turns once all have ended."""

    def __init__(
        self, host: EngineHost, requests: Sequence[Generate], drafts: Sequence[Draft]
    ) -> None:
        self._streams = [host.generate(request) for request in requests]
        self._drafts = drafts
        pairs = zip(self._streams, drafts, strict=True)
        self._work = [asyncio.ensure_future(_take_in(stream, draft)) for stream, draft in pairs]

    async def turns(self) -> list[Turn]:
        """The answers, once they have ended.

        Raises:
            CandorError: one of them failed.
        """
        await asyncio.gather(*self._work)
        return [ended(draft.turn(), TurnState.FINISHED, "") for draft in self._drafts]

    def stop(self) -> None:
        """End them within one token."""
        for stream in self._streams:
            stream.cancel()

    async def close(self) -> None:
        """Abandon those that have not ended."""
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)


def elected(turns: Sequence[Turn]) -> Turn:
    """The answer that most of `turns` come to; its note says how strong that majority is."""
    found = counted(turns)
    turn, won = turns[found.winner], found.clusters[0]
    final = won.final if len(won.final) <= SHOWN else f"{won.final[:SHOWN]}…"
    told = f"{won.votes} of {len(turns)} answers come to {f'“{final}”' if final else 'nothing'}."
    cost = f"Margin {found.margin}, {found.tokens:,} tokens in all."
    lines = (turn.note, f"{told} {cost}", WEAK if found.is_weak else "")
    return replace(turn, note="\n".join(filter(None, lines)))


def voters(turns: Sequence[Turn], of: Turn) -> list[Turn]:
    """Those of the versions of an answer that were written at once with it, the oldest first."""
    ballot = of.origin.ballot if of.origin else None
    return [each for each in turns if ballot and each.origin and each.origin.ballot == ballot]


def counted(turns: Sequence[Turn]) -> Poll:
    """How the votes of these answers fall."""
    return best_of.poll([_sample(turn) for turn in turns])


def _sample(turn: Turn) -> Sample:
    mean = best_of.mean_logprob(turn.tokens)
    return Sample(text=turn.text, mean_logprob=mean, usage=turn.usage or Sample(text="").usage)


async def _take_in(stream: Answer, draft: Draft) -> None:
    async with contextlib.aclosing(stream):
        async for event in stream:
            if isinstance(event, Delta):
                draft.grow(event)
            elif isinstance(event, Finished):
                draft.finish(event)
