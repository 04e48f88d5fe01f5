"""Records for every token of a given text, with nothing to sample.

`begin` makes a scoring of a request, which `generate.tick` reads chunk by chunk.
"""

from collections.abc import Sequence

import numpy as np

from app.domain.events import Event, FinishReason, Progress, Stage, Timings, Usage
from app.domain.requests import Score
from app.domain.tokens import Channel, Source
from app.engine.model import Model
from app.engine.prompt import check_candidates, encode, token_bytes
from app.engine.sampling.record import Choice, Numbers
from app.engine.sampling.rows import RowStore
from app.engine.sampling.statistics import Distribution
from app.engine.text.channels import PLAIN, ChannelSplitter
from app.engine.text.stop import StopStrings
from app.engine.transcript import Transcript
from app.engine.work import Work
from app.errors import InvalidRequest


class Scoring(Work):
    """One request to score.

    The tokens of `ids` from `own_start` on get records; those before it, which the tokenizer put
    there, are context. The first `scored` ids are done with.
    """

    every_position = True

    def __init__(
        self, ids: list[int], own_start: int, transcript: Transcript, top_logprobs: int
    ) -> None:
        super().__init__(ids, transcript)
        self.own_start = own_start
        self.scored = 0
        self.top_logprobs = top_logprobs

    @property
    def reusable(self) -> Sequence[int]:
        """What is scored already; the rest of a cache has no logits any more."""
        return self.ids[: self.scored + 1]

    def advance(self, count: int, logits: np.ndarray, rows: RowStore) -> list[Event]:
        """Give out the records of the next `count` ids."""
        for choice in self._choices(logits):
            self._transcript.push(choice)
        self.computed += count
        self.scored = max(self.scored, self.computed)
        if self.computed == len(self.ids):
            self.clock.token()
            self.end(FinishReason.STOP)
        return [Progress(Stage.SCORE, self.computed, len(self.ids)), *self.events()]

    def usage(self) -> Usage:
        """All its tokens are prompt."""
        return Usage(len(self.ids), 0, 0, 0)

    def timings(self) -> Timings:
        """The speed of reading."""
        return self.clock.timings(self.computed, 0)

    def _choices(self, logits: np.ndarray) -> list[Choice]:
        """The choices that follow from `logits`, float32 [n, V], of the next n ids.

        Row i speaks of the token behind the i-th; a text without context before it begins with a
        token that no row speaks of.
        """
        alone = self.scored == 0 and self.own_start == 0
        chosen = [Choice(self.ids[0], Source.FORCED, None)] if alone else []
        for row, token in enumerate(self.ids[self.computed + 1 :][: len(logits)]):
            if self.computed + row + 1 > max(self.scored, self.own_start - 1):
                numbers = Numbers.of(Distribution.of(logits[row]), token, self.top_logprobs)
                chosen.append(Choice(token, Source.FORCED, numbers))
        return chosen


def begin(model: Model, request: Score) -> Scoring:
    """The scoring of a request, nothing of it computed yet.

    Raises:
        InvalidRequest: a parameter or the text cannot be used with this model.
        ContextExceeded: the text does not fit the context.
    """
    check_candidates(request.top_logprobs)
    encoded = encode(model, request.prompt, spare=0)
    if encoded.own_start == len(encoded.ids):
        raise InvalidRequest("There is no text to score.")
    splitter = ChannelSplitter(PLAIN, Channel.PROMPT)
    read = token_bytes(model)
    transcript = Transcript(splitter, StopStrings(()), read, read)
    return Scoring(encoded.ids, encoded.own_start, transcript, request.top_logprobs)
