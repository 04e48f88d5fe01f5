"""What a chat template has to say on thinking, found by its variables and by what they change.

Names that are in common use count at once. Others, such as `use_reasoning`, count where the prompt
is another one with them than without.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.errors import CandorError

LEVELS = ("low", "medium", "high")
_SWITCHES = ("enable_thinking", "thinking")
_EFFORTS = ("reasoning_effort", "thinking_effort")
_THINKING = re.compile("think|reason")
_PAST = re.compile("preserve|keep|retain|clear|drop|strip|trunc|history|past")
_NO_SWITCH = re.compile("effort|budget|content|token|mode|format")

Fill = Callable[[Mapping[str, Any]], str]
"""The prompt for a short question, with some variables more."""


def switch(names: Iterable[str], fill: Fill) -> str | None:
    """The variable that turns thinking on and off."""
    found = sorted(names)
    known = [name for name in _SWITCHES if name in found]
    others = [name for name in found if _THINKING.search(name)]
    guessed = (name for name in others if not (_PAST.search(name) or _NO_SWITCH.search(name)))
    return known[0] if known else next((name for name in guessed if _changes(name, fill)), None)


def effort(names: Iterable[str]) -> str | None:
    """The variable that sets how much to think."""
    found = sorted(names)
    known = [name for name in _EFFORTS if name in found]
    others = [name for name in found if "effort" in name]
    return next(iter(known + others), None)


def history(names: Iterable[str]) -> str | None:
    """The variable that keeps or drops earlier thoughts."""
    return next(
        (name for name in sorted(names) if _THINKING.search(name) and _PAST.search(name)), None
    )


def levels(name: str | None, fill: Fill) -> tuple[str, ...]:
    """The levels of effort that give a prompt of their own."""
    if name is None:
        return ()
    prompts = {level: _filled(fill, {name: level}) for level in LEVELS}
    texts = list(prompts.values())
    return tuple(each for each in LEVELS if prompts[each] and texts.count(prompts[each]) == 1)


def _changes(name: str, fill: Fill) -> bool:
    on, off = (_filled(fill, {name: value}) for value in (True, False))
    return None not in (on, off) and on != off


def _filled(fill: Fill, variables: Mapping[str, Any]) -> str | None:
    """None where the template fails or refuses."""
    try:
        return fill(variables)
    except CandorError:
        return None
