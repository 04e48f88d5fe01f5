"""Measures a request: seconds to the first token, tokens per second before and after it."""

import time
from dataclasses import dataclass, field

from app.domain.events import Timings


@dataclass(slots=True)
class Clock:
    """Times (seconds) at which the request began, its prompt began to be read, tokens came."""

    began: float = field(default_factory=time.perf_counter)
    reading: float | None = None
    first: float | None = None
    last: float | None = None

    def started(self) -> None:
        """The model begins to read the prompt."""
        self.reading = time.perf_counter()

    def token(self) -> None:
        """A token came."""
        self.last = time.perf_counter()
        if self.first is None:
            self.first = self.last

    def timings(self, read: int, generated: int) -> Timings:
        """Speeds for `read` computed prompt tokens and `generated` answer tokens."""
        if self.reading is None or self.first is None or self.last is None:
            return Timings(0.0, 0.0, 0.0)
        return Timings(
            first_token_s=self.first - self.began,
            prefill_tokens_per_s=_rate(read, self.first - self.reading),
            decode_tokens_per_s=_rate(generated - 1, self.last - self.first),
        )


def _rate(count: int, seconds: float) -> float:
    return count / seconds if count > 0 and seconds > 0 else 0.0
