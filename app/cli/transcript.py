"""What a request has given so far: its events gathered into texts, tokens and the end."""

import math

from app.domain.events import Delta, Event, Finished
from app.domain.tokens import Channel, TokenRecord
from app.errors import Bug


class Transcript:
    """The answer of one request, growing with its events."""

    def __init__(self) -> None:
        self.tokens: list[TokenRecord] = []
        self._finished: Finished | None = None
        self._texts: dict[Channel, list[str]] = {channel: [] for channel in Channel}

    def add(self, event: Event) -> None:
        """Take in one event of the request."""
        if isinstance(event, Delta):
            self._texts[event.channel].append(event.text)
            self.tokens.extend(event.tokens)
        elif isinstance(event, Finished):
            self._finished = event

    @property
    def finished(self) -> Finished:
        """How the request ended.

        Raises:
            Bug: it has not.
        """
        if self._finished is None:
            raise Bug("A request ended without saying how.")
        return self._finished

    def text(self, channel: Channel = Channel.ANSWER) -> str:
        """The text of one channel."""
        return "".join(self._texts[channel])

    def mean_logprob(self, channel: Channel = Channel.ANSWER) -> float | None:
        """Mean raw logprob (nats) of a channel's tokens that have one; None if none has."""
        logprobs = [
            token.logprob
            for token in self.tokens
            if token.channel is channel and token.logprob is not None
        ]
        return math.fsum(logprobs) / len(logprobs) if logprobs else None
