"""A text that may be longer than the context, cut into windows that overlap."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.engine.prompt import Encoded
from app.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Window:
    """`ids` that are read together; those from `fresh` on get records, those before are context.

    `offset` is how many of the whole text's ids lie before the window's own.
    """

    ids: list[int]
    fresh: int
    offset: int


def windows(encoded: Encoded, context: int, capacity: int, stride: int | None) -> Iterator[Window]:
    """The windows of a text whose first `context` ids get no records.

    Every window begins with the ids that the tokenizer put before the text.

    Raises:
        InvalidRequest: the stride leaves a later window no context, or nothing new to read.
    """
    ids, before = encoded.ids, encoded.ids[: encoded.own_start]
    first = Window(ids[:capacity], max(encoded.own_start, context), 0)
    if len(ids) <= capacity:
        return iter((first,))
    room = capacity - len(before)
    if stride is None or not 1 <= stride < room or context >= capacity:
        raise InvalidRequest(
            f"The stride between windows must lie between 1 and {room - 1:,} tokens.",
        )
    return _cut(first, ids, before, room, stride)


def _cut(
    first: Window, ids: list[int], before: list[int], room: int, stride: int
) -> Iterator[Window]:
    yield first
    end = len(first.ids)
    start = len(before)
    while end < len(ids):
        start += stride
        own = ids[start : start + room]
        yield Window([*before, *own], len(before) + end - start, start - len(before))
        end = start + len(own)
