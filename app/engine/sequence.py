"""The state of one generation while it runs: ids, forced queue, sampler, transcript, limits."""

from collections import deque
from collections.abc import Sequence as Ids
from dataclasses import dataclass

import numpy as np

from app.domain.events import Event, FinishReason, Progress, Stage, Timings, Usage
from app.domain.tokens import Channel, Source
from app.engine.sampling.history import History
from app.engine.sampling.record import Choice
from app.engine.sampling.rows import RowStore, Trail
from app.engine.sampling.sampler import Sampler
from app.engine.sampling.step import step
from app.engine.transcript import Transcript
from app.engine.work import Work


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends a sequence besides a stop string: end tokens and counts of tokens.

    `completion` is the most tokens to generate, `context` the most that prompt and answer may
    take together.
    """

    ends: frozenset[int]
    completion: int | None
    context: int


class Sequence(Work):
    """One request to generate.

    `ids` are the prompt's and the answer's so far; `trail` is their fingerprint. Tokens in
    `forced` come next, whatever the model thinks; they need no sampler. Those of the `prefix` are
    read like the prompt, but for the last one, which is forced, so that it has numbers.
    """

    def __init__(
        self,
        prompt: list[int],
        sampler: Sampler,
        history: History,
        transcript: Transcript,
        limits: Limits,
        top_logprobs: int,
        prefix: Ids[int] = (),
    ) -> None:
        super().__init__([*prompt, *prefix[:-1]], transcript)
        self.trail = Trail(self.ids)
        self.forced: deque[int] = deque(prefix[-1:])
        self.sampler = sampler
        self.history = history
        self.top_logprobs = top_logprobs
        self.prompt_length = len(prompt)
        self._given = len(self.ids)
        self._limits = limits
        for token in prefix[:-1]:
            self.history.add(token)
            transcript.push(Choice(token, Source.FORCED, None), hidden=token in limits.ends)

    @property
    def reusable(self) -> Ids[int]:
        """All ids."""
        return self.ids

    @property
    def seed(self) -> int | None:
        """That of its sampler."""
        return self.sampler.seed

    @property
    def completion_length(self) -> int:
        """Tokens generated so far, the one that ended the answer included."""
        return len(self.ids) - self.prompt_length

    def advance(self, count: int, logits: np.ndarray, rows: RowStore) -> list[Event]:
        """Go on by `count` ids; behind the last one comes the next token, whose row is kept."""
        self.computed += count
        prefill = self.computed <= self._given
        progress = [Progress(Stage.PREFILL, self.computed, self._given)] if prefill else []
        if self.computed == len(self.ids):
            rows.keep(self.trail.key, logits[-1])
            for choice in step(self, logits[-1]):
                self.accept(choice)
                if self.finished:
                    break
        return [*progress, *self.events()]

    def accept(self, choice: Choice) -> None:
        """Append a token, and end if it is the last."""
        self.clock.token()
        self.ids.append(choice.token)
        self.trail.add(choice.token)
        self.history.add(choice.token)
        ends = choice.token in self._limits.ends
        self._transcript.push(choice, hidden=ends)
        reason = self._reason(ends)
        if reason:
            self.end(reason)

    def usage(self) -> Usage:
        """Its counts of tokens."""
        return Usage(
            prompt_tokens=self.prompt_length,
            completion_tokens=self.completion_length,
            reasoning_tokens=self._transcript.counts[Channel.REASONING],
            cached_tokens=self._cached or 0,
        )

    def timings(self) -> Timings:
        """Its speeds, over the tokens that were computed."""
        read = self.prompt_length - (self._cached or 0)
        return self.clock.timings(read, self.completion_length)

    def _reason(self, ends: bool) -> FinishReason | None:
        if ends or self._transcript.stopped:
            return FinishReason.STOP
        if self.completion_length == self._limits.completion:
            return FinishReason.LENGTH
        return FinishReason.CONTEXT if len(self.ids) == self._limits.context else None
