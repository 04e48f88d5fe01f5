"""Speed measurements of a loaded model, made so that they can be trusted.

Rounds are alike: fresh random ids as the prompt, so that no cached prefix helps, and exactly the
asked number of tokens, whatever the model would rather do. Beside each rate stands how far the
rounds spread and how long the worker waited for a core.
"""

import random
import time
from collections.abc import Iterator, Sequence
from statistics import median

from msgspec import Struct

from app.cli.process_stats import ProcessStats, process_stats
from app.cli.session import Session
from app.cli.transcript import Transcript
from app.domain.events import Event, FinishReason
from app.domain.models import ModelInfo
from app.domain.requests import Generate, IdsPrompt
from app.domain.sampling import SamplingParams
from app.errors import InvalidRequest

BARRED = -1e4
MOST_STOP_TOKENS = 16
WAITING_TOLERATED = 0.05


class Round(Struct, frozen=True):
    """One measurement.

    `cores` is the worker's processor time over wall time, `waiting` the share of its threads'
    ready time that they spent waiting for a core; None where the system does not tell.
    """

    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    first_token_s: float
    cores: float | None
    waiting: float | None

    @property
    def disturbed(self) -> bool | None:
        """Whether other programs held the cores noticeably; None if that is unknown."""
        return None if self.waiting is None else self.waiting > WAITING_TOLERATED


class Spread(Struct, frozen=True):
    """Median, least and most of one number over the rounds."""

    median: float
    least: float
    most: float


class Benchmark:
    """Rounds of one size with one model.

    Raises:
        InvalidRequest: prompt and answer do not fit the context.
    """

    def __init__(self, session: Session, info: ModelInfo, prompt_tokens: int, tokens: int) -> None:
        if prompt_tokens + tokens > info.context_length:
            raise InvalidRequest(
                f"{prompt_tokens} and {tokens} tokens do not fit the context of"
                f" {info.context_length} tokens."
            )
        self._session = session
        self._vocabulary = info.vocabulary_size
        self._prompt_tokens = prompt_tokens
        self._tokens = tokens
        self._numbers = random.Random(0)
        self._barred: dict[int, float] = {}
        self._label = ""

    def rounds(self, count: int) -> Iterator[Round]:
        """Measure `count` times, after one round that only warms up.

        Raises:
            InvalidRequest: the model stops early by too many different tokens.
        """
        for number in range(count + 1):
            self._label = f"Round {number} of {count}" if number else "Warming up"
            measured = self._measure()
            if number:
                yield measured

    def _measure(self) -> Round:
        """One full run; one that the model ended early does not count, and another is made."""
        while True:
            before, start = self._stats(), time.perf_counter()
            transcript = self._run()
            wall = time.perf_counter() - start
            if self._is_full(transcript):
                return _round(transcript, before, self._stats(), wall)

    def _run(self) -> Transcript:
        """A prompt is never used twice: its keys and values would still be cached."""
        ids = self._numbers.choices(range(self._vocabulary), k=self._prompt_tokens)
        transcript = Transcript()
        request = Generate(
            prompt=IdsPrompt(tuple(ids)),
            sampling=SamplingParams(temperature=0.0, logit_bias=self._barred),
            max_tokens=self._tokens,
        )

        def take(event: Event) -> None:
            transcript.add(event)
            self._session.bar.update(self._label, len(transcript.tokens), self._tokens)

        self._session.ask(request, take)
        return transcript

    def _is_full(self, transcript: Transcript) -> bool:
        """Whether the length was reached; if not, the token that ended it is barred."""
        if transcript.finished.reason is FinishReason.LENGTH:
            return True
        if len(self._barred) == MOST_STOP_TOKENS:
            raise InvalidRequest("The model keeps ending its answers early.")
        self._barred = {**self._barred, transcript.tokens[-1].id: BARRED}
        return False

    def _stats(self) -> ProcessStats:
        return process_stats(self._session.pid)


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    return Spread(median(values), min(values), max(values))


def _round(transcript: Transcript, before: ProcessStats, after: ProcessStats, wall: float) -> Round:
    timings = transcript.finished.timings
    cpu = _grown(before.cpu_s, after.cpu_s)
    waited = _grown(before.waiting_s, after.waiting_s)
    return Round(
        timings.prefill_tokens_per_s,
        timings.decode_tokens_per_s,
        timings.first_token_s,
        None if cpu is None else cpu / wall,
        None if cpu is None or waited is None else waited / (cpu + waited or 1.0),
    )


def _grown(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else max(0.0, after - before)
