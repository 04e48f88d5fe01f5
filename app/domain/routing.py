"""Which model and how much thought a question gets: by the user's rules, then by uncertainty.

A ladder of steps from cheap to dear. Rules may name the step to begin with; from there each answer
is kept if the model was sure of it, and else the next step answers. Every decision has its reason.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from msgspec import Meta, Struct

from app.domain.reasoning import Effort
from app.domain.tokens import Channel, TokenRecord
from app.errors import CandorError, InvalidRequest

DEFAULT_THRESHOLD = 0.8
"""An answer is kept if its least likely token had at least this probability."""

_LONGEST_PATTERN = 200
_LETTERS = 0x20000


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to answer; `model` None is the one that is loaded anyway."""

    name: str
    effort: Effort = Effort.OFF
    model: str | None = None


CHOSEN = "You chose it."
QUICK, THOUGHTFUL, LARGE = "quick", "thoughtful", "large"
STEPS = (QUICK, THOUGHTFUL, LARGE)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """Begins with the step `to` where all that is given holds of the question.

    `longer_than` counts characters; `matches` is a regular expression; `script` is that of most of
    its letters as Unicode names it, such as `latin` or `cyrillic`; `tools` whether there are any.
    """

    to: str
    longer_than: Annotated[int, Meta(ge=0)] | None = None
    matches: Annotated[str, Meta(max_length=_LONGEST_PATTERN)] | None = None
    script: str | None = None
    tools: bool | None = None

    def check(self, steps: Sequence[str]) -> None:
        """Refuse a rule that can never apply as it is meant.

        Raises:
            InvalidRequest: why.
        """
        if self.to not in steps:
            known = ", ".join(steps)
            raise InvalidRequest(f'A rule names the step "{self.to}"; there are {known}.')
        if (self.longer_than, self.matches, self.script, self.tools) == (None,) * 4:
            raise InvalidRequest(
                f'The rule for "{self.to}" says nothing of the question.', "Give it a condition."
            )
        if self.matches is not None:
            _compiled(self.matches)
        if self.script is not None and self.script.lower() not in _scripts():
            raise InvalidRequest(
                f'Unicode has no script called "{self.script}".', "Such as latin or cyrillic."
            )

    def reason(self, question: str, *, tools: bool) -> str | None:
        """Why the rule applies; None where it does not.

        Raises:
            InvalidRequest: `matches` is no regular expression.
        """
        reasons: list[str] = []
        if self.longer_than is not None:
            if len(question) <= self.longer_than:
                return None
            reasons.append(f"the question is longer than {self.longer_than:,} characters")
        if self.matches is not None:
            if not _compiled(self.matches).search(question):
                return None
            reasons.append(f"the question matches {self.matches!r}")
        if self.script is not None:
            if script(question) != self.script.lower():
                return None
            reasons.append(f"the question is written in {self.script.lower()} letters")
        if self.tools is not None:
            if self.tools is not tools:
                return None
            reasons.append("there are tools" if tools else "there are no tools")
        return " and ".join(reasons) or None


class Routing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How questions are routed: a small model first without and then with reasoning, then a
    `large` one if there is one; both are folders, and `small` None is the one that is open.
    """

    rules: tuple[Rule, ...] = ()
    threshold: Annotated[float, Meta(ge=0, le=1)] = DEFAULT_THRESHOLD
    quick: Effort = Effort.OFF
    thoughtful: Effort = Effort.HIGH
    small: str | None = None
    large: str | None = None
    large_effort: Effort = Effort.HIGH

    @property
    def ladder(self) -> tuple[Step, ...]:
        """The steps, from cheap to dear."""
        small = (
            Step(QUICK, self.quick, self.small),
            Step(THOUGHTFUL, self.thoughtful, self.small),
        )
        return small if self.large is None else (*small, Step(LARGE, self.large_effort, self.large))

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InvalidRequest: which rule, and why; or the threshold is no probability.
        """
        check_threshold(self.threshold)
        for rule in self.rules:
            rule.check([step.name for step in self.ladder])


class Decision(Struct, frozen=True):
    """What became of a step: `kept` where its answer stands, None where it has not been asked yet.

    `certainty` is the probability of the least likely token of the answer, None without any.
    """

    step: str
    reason: str
    kept: bool | None = None
    certainty: float | None = None


def first_step(
    ladder: Sequence[Step], rules: Sequence[Rule], question: str, *, tools: bool = False
) -> tuple[int, Decision]:
    """Where to begin on the ladder, and why.

    Raises:
        InvalidRequest: a rule names no step, or has no sound pattern.
    """
    names = [step.name for step in ladder]
    for rule in rules:
        rule.check(names)
        if reason := rule.reason(question, tools=tools):
            return names.index(rule.to), Decision(rule.to, f"A rule says so: {reason}.")
    return 0, Decision(names[0], "No rule applies, so the first step is tried.")


def judge(step: Step, tokens: Sequence[TokenRecord], threshold: float, *, last: bool) -> Decision:
    """Whether an answer is kept; that of the last step always is."""
    sure = certainty(tokens)
    said = _least_likely(sure)
    if last:
        return Decision(step.name, f"Kept: it is the last step; {said}.", True, sure)
    if sure is not None and sure >= threshold:
        return Decision(step.name, f"Kept: {said}, at least {threshold:.2f}.", True, sure)
    return Decision(step.name, f"Asked further: {said}, under {threshold:.2f}.", False, sure)


def not_asked(step: Step, error: CandorError) -> Decision:
    """What becomes of a step whose model cannot be opened; the answer before it stands."""
    return Decision(step.name, f"Not asked: {error.message}")


def continued(step: Step, tokens: Sequence[TokenRecord]) -> Decision:
    """What becomes of an answer that goes on with `tokens` behind one that a person chose."""
    sure = certainty(tokens)
    said = f"it goes on from a token that you chose; after it, {_least_likely(sure)}"
    return Decision(step.name, f"Kept: {said}.", True, sure)


def certainty(tokens: Sequence[TokenRecord]) -> float | None:
    """The probability of the least likely token of the answer itself, 0 to 1, raw."""
    logprobs = [
        each.logprob
        for each in tokens
        if each.channel is Channel.ANSWER and each.logprob is not None
    ]
    return math.exp(min(logprobs)) if logprobs else None


def _least_likely(sure: float | None) -> str:
    return "no token was measured" if sure is None else f"its least likely token had {sure:.2f}"


def script(text: str) -> str:
    """The script of most letters, as the first word of their Unicode names; empty without any."""
    names = (unicodedata.name(sign, "") for sign in text if sign.isalpha())
    counts = Counter(name.split()[0].lower() for name in names if name)
    return counts.most_common(1)[0][0] if counts else ""


def told(decisions: Sequence[Decision]) -> list[str]:
    """A line for each decision."""
    return [f"{each.step}: {each.reason}" for each in decisions]


def check_threshold(value: float) -> None:
    """Refuse a threshold that is no probability.

    Raises:
        InvalidRequest: it is not.
    """
    if not 0 <= value <= 1:
        raise InvalidRequest(f"The threshold must lie between 0 and 1, not {value:g}.")


@cache
def _scripts() -> frozenset[str]:
    """The first words of the names of all letters, in lower case."""
    letters = (chr(code) for code in range(_LETTERS) if chr(code).isalpha())
    return frozenset(unicodedata.name(sign, "none").split()[0].lower() for sign in letters)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise InvalidRequest(f"{pattern!r} is no regular expression: {error}.") from error
