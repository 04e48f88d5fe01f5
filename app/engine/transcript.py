"""Choices in, deltas out: joins each token with the text it became.

Runs token bytes through text stream, channels and stop strings, and gives a token out once the
fate of all its characters is decided. A delta's text is exactly what its tokens newly show.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.events import Delta
from app.domain.tokens import Channel, TokenRecord
from app.engine.sampling.record import Choice, TokenBytes, record
from app.engine.text.channels import ChannelSplitter, Segment
from app.engine.text.stop import StopStrings
from app.engine.text.textstream import Span, TextStream


@dataclass(frozen=True, slots=True)
class _Character:
    """A decided character: its place in its channel, and its text if it is shown."""

    channel: Channel
    text: str
    span: Span


class Transcript:
    """The text of one sequence, by channel.

    `counts` has the number of tokens given out per channel. `text_bytes` is what a token adds to
    the text; for markers that the tokenizer keeps as control tokens it differs from `token_bytes`.
    """

    def __init__(
        self,
        splitter: ChannelSplitter,
        stops: StopStrings,
        token_bytes: TokenBytes,
        text_bytes: TokenBytes,
    ) -> None:
        self.counts: Counter[Channel] = Counter()
        self._stream = TextStream()
        self._splitter = splitter
        self._stops = stops
        self._token_bytes = token_bytes
        self._text_bytes = text_bytes
        self._waiting: deque[tuple[Choice, Span]] = deque()
        self._characters: list[_Character] = []
        self._dropped = 0
        self._given = 0
        self._lengths: Counter[Channel] = Counter()
        self._batch = _Batch()

    @property
    def stopped(self) -> bool:
        """Whether a stop string was met."""
        return self._stops.matched

    @property
    def channel(self) -> Channel:
        """The channel that the text has come to."""
        return self._splitter.channel

    def push(self, choice: Choice, hidden: bool = False) -> None:
        """Append a token, whose bytes are text unless `hidden`."""
        text, span = self._stream.push(b"" if hidden else self._text_bytes(choice.token))
        self._waiting.append((choice, span))
        self._decide(self._stops.push(self._splitter.push(text)))

    def close(self) -> None:
        """End the text: all that was held back is decided."""
        rest = self._splitter.push(self._stream.flush()) + self._splitter.flush()
        self._decide(self._stops.push(rest) + self._stops.flush())

    def take(self) -> list[Delta]:
        """What was decided since the last call."""
        batch, self._batch = self._batch, _Batch()
        return batch.deltas()

    def _decide(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            position = self._lengths[segment.channel]
            for character in segment.text:
                span = Span(position, position + segment.shown)
                shown = character if segment.shown else ""
                self._characters.append(_Character(segment.channel, shown, span))
                position = span.end
            self._lengths[segment.channel] = position
        self._give()

    def _give(self) -> None:
        decided = self._dropped + len(self._characters)
        while self._waiting and self._waiting[0][1].end <= decided:
            choice, span = self._waiting.popleft()
            self._give_token(choice, span)
        self._forget()

    def _give_token(self, choice: Choice, span: Span) -> None:
        first, last = span.start - self._dropped, span.end - self._dropped
        covered = self._characters[first:last]
        channel, shown = self._place(covered, first)
        fresh = self._characters[self._given - self._dropped : last]
        self._batch.add(record(choice, shown, channel, self._token_bytes), fresh)
        self.counts[channel] += 1
        self._given = max(self._given, span.end)

    def _place(self, covered: Sequence[_Character], position: int) -> tuple[Channel, Span]:
        """A token belongs to the channel of its first shown character.

        One without characters belongs where the character behind it does.
        """
        if not covered:
            return self._place_empty(position)
        first = next((character for character in covered if character.text), covered[0])
        last = [character for character in covered if character.channel is first.channel][-1]
        return first.channel, Span(first.span.start, last.span.end)

    def _place_empty(self, position: int) -> tuple[Channel, Span]:
        if position < len(self._characters):
            follower = self._characters[position]
            return follower.channel, Span(follower.span.start, follower.span.start)
        end = self._lengths[self._splitter.channel]
        return self._splitter.channel, Span(end, end)

    def _forget(self) -> None:
        """Drop characters that no waiting token touches."""
        needed = self._waiting[0][1].start if self._waiting else self._given
        count = max(0, needed - self._dropped)
        del self._characters[:count]
        self._dropped += count


class _Batch:
    """Deltas under construction: what follows in the same channel joins the last one."""

    def __init__(self) -> None:
        self._parts: list[tuple[Channel, list[str], list[TokenRecord]]] = []

    def add(self, token: TokenRecord, characters: Sequence[_Character]) -> None:
        """Append the text of `characters`, and `token` to what holds the last of its channel."""
        start = max(0, len(self._parts) - 1)
        for character in characters:
            if character.text:
                self._part(character.channel)[1].append(character.text)
        own = [part for part in self._parts[start:] if part[0] is token.channel]
        (own[-1] if own else self._part(token.channel))[2].append(token)

    def deltas(self) -> list[Delta]:
        return [Delta(channel, "".join(text), tuple(got)) for channel, text, got in self._parts]

    def _part(self, channel: Channel) -> tuple[Channel, list[str], list[TokenRecord]]:
        if not self._parts or self._parts[-1][0] is not channel:
            self._parts.append((channel, [], []))
        return self._parts[-1]
