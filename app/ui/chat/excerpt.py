"""A block's content cut out of the lines of its source: where each stretch of it was.

In: the content as a parser tells it, and the lines. Out: an excerpt, or None where the content is
not surely what stands there. All positions count code points.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

BLANK = " \t\v\f"


class Line(Struct, frozen=True):
    """A line of the source without its end, and where it begins."""

    start: int
    text: str


class Excerpt:
    """Stretches of content, in their order; between two there may be what came from nowhere."""

    def __init__(self) -> None:
        self._at: list[int] = []
        self._starts: list[int] = []
        self._lengths: list[int] = []

    def append(self, at: int, start: int, length: int) -> None:
        """So many characters of the content, from `at` on, are those of the source from `start`."""
        if length:
            self._at.append(at)
            self._starts.append(start)
            self._lengths.append(length)

    def parts(self, low: int, high: int) -> Iterator[tuple[int, int, int]]:
        """What is known of a stretch of the content: from, to, and where that is in the source."""
        index = max(bisect_right(self._at, low) - 1, 0)
        for place in range(index, len(self._at)):
            at = self._at[place]
            begin, end = max(low, at), min(high, at + self._lengths[place])
            if at >= high:
                return
            if begin < end:
                yield begin, end, self._starts[place] + begin - at


def of_lines(content: str, lines: Sequence[Line], *, trimmed: bool = False) -> Excerpt | None:
    """Each line of the content ends where the line of the source does.

    `trimmed` content lacks the blanks at its very end. A tab before a line may have become blanks,
    which then came from nowhere.
    """
    made, at = Excerpt(), 0
    parts = content.split("\n")
    if len(parts) > len(lines):
        return None if content else made
    for place, (part, line) in enumerate(zip(parts, lines, strict=False)):
        last = place + 1 == len(parts)
        text = line.text.rstrip(BLANK) if trimmed and last else line.text
        known = part if text.endswith(part) else part.lstrip(" ")
        if not text.endswith(known):
            return None
        start = line.start + len(text) - len(known)
        made.append(at + len(part) - len(known), start, len(known) + (not last))
        at += len(part) + 1
    return made


def of_heading(content: str, mark: str, line: Line) -> Excerpt | None:
    """The words of a heading stand between `mark`, some `#`, and perhaps more of them."""
    text = line.text.rstrip(BLANK)
    open_ended = text.rstrip("#")
    if open_ended[-1:] in (" ", "\t"):
        text = open_ended.rstrip(BLANK)
    before = text.removesuffix(content).rstrip(BLANK)
    if not text.endswith(content) or (content and not before.endswith(mark)):
        return None
    made = Excerpt()
    made.append(0, line.start + len(text) - len(content), len(content))
    return made


def of_row(cells: Sequence[str], line: Line) -> list[Excerpt] | None:
    """The cells of a row of a table, behind the marks of the lists and quotes that it is in."""
    found: list[list[list[int]]] = []
    for begin in _beginnings(line.text):
        split = _split_row(line.text, begin)[: len(cells)]
        split += [[] for _ in range(len(cells) - len(split))]
        said = ["".join(line.text[place] for place in cell) for cell in split]
        if said == list(cells) and split not in found:
            found.append(split)
    return [_of_places(cell, line.start) for cell in found[0]] if len(found) == 1 else None


def _of_places(places: Sequence[int], offset: int) -> Excerpt:
    """Characters at these places, in stretches without a gap."""
    made, begin = Excerpt(), 0
    for index in range(1, len(places) + 1):
        if index == len(places) or places[index] != places[index - 1] + 1:
            made.append(begin, offset + places[begin], index - begin)
            begin = index
    return made


def _split_row(text: str, begin: int) -> list[list[int]]:
    """Where the characters of each cell stand; of an escaped `|` only the `|`."""
    cells: list[list[int]] = [[]]
    for place in range(begin, len(text.rstrip(BLANK))):
        escaped = place > begin and text[place - 1] == "\\"
        if text[place] != "|":
            cells[-1].append(place)
        elif escaped:
            cells[-1][-1] = place
        else:
            cells.append([])
    trimmed = [_trimmed(cell, text) for cell in cells]
    if not trimmed[0]:
        trimmed.pop(0)
    if trimmed and not trimmed[-1]:
        trimmed.pop()
    return trimmed


def _trimmed(cell: list[int], text: str) -> list[int]:
    low, high = 0, len(cell)
    while low < high and text[cell[low]] in BLANK:
        low += 1
    while high > low and text[cell[high - 1]] in BLANK:
        high -= 1
    return cell[low:high]


def _beginnings(text: str) -> Iterator[int]:
    """Where a row could begin: at the line's beginning, or behind each mark that stands there."""
    place = 0
    yield place
    while found := _MARK.match(text, place):
        place = found.end()
        yield place


_MARK = re.compile(r"[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))")
