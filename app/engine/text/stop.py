"""Segments in, segments out: hides the first stop string of the answer and all that follows.

What could still become a stop string is held back, together with whatever comes after it.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.tokens import Channel
from app.engine.text.channels import Segment, partial_length


class StopStrings:
    """Matches `strings` in the answer's text, across tokens and across interruptions.

    `matched` is True from the first match on. The match that ends first counts, of several that
    end together the longest.
    """

    def __init__(self, strings: Sequence[str]) -> None:
        self.matched = False
        self._strings = tuple(strings)
        self._held: list[Segment] = []

    def push(self, segments: Sequence[Segment]) -> list[Segment]:
        """The segments that are decided now."""
        self._held += segments
        if self.matched:
            return self._hide()
        text = "".join(segment.text for segment in self._held if _counts(segment))
        start = self._find(text)
        if start is None:
            return self._release(len(text) - partial_length(text, self._strings))
        self.matched = True
        return self._release(start) + self._hide()

    def flush(self) -> list[Segment]:
        """End the text: a stop string that never became whole is text."""
        rest, self._held = self._held, []
        return rest

    def _find(self, text: str) -> int | None:
        found = [(at + len(word), at) for word in self._strings if (at := text.find(word)) >= 0]
        return min(found)[1] if found else None

    def _release(self, count: int) -> list[Segment]:
        """Give back `count` characters of the answer and what stands before the next one."""
        released: list[Segment] = []
        while self._held:
            segment = self._held[0]
            if not _counts(segment) or len(segment.text) <= count:
                count -= len(segment.text) if _counts(segment) else 0
                released.append(self._held.pop(0))
                continue
            if count:
                released.append(replace(segment, text=segment.text[:count]))
                self._held[0] = replace(segment, text=segment.text[count:])
            break
        return released

    def _hide(self) -> list[Segment]:
        hidden = [replace(segment, shown=False) for segment in self._held]
        self._held = []
        return hidden


def _counts(segment: Segment) -> bool:
    return segment.shown and segment.channel is Channel.ANSWER
