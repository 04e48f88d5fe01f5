"""Records for every token of a given text: the loop of `generate` with nothing to sample.

`begin` makes a scoring of a request, `tick` reads one chunk of it.
"""

import numpy as np

from app.domain.events import Event, Finished, FinishReason, Progress, Stage, Usage
from app.domain.requests import Score
from app.domain.tokens import Channel, Source
from app.engine.channels import PLAIN, ChannelSplitter
from app.engine.clock import Clock
from app.engine.forward import CHUNK
from app.engine.generate import check_candidates
from app.engine.model import Model
from app.engine.prompt import encode, token_bytes
from app.engine.record import Choice, Numbers
from app.engine.statistics import Distribution
from app.engine.stop import StopStrings
from app.engine.transcript import Transcript
from app.errors import InvalidRequest


class Scoring:
    """One request to score.

    The tokens of `ids` from `own_start` on get records; those before it, which the tokenizer put
    there, are context. The first `computed` ids are in the model's cache.
    """

    def __init__(
        self, ids: list[int], own_start: int, transcript: Transcript, top_logprobs: int
    ) -> None:
        self.ids = ids
        self.own_start = own_start
        self.computed = 0
        self.transcript = transcript
        self.top_logprobs = top_logprobs
        self.reason: FinishReason | None = None
        self.cancelled = False
        self.clock = Clock()

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.reason is not None

    def cancel(self) -> None:
        """End within one tick."""
        self.cancelled = True

    def choices(self, logits: np.ndarray) -> list[Choice]:
        """The choices that follow from `logits`, float32 [n, V], of the next n ids.

        Row i speaks of the token behind the i-th; a text without context before it begins with a
        token that no row speaks of.
        """
        alone = self.computed == 0 and self.own_start == 0
        chosen = [Choice(self.ids[0], Source.FORCED, None)] if alone else []
        for row, token in enumerate(self.ids[self.computed + 1 :][: len(logits)]):
            if self.computed + 1 + row >= self.own_start:
                numbers = Numbers.of(Distribution.of(logits[row]), token, self.top_logprobs)
                chosen.append(Choice(token, Source.FORCED, numbers))
        return chosen

    def end(self, reason: FinishReason) -> None:
        """Read no more."""
        self.reason = reason
        self.transcript.close()

    def events(self) -> list[Event]:
        """What came since the last call; Finished closes an ended scoring."""
        deltas = self.transcript.take()
        if self.reason is None:
            return [*deltas]
        usage = Usage(len(self.ids), 0, 0, 0)
        return [*deltas, Finished(self.reason, usage, self.clock.timings(self.computed, 0), None)]


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


def tick(model: Model, scoring: Scoring) -> list[Event]:
    """Read one chunk and say what came of it; the last event is Finished."""
    if scoring.cancelled:
        scoring.end(FinishReason.CANCELLED)
        return scoring.events()
    if not scoring.computed:
        # What is cached has no logits any more, so everything is read again.
        model.forward.clear()
        scoring.clock.started()
    chunk = scoring.ids[scoring.computed : scoring.computed + CHUNK]
    logits = model.forward.run(chunk, every_position=True)
    for choice in scoring.choices(logits):
        scoring.transcript.push(choice)
    scoring.computed += len(chunk)
    progress = Progress(Stage.SCORE, scoring.computed, len(scoring.ids))
    if scoring.computed == len(scoring.ids):
        scoring.clock.token()
        scoring.end(FinishReason.STOP)
    return [progress, *scoring.events()]
