"""Unit conversion by whole factors. Size: digits of the amount."""

from __future__ import annotations

from .arithmetic import multiply_trace
from .paraphrase import typed
from .phrasebook import read_forms
from .problem import Problem
from .source import Source

FACTORS = (
    ("kilometres", "metres", 1000),
    ("metres", "centimetres", 100),
    ("centimetres", "millimetres", 10),
    ("kilograms", "grams", 1000),
    ("litres", "millilitres", 1000),
    ("tonnes", "kilograms", 1000),
    ("euros", "cents", 100),
    ("hours", "minutes", 60),
    ("minutes", "seconds", 60),
    ("days", "hours", 24),
    ("weeks", "days", 7),
    ("years", "months", 12),
    ("feet", "inches", 12),
    ("dozens", "pieces", 12),
    ("km", "m", 1000),
    ("kg", "g", 1000),
    ("m", "cm", 100),
)
FORMS = read_forms("units")


def convert(source: Source, digits: int) -> Problem:
    """An amount in a smaller unit, or for factors of ten also in the larger one."""
    unit, to, factor = source.pick(FACTORS)
    amount = source.until_ours(
        lambda: source.random.randrange(10 ** (digits - 1), 10**digits), lambda n: f"{n} {unit}"
    )
    back = factor in (10, 100, 1000) and source.chance(0.3)
    result = amount * factor
    n, one, other = (result, to, unit) if back else (amount, unit, to)
    question = typed(
        source.phrasing(FORMS["ask"]).format(n=n, unit=one, to=other), source, typos=0.02
    )
    answer = f"{amount if back else result} {other}"
    trace = _trace(amount, unit, to, factor, back=back)
    short = f"{'divide' if back else 'times'} {factor}"
    return Problem("units", f"{amount} {unit}", question, answer, trace, short, digits)


def _trace(amount: int, unit: str, to: str, factor: int, *, back: bool) -> str:
    rule = f"1 {unit.removesuffix('s') if len(unit) > 2 else unit} = {factor} {to}"
    if back:
        return f"{rule}\n{amount * factor}/{factor}={amount}"
    if factor in (10, 100, 1000):
        return f"{rule}\n{amount}*{factor}={amount * factor}"
    return f"{rule}\n{amount}*{factor}\n{multiply_trace(amount, factor)}"
