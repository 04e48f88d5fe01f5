"""Clock arithmetic over 24 hours. Size: the number of spans added one after another."""

from __future__ import annotations

from .paraphrase import typed
from .phrasebook import read_forms
from .problem import Problem
from .source import Source

DAY = 24 * 60
FORMS = read_forms("clock")


def clock(source: Source, spans: int) -> Problem:
    """A time moved by this many spans, all later or all earlier."""
    sign = 1 if source.chance(0.7) else -1
    start, moves = source.until_ours(lambda: _draw(source, spans), lambda draw: _key(*draw, sign))
    asked = _list([spoken(minutes) for minutes in moves])
    forms = FORMS["later"] if sign > 0 else FORMS["earlier"]
    text = source.phrasing(forms).format(t=shown(start), d=asked)
    return Problem(
        "clock",
        _key(start, moves, sign),
        typed(text, source, typos=0.03),
        shown(start + sign * sum(moves)),
        clock_trace(start, moves, sign),
        clock_short(start, moves, sign),
        spans,
    )


def clock_trace(start: int, moves: tuple[int, ...], sign: int) -> str:
    """Every span in turn: minutes, then hours, then back into the day."""
    lines, now = [], start
    for move in moves:
        lines.append(_step(now, move, sign))
        now = (now + sign * move) % DAY
    return "\n".join(lines)


def clock_short(start: int, moves: tuple[int, ...], sign: int) -> str:
    """Only the times in between."""
    times, now = [], start
    for move in moves:
        now = (now + sign * move) % DAY
        times.append(shown(now))
    return " ".join(times)


def shown(minutes: int) -> str:
    """Minutes since midnight as HH:MM."""
    return f"{minutes % DAY // 60:02d}:{minutes % 60:02d}"


def spoken(minutes: int) -> str:
    """A span in words: '2 hours 5 minutes'."""
    hours, rest = divmod(minutes, 60)
    parts = [_count(hours, "hour")] if hours else []
    return " ".join(parts + ([_count(rest, "minute")] if rest or not hours else []))


def _step(now: int, move: int, sign: int) -> str:
    mark = "+" if sign > 0 else "-"
    hour, minute = divmod(now, 60)
    hours, minutes = divmod(move, 60)
    total, carry = minute + sign * minutes, 0
    text = f"{shown(now)} {mark} {spoken(move)}: minutes {minute}{mark}{minutes}={total}"
    if not 0 <= total < 60:
        carry = 1
        total -= sign * 60
        text += f", so {total} and 1 hour"
    reached = hour + sign * (hours + carry)
    text += f". hours {hour}{mark}{hours}{mark}{carry}={reached}"
    if not 0 <= reached < 24:
        text += f", so {reached % 24}"
    return f"{text}. {shown(now + sign * move)}"


def _draw(source: Source, spans: int) -> tuple[int, tuple[int, ...]]:
    start = source.random.randrange(DAY)
    return start, tuple(_span(source) for _ in range(spans))


def _span(source: Source) -> int:
    roll = source.random.random()
    if roll < 0.2:
        return source.random.randint(1, 59)
    if roll < 0.35:
        return 60 * source.random.randint(1, 12)
    return 60 * source.random.randint(1, 12) + source.random.randint(1, 59)


def _key(start: int, moves: tuple[int, ...], sign: int) -> str:
    return f"clock {start} {sign} {moves}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")


def _list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", then ".join(parts)
