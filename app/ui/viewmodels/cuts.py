"""Glimpses of other answers as lines of text, and what they say together."""

from collections.abc import Sequence

from msgspec import Struct

from app.domain.conversation import Turn
from app.domain.tokens import Channel
from app.services.what_if import LONGEST, Glimpse
from app.ui.viewmodels.wording import logprob_probability, tokens, visible

SHOWN = 60
ALTERNATIVES = 3


class CutRow(Struct, frozen=True):
    """A line: how long the thought was, the answer (shortened and whole), its first token with the
    likeliest others, and whether it is the answer that was given."""

    thought: str
    answer: str
    whole: str
    first: str
    same: bool


def rows(glimpses: Sequence[Glimpse], answer: Turn) -> list[CutRow]:
    """A line for each glimpse, the shortest thought first."""
    given = _plain(answer.text)
    return [
        CutRow(
            thought=f"after {tokens(each.thought)}",
            answer=_short(each.text),
            whole=each.text.strip(),
            first=_first(each),
            same=_same(each, given),
        )
        for each in sorted(glimpses, key=lambda each: each.index)
    ]


def summary(found: Sequence[CutRow]) -> str:
    """From where on the answer is the one that was given."""
    if not found:
        return ""
    if not found[-1].same:
        return "None of the last cuts gives the answer that was given."
    others = [place for place, row in enumerate(found) if not row.same]
    first = found[others[-1] + 1 if others else 0]
    return f"The answer that was given stands {first.thought.replace('after', 'from', 1)} on."


def _same(glimpse: Glimpse, given: str) -> bool:
    text = _plain(glimpse.text)
    return text == given or (len(glimpse.tokens) >= LONGEST and given.startswith(text))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _short(text: str) -> str:
    plain = _plain(text)
    return plain if len(plain) <= SHOWN else f"{plain[: SHOWN - 1]}…"


def _first(glimpse: Glimpse) -> str:
    """The distribution of the answer's first token."""
    seen = [each for each in glimpse.tokens if each.channel is Channel.ANSWER]
    if not seen:
        return ""
    return "  ".join(
        f"{visible(each.text, each.id)} {logprob_probability(each.logprob)}"
        for each in seen[0].top[:ALTERNATIVES]
    )
