"""The state of one generation while it runs: ids, forced queue, sampler, transcript, limits."""

from collections import deque
from collections.abc import Sequence as Ids
from dataclasses import dataclass

import numpy as np

from app.domain.drafting import DraftReport
from app.domain.events import Event, FinishReason, Progress, Stage, Timings, Usage
from app.domain.tokens import Channel, Source
from app.engine.budget import Budget
from app.engine.sampling.history import History
from app.engine.sampling.proposal import Proposal
from app.engine.sampling.record import Choice
from app.engine.sampling.rows import RowStore, Trail
from app.engine.sampling.sampler import Sampler
from app.engine.sampling.step import speculate, step
from app.engine.speculation.drafter import Drafter
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
    `budget` limits the thought.
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
        drafter: Drafter | None = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__([*prompt, *prefix[:-1]], transcript)
        self._transcript = transcript
        self.trail = Trail(self.ids)
        self.forced: deque[int] = deque(prefix[-1:])
        self.budget = budget
        self.sampler = sampler
        self.history = history
        self.top_logprobs = top_logprobs
        self.prompt_length = len(prompt)
        self._given = len(self.ids)
        self._limits = limits
        self._begun = len(prompt) + len(prefix)
        for token in prefix[:-1]:
            self.history.add(token)
            transcript.push(Choice(token, Source.FORCED, None), hidden=token in limits.ends)
            if budget is not None:
                budget.add(token, transcript.channel)
        if budget is not None and not prefix:
            self.forced.extend(budget.begin(transcript.channel))
        self._drafter = drafter

    @property
    def reusable(self) -> Ids[int]:
        """All ids."""
        return self.ids

    @property
    def seed(self) -> int | None:
        """That of its sampler."""
        return self.sampler.seed

    @property
    def room(self) -> int:
        """How many tokens may come."""
        free = self._limits.context - len(self.ids)
        most = self._limits.completion
        return free if most is None else min(free, most - self.completion_length)

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
            if self._drafter:
                self._drafter.done(self)
        return [*progress, *self.events()]

    def propose(self, *, alone: bool) -> Ids[Proposal]:
        """What a draft has for the next run; nothing where there is none, or tokens are forced."""
        if self._drafter is None or self.forced:
            return ()
        return self._drafter.propose(self, alone=alone)

    def verify(self, proposals: Ids[Proposal], logits: np.ndarray, rows: RowStore) -> None:
        """Take what `logits`, float32 [1 + n, V], leave of n proposals, and the token behind them.

        The cache holds all of the proposals then; `settle` says how far it was rewound.
        """
        for row, choice in enumerate(speculate(self, logits, proposals)):
            rows.keep(self.trail.key, logits[row])
            if self._drafter:
                self._drafter.saw(choice)
            self.accept(choice)
            if self.finished:
                break

    def settle(self, computed: int) -> list[Event]:
        """Go on from a cache that holds the first `computed` ids, at most all but the last."""
        self.computed = computed
        if self._drafter and self.computed == len(self.ids) - 1:
            self._drafter.done(self)
        return self.events()

    def left(self) -> None:
        """Its draft's slot goes with its own."""
        if self._drafter:
            self._drafter.close()

    def answer_now(self) -> None:
        """End the thought within one token."""
        if self.budget is not None:
            closing = self.budget.answer_now()
            self.forced.extend(() if self.forced else closing)

    def accept(self, choice: Choice) -> None:
        """Append a token, and end if it is the last."""
        self.clock.token()
        self.ids.append(choice.token)
        self.trail.add(choice.token)
        self.history.add(choice.token)
        ends = choice.token in self._limits.ends
        self._transcript.push(choice, hidden=ends)
        self._limit_thought(choice)
        reason = self._reason(ends)
        if reason:
            self.end(reason)

    def drafting(self) -> DraftReport | None:
        """What its drafts did."""
        return self._drafter.report() if self._drafter else None

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

    def _limit_thought(self, choice: Choice) -> None:
        budget, channel = self.budget, self._transcript.channel
        if budget is None:
            return
        if choice.source is Source.FORCED and len(self.ids) > self._begun:
            budget.forced(channel)
        else:
            self.forced.extend(budget.add(choice.token, channel))
        self.history.favoured = budget.favour(choice.token)

    def _reason(self, ends: bool) -> FinishReason | None:
        if ends or self._transcript.stopped:
            return FinishReason.STOP
        if self.completion_length == self._limits.completion:
            return FinishReason.LENGTH
        return FinishReason.CONTEXT if len(self.ids) == self._limits.context else None
