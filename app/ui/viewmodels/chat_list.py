"""The chats as a list shows them: under headings by when they were used, or as a search found them.

Pure functions of domain values. Ages are those of the calendar where the person is.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate, groupby

from msgspec import Struct

from app.domain.chats import ChatSummary, SearchHit, Snippet

TODAY, YESTERDAY = "Today", "Yesterday"
UNTITLED = "Untitled"
ELLIPSIS = "…"
LEAD = 14


class Heading(Struct, frozen=True):
    """What the chats under it have in common."""

    text: str


class ChatEntry(Struct, frozen=True, kw_only=True):
    """A chat in the list; `detail` is the piece of `message` that a search found."""

    chat: ChatSummary
    title: Snippet
    detail: Snippet | None = None
    message: int | None = None
    is_open: bool = False


Entry = Heading | ChatEntry


class ChatList(Struct, frozen=True):
    """What the list shows; `sentence` where there is nothing to list."""

    entries: tuple[Entry, ...] = ()
    sentence: str = ""


def by_age(chats: Sequence[ChatSummary], open_id: int | None, today: date) -> ChatList:
    """Every chat under a heading, in the order given."""
    if not chats:
        return ChatList(sentence="No chats yet. What you ask is kept here.")
    return ChatList(tuple(_under_headings(chats, open_id, today)))


def found(hits: Sequence[SearchHit], open_id: int | None, text: str) -> ChatList:
    """What a search for `text` found."""
    if not hits:
        return ChatList(sentence=f"No chat has “{_short(text)}”.")
    return ChatList(tuple(_hit(hit, open_id) for hit in hits))


def age(changed_at: float, today: date) -> str:
    """The heading for a chat that was used at this time, in Unix seconds."""
    day = datetime.fromtimestamp(changed_at).date()
    monday = today - timedelta(days=today.weekday())
    if day >= today:
        return TODAY
    if day == today - timedelta(days=1):
        return YESTERDAY
    if day >= monday:
        return "Earlier this week"
    if (day.year, day.month) == (today.year, today.month):
        return "Earlier this month"
    return "Earlier this year" if day.year == today.year else str(day.year)


def near_mark(snippet: Snippet, before: int = LEAD) -> Snippet:
    """The snippet from a word at most `before` characters ahead of its first mark."""
    if not snippet.marks or snippet.marks[0][0] <= before:
        return snippet
    first = snippet.marks[0][0]
    start = snippet.text.find(" ", first - before, first) + 1 or first
    shift = len(ELLIPSIS) - start
    marks = tuple((low + shift, high + shift) for low, high in snippet.marks)
    return Snippet(ELLIPSIS + snippet.text[start:], marks)


def _under_headings(
    chats: Sequence[ChatSummary], open_id: int | None, today: date
) -> Iterator[Entry]:
    """No chat counts as newer than those above it: a clock can be set back."""
    times = accumulate((chat.changed_at for chat in chats), min)
    dated = zip((age(time, today) for time in times), chats, strict=True)
    for heading, group in groupby(dated, lambda pair: pair[0]):
        yield Heading(heading)
        for _, chat in group:
            yield ChatEntry(chat=chat, title=_title(chat), is_open=chat.id == open_id)


def _hit(hit: SearchHit, open_id: int | None) -> ChatEntry:
    by_title = hit.message is None
    return ChatEntry(
        chat=hit.chat,
        title=hit.snippet if by_title else _title(hit.chat),
        detail=None if by_title else near_mark(hit.snippet),
        message=hit.message,
        is_open=hit.chat.id == open_id,
    )


def _title(chat: ChatSummary) -> Snippet:
    return Snippet(chat.title or UNTITLED)


def _short(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else f"{text[:longest]}{ELLIPSIS}"
