"""The answer that is being written: deltas in, a `Turn` out at any moment."""

from collections.abc import Callable, Sequence
from itertools import zip_longest

from msgspec.structs import replace

from app.domain.conversation import Turn, TurnState
from app.domain.events import Delta, Finished
from app.domain.messages import Role
from app.domain.origin import Origin
from app.domain.tokens import Channel, TokenRecord


class Draft:
    """Gathers one answer; `clock` gives seconds and times the reasoning.

    It begins with the tokens that it has `shared` with another answer, whose numbers they keep.
    `origin` is what makes it; the seed comes with the end.
    """

    def __init__(
        self,
        id: int,
        clock: Callable[[], float],
        shared: Sequence[TokenRecord] = (),
        origin: Origin | None = None,
    ) -> None:
        self.id = id
        self._shared = shared
        self._origin = origin
        self._clock = clock
        self._texts: dict[Channel, list[str]] = {channel: [] for channel in Channel}
        self._tokens: list[TokenRecord] = []
        self._finished: Finished | None = None
        self._thinking_since: float | None = None
        self._reasoning_s = 0.0

    def grow(self, delta: Delta) -> Delta:
        """Append what came; returns it with the numbers of the tokens that are shared."""
        delta = self._with_numbers(delta)
        self._texts[delta.channel].append(delta.text)
        self._tokens.extend(delta.tokens)
        self._time(thinking=delta.channel is Channel.REASONING)
        return delta

    def finish(self, finished: Finished) -> None:
        """Keep the counts and speeds that the request ended with."""
        self._finished = finished
        if self._origin is not None:
            drawn = replace(self._origin.sampling, seed=finished.seed)
            self._origin = replace(self._origin, sampling=drawn)

    def turn(self) -> Turn:
        """The answer as it is now."""
        done = self._finished
        return Turn(
            id=self.id,
            role=Role.ASSISTANT,
            state=TurnState.STREAMING,
            text="".join(self._texts[Channel.ANSWER]),
            reasoning="".join(self._texts[Channel.REASONING]),
            tool_call="".join(self._texts[Channel.TOOL]),
            tokens=tuple(self._tokens),
            reasoning_s=self._reasoning_s + self._open_s(),
            usage=done.usage if done else None,
            timings=done.timings if done else None,
            origin=self._origin,
            drafting=done.drafting if done else None,
        )

    def _with_numbers(self, delta: Delta) -> Delta:
        known = self._shared[len(self._tokens) :]
        if not known:
            return delta
        pairs = zip_longest(delta.tokens, known[: len(delta.tokens)])
        tokens = tuple(
            replace(old, start=new.start, end=new.end, channel=new.channel) if old else new
            for new, old in pairs
        )
        return replace(delta, tokens=tokens)

    def _time(self, *, thinking: bool) -> None:
        if thinking and self._thinking_since is None:
            self._thinking_since = self._clock()
        elif not thinking:
            self._reasoning_s += self._open_s()
            self._thinking_since = None

    def _open_s(self) -> float:
        return 0.0 if self._thinking_since is None else self._clock() - self._thinking_since
