"""The state of one request while it runs: ids, forced queue, sampler, transcript, limits, clock."""

from collections import deque
from dataclasses import dataclass

from app.domain.events import Event, Finished, FinishReason, Progress, Stage, Usage
from app.domain.tokens import Channel
from app.engine.clock import Clock
from app.engine.record import Choice
from app.engine.rows import Trail
from app.engine.sampler import History, Sampler
from app.engine.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends a sequence besides a stop string: end tokens and counts of tokens.

    `completion` is the most tokens to generate, `context` the most that prompt and answer may
    take together.
    """

    ends: frozenset[int]
    completion: int | None
    context: int


class Sequence:
    """One request to generate.

    `ids` are the prompt's and the answer's so far, the first `computed` of them in the model's
    cache; `trail` is their fingerprint. Tokens in `forced` come next, whatever the model thinks;
    they need no sampler. `reason` is None until the sequence has ended.
    """

    def __init__(
        self,
        prompt: list[int],
        sampler: Sampler,
        history: History,
        transcript: Transcript,
        limits: Limits,
        top_logprobs: int,
    ) -> None:
        self.ids = list(prompt)
        self.trail = Trail(prompt)
        self.computed = 0
        self.forced: deque[int] = deque()
        self.sampler = sampler
        self.history = history
        self.top_logprobs = top_logprobs
        self.reason: FinishReason | None = None
        self.cancelled = False
        self.clock = Clock()
        self.prompt_length = len(prompt)
        self._cached = 0
        self._transcript = transcript
        self._limits = limits

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.reason is not None

    @property
    def started(self) -> bool:
        """Whether the model has begun to read."""
        return self.clock.reading is not None

    @property
    def completion_length(self) -> int:
        """Tokens generated so far, the one that ended the answer included."""
        return len(self.ids) - self.prompt_length

    def cancel(self) -> None:
        """End within one tick."""
        self.cancelled = True

    def start(self, cached: int) -> None:
        """The model begins to read; it holds the first `cached` tokens already."""
        self.computed = self._cached = cached
        self.clock.started()

    def advance(self, count: int) -> list[Event]:
        """The model has read `count` more ids."""
        self.computed += count
        if self.computed > self.prompt_length:
            return []
        return [Progress(Stage.PREFILL, self.computed, self.prompt_length)]

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

    def end(self, reason: FinishReason) -> None:
        """Take no more tokens."""
        self.reason = reason
        self._transcript.close()

    def events(self) -> list[Event]:
        """What came since the last call; Finished closes an ended sequence."""
        deltas = self._transcript.take()
        return [*deltas, self._result()] if self.finished else [*deltas]

    def _result(self) -> Finished:
        assert self.reason is not None
        usage = Usage(
            prompt_tokens=self.prompt_length,
            completion_tokens=self.completion_length,
            reasoning_tokens=self._transcript.counts[Channel.REASONING],
            cached_tokens=self._cached,
        )
        timings = self.clock.timings(self.prompt_length - self._cached, self.completion_length)
        return Finished(self.reason, usage, timings, self.sampler.seed)

    def _reason(self, ends: bool) -> FinishReason | None:
        if ends or self._transcript.stopped:
            return FinishReason.STOP
        if self.completion_length == self._limits.completion:
            return FinishReason.LENGTH
        return FinishReason.CONTEXT if len(self.ids) == self._limits.context else None
