"""Sorting numbers and finding the largest or smallest. Size: the number of items."""

from __future__ import annotations

from .paraphrase import typed
from .phrasebook import read_forms
from .problem import Problem
from .source import Source

FORMS = read_forms("lists")


def sort(source: Source, items: int) -> Problem:
    """Numbers of up to three digits in rising or falling order."""
    numbers = _numbers(source, items, source.random.randint(1, 3))
    falling = source.chance(0.25)
    forms = FORMS["down"] if falling else FORMS["up"]
    question = typed(source.phrasing(forms).format(l=listed(numbers)), source, typos=0.02)
    return Problem(
        "sort",
        _key(numbers),
        question,
        listed(sorted(numbers, reverse=falling)),
        sort_trace(numbers, falling=falling),
        f"{len(numbers)} numbers",
        items,
    )


def compare(source: Source, items: int) -> Problem:
    """The largest or smallest of several numbers with many digits alike."""
    numbers = _numbers(source, items, source.random.randint(2, 5), alike=source.chance(0.5))
    largest = source.chance(0.6)
    text = source.phrasing(FORMS["largest"] if largest else FORMS["smallest"])
    question = typed(
        text.format(l=listed(numbers), o=" or ".join(map(str, numbers))), source, typos=0.02
    )
    best = max(numbers) if largest else min(numbers)
    return Problem(
        "compare",
        _key(numbers),
        question,
        str(best),
        compare_trace(numbers, largest=largest),
        f"{len(str(best))} digits",
        items,
    )


def sort_trace(numbers: list[int], *, falling: bool) -> str:
    """Take the next number out of what is left, line by line."""
    left, lines = list(numbers), []
    while len(left) > 1:
        taken = max(left) if falling else min(left)
        lines.append(f"{listed(left)}: {taken}")
        left.remove(taken)
    return "\n".join([*lines, str(left[0])])


def compare_trace(numbers: list[int], *, largest: bool) -> str:
    """Go through the numbers and keep the best so far."""
    best, lines = numbers[0], [str(numbers[0])]
    for number in numbers[1:]:
        best = max(best, number) if largest else min(best, number)
        lines.append(f"{number}: {best}")
    return "\n".join(lines)


def listed(numbers: list[int]) -> str:
    """Numbers as people write them."""
    return ", ".join(map(str, numbers))


def _numbers(source: Source, items: int, digits: int, *, alike: bool = False) -> list[int]:
    def make() -> list[int]:
        high = 10**digits
        base = source.random.randrange(high) // 100 * 100 if alike else 0
        span = 100 if alike else high
        return [base + source.random.randrange(span) for _ in range(items)]

    return source.until_ours(make, _key)


def _key(numbers: list[int]) -> str:
    return f"list {numbers}"
