"""Records for every token of a given text, with nothing to sample.

`begin` makes a scoring of a request, which `generate.tick` reads chunk by chunk.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from app.domain.events import Event, FinishReason, Progress, Stage, Timings, Usage
from app.domain.requests import ChatPrompt, Score
from app.domain.tokens import Channel, Source
from app.engine.model import Model
from app.engine.plain_transcript import PlainTranscript
from app.engine.prompt import Encoded, check_candidates, encode, encode_long, token_bytes
from app.engine.sampling.block import block_numbers
from app.engine.sampling.record import Choice
from app.engine.sampling.rows import RowStore
from app.engine.windows import Window, windows
from app.engine.work import Work
from app.errors import ContextExceeded, InvalidRequest


class Scoring(Work):
    """One request to score: a text of `total` ids, window by window.

    The tokens of a window from its `fresh` one on get records; those before it are context. The
    first `scored` ids of the window are done with.
    """

    every_position = True

    def __init__(
        self, parts: Iterator[Window], total: int, transcript: PlainTranscript, top_logprobs: int
    ) -> None:
        self._parts = parts
        self._part = next(parts)
        super().__init__(self._part.ids, transcript)
        self._transcript = transcript
        self.total = total
        self.scored = 0
        self.top_logprobs = top_logprobs
        self._run = 0

    @property
    def reusable(self) -> Sequence[int]:
        """What needs no logits any more, or never did; the rest of a cache has none."""
        return self.ids[: max(self.scored + 1, self._part.fresh)]

    def advance(self, count: int, logits: np.ndarray, rows: RowStore) -> list[Event]:
        """Give out the records of the next `count` ids."""
        for choice in self._choices(logits):
            self._transcript.push(choice)
        self.computed += count
        self.scored = max(self.scored, self.computed)
        self._run += count
        done = self._part.offset + self.computed
        if self.computed == len(self.ids):
            self._turn_over()
        return [Progress(Stage.SCORE, done, self.total), *self.events()]

    def usage(self) -> Usage:
        """All its tokens are prompt."""
        return Usage(self.total, 0, 0, self._cached or 0)

    def timings(self) -> Timings:
        """The speed of reading."""
        return self.clock.timings(self._run, 0)

    def _turn_over(self) -> None:
        """Go on with the next window, or end with the last one."""
        part = next(self._parts, None)
        if part is None:
            self.clock.token()
            self.end(FinishReason.STOP)
            return
        self._part, self.ids = part, part.ids
        self.computed = self.scored = 0
        self.restarts = True

    def _choices(self, logits: np.ndarray) -> list[Choice]:
        """The choices that follow from `logits`, float32 [n, V], of the next n ids.

        Row i speaks of the token behind the i-th; a text without context before it begins with a
        token that no row speaks of.
        """
        alone = self.scored == 0 and self._part.fresh == 0
        chosen = [Choice(self.ids[0], Source.FORCED, None)] if alone else []
        begin = self.computed + 1
        skip = max(0, max(self.scored + 1, self._part.fresh) - begin)
        tokens = self.ids[begin + skip : begin + len(logits)]
        numbers = block_numbers(logits[skip:], tokens, self.top_logprobs)
        pairs = zip(tokens, numbers, strict=True)
        return chosen + [Choice(token, Source.FORCED, each) for token, each in pairs]


def begin(model: Model, request: Score) -> Scoring:
    """The scoring of a request, nothing of it computed yet.

    Raises:
        InvalidRequest: a parameter or the text cannot be used with this model.
        ContextExceeded: the text does not fit the context, and no stride was given.
    """
    check_candidates(request.top_logprobs)
    encoded = _encode(model, request)
    context = max(encoded.own_start, request.context)
    if request.context < 0 or context >= len(encoded.ids):
        raise InvalidRequest("There is no text to score.")
    parts = windows(encoded, request.context, model.forward.capacity, request.stride)
    transcript = PlainTranscript(Channel.PROMPT, token_bytes(model))
    return Scoring(parts, len(encoded.ids), transcript, request.top_logprobs)


def _encode(model: Model, request: Score) -> Encoded:
    prompt, capacity = request.prompt, model.forward.capacity
    if request.stride is not None and not isinstance(prompt, ChatPrompt):
        return encode_long(model, prompt)
    try:
        return encode(model, prompt, spare=0)
    except ContextExceeded as error:
        if isinstance(prompt, ChatPrompt):
            raise
        raise ContextExceeded(
            error.message, f"Score it in windows, with a stride below {capacity:,} tokens."
        ) from error
