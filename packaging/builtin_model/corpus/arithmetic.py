"""Addition, subtraction and multiplication in columns, as on paper. Size: digits."""

from __future__ import annotations

from .paraphrase import typed
from .phrasebook import read_forms
from .problem import Problem
from .source import Source

FORMS = read_forms("arithmetic")


def add(source: Source, digits: int) -> Problem:
    """Two numbers of at most this many digits (the first has exactly so many)."""
    a, b = source.until_ours(lambda: _pair(source, digits), lambda pair: f"{pair[0]}+{pair[1]}")
    return addition(a, b, typed(source.phrasing(FORMS["add"]).format(a=a, b=b), source, typos=0.03))


def addition(a: int, b: int, question: str) -> Problem:
    """The sum as a problem with this wording."""
    return Problem(
        "add",
        f"{a}+{b}",
        question,
        str(a + b),
        add_trace(a, b),
        add_short(a, b),
        max(len(str(a)), len(str(b))),
    )


def subtract(source: Source, digits: int) -> Problem:
    """A difference, now and then a negative one."""
    a, b = source.until_ours(lambda: _pair(source, digits), lambda pair: f"{pair[0]}-{pair[1]}")
    return subtraction(
        a, b, typed(source.phrasing(FORMS["subtract"]).format(a=a, b=b), source, typos=0.03)
    )


def subtraction(a: int, b: int, question: str) -> Problem:
    """The difference as a problem with this wording."""
    return Problem(
        "subtract",
        f"{a}-{b}",
        question,
        str(a - b),
        subtract_trace(a, b),
        subtract_short(a, b),
        max(len(str(a)), len(str(b))),
    )


def multiply(source: Source, digits: int) -> Problem:
    """A product of two numbers with this many digits each."""
    a, b = source.until_ours(
        lambda: (_number(source, digits), _number(source, digits)), lambda p: f"{p[0]}*{p[1]}"
    )
    question = typed(source.phrasing(FORMS["multiply"]).format(a=a, b=b), source, typos=0.03)
    return Problem(
        "multiply",
        f"{a}*{b}",
        question,
        str(a * b),
        multiply_trace(a, b),
        multiply_short(a, b),
        digits,
    )


def add_trace(a: int, b: int) -> str:
    """Column by column from the right, each line with the digits still to do and those done."""
    left, right, carry, done, lines = str(a), str(b), 0, "", []
    while left or right:
        x, y = int(left[-1:] or 0), int(right[-1:] or 0)
        total = x + y + carry
        done = f"{total % 10}{done}"
        lines.append(
            f"{left or 0}+{right or 0}: {x}+{y}+{carry}={total}, carry {total // 10}, so {done}"
        )
        left, right, carry = left[:-1], right[:-1], total // 10
    if carry:
        lines.append(f"carry 1, so 1{done}")
    return "\n".join(lines)


def add_short(a: int, b: int) -> str:
    """The columns only."""
    width, carry, parts = max(len(str(a)), len(str(b))), 0, []
    for x, y in zip(reversed(str(a).zfill(width)), reversed(str(b).zfill(width)), strict=True):
        total = int(x) + int(y) + carry
        parts.append(f"{x}+{y}+{carry}={total}")
        carry = total // 10
    return " ".join(parts)


def subtract_trace(a: int, b: int) -> str:
    """Column by column with borrowing; a smaller first number is swapped and made negative."""
    if a < b:
        return f"{a} is less than {b}, so minus\n" + subtract_trace(b, a)
    left, right, borrow, done, lines = str(a), str(b), 0, "", []
    while left:
        x, y = int(left[-1]), int(right[-1:] or 0)
        digit = (x - y - borrow) % 10
        owed = int(x - y - borrow < 0)
        done = f"{digit}{done}"
        lines.append(f"{left}-{right or 0}: {x}-{y}-{borrow}={digit}, borrow {owed}, so {done}")
        left, right, borrow = left[:-1], right[:-1], owed
    return "\n".join(lines)


def subtract_short(a: int, b: int) -> str:
    """The columns only."""
    sign = "minus " if a < b else ""
    high, low = str(max(a, b)), str(min(a, b)).zfill(len(str(max(a, b))))
    borrow, parts = 0, []
    for x, y in zip(reversed(high), reversed(low), strict=True):
        digit = (int(x) - int(y) - borrow) % 10
        parts.append(f"{x}-{y}-{borrow}={digit}")
        borrow = int(int(x) - int(y) - borrow < 0)
    return sign + " ".join(parts)


def multiply_trace(a: int, b: int) -> str:
    """One partial product for each digit of b, added up as they come."""
    lines, total = [], 0
    for place, digit in enumerate(reversed(str(b))):
        part = a * int(digit) * 10**place
        columns = times_columns(a, int(digit))
        lines.append(f"{a}*{digit}: {columns}, so {a * int(digit)}")
        if place:
            lines.append(f"{total}+{part}\n{add_trace(total, part)}")
        total += part
    return "\n".join(lines)


def multiply_short(a: int, b: int) -> str:
    """The partial products only."""
    digits = enumerate(reversed(str(b)))
    return " + ".join(str(a * int(digit) * 10**place) for place, digit in digits)


def times_columns(a: int, digit: int) -> str:
    """The columns of a number times one digit, from the right."""
    carry, parts = 0, []
    for x in reversed(str(a)):
        total = int(x) * digit + carry
        parts.append(f"{x}*{digit}+{carry}={total}")
        carry = total // 10
    return " ".join(parts)


def _number(source: Source, digits: int) -> int:
    return source.random.randrange(10 ** (digits - 1) if digits > 1 else 0, 10**digits)


def _pair(source: Source, digits: int) -> tuple[int, int]:
    a = _number(source, digits)
    b = _number(source, digits if source.chance(0.75) else source.random.randint(1, digits))
    return (a, b) if source.chance(0.85) else (b, a)
