"""The rule: the fast graph is the default only where its measured cost is small, and says so."""

from dataclasses import dataclass

from msgspec import structs

from app.domain.preparation import (
    MOST_MEAN,
    MOST_WORST,
    Divergence,
    KvCache,
    Precision,
    Preparation,
)
from app.engine.prepare.recipe import Draft

MOST_DEVIATION = 1e-4
"""How far a logit of an exact graph may lie from the original's."""

Measured = tuple[Draft, Divergence]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The graph to run, what is told of it, and how far the exact steps alone are off.

    `whole` is the same graph before its cache was rounded, None where it was not.
    """

    draft: Draft
    preparation: Preparation
    exact_deviation: float
    whole: Draft | None = None


def decide(asked: Precision, exact: Measured, fast: Measured) -> Verdict:
    """The graph for what was asked, of the exact and the fast one with what they cost.

    Both may be the same graph, where no step changes numbers.
    """
    same = fast[0].model is exact[0].model
    if same or asked is Precision.EXACT or (asked is Precision.AUTO and not fast[1].is_small):
        reason = _why_exact(asked, same, fast[1])
        return _verdict(Precision.EXACT, exact, None if same else fast[1], reason, exact[1])
    why = "What that costs is small." if fast[1].is_small else "You asked for it."
    reason = f"{why} {_cost(fast[1])}"
    return _verdict(Precision.FAST, fast, fast[1], reason, exact[1])


def rounded(chosen: Verdict, draft: Draft, cost: Divergence) -> Verdict:
    """A verdict whose cache is stored in 8 bits as well, with what all of it costs."""
    preparation = structs.replace(
        chosen.preparation,
        steps=draft.steps,
        divergence=cost,
        kv=KvCache.INT8,
        reason=f"You asked for a cache of 8 bits. {_cost(cost)}",
    )
    return Verdict(draft, preparation, chosen.exact_deviation, whole=chosen.draft)


def _verdict(
    precision: Precision,
    chosen: Measured,
    cost: Divergence | None,
    reason: str,
    exact: Divergence,
) -> Verdict:
    preparation = Preparation(
        precision=precision,
        stored=True,
        steps=chosen[0].steps,
        divergence=cost,
        reason=reason,
    )
    return Verdict(chosen[0], preparation, exact.deviation)


def _why_exact(asked: Precision, same: bool, fast: Divergence) -> str:
    if same:
        return "Every step is exact."
    if asked is Precision.EXACT:
        return "You asked for it."
    return f"Rounding would change too much. {_cost(fast)}"


def _cost(found: Divergence) -> str:
    """The figures beside what the rule allows, in plain words."""
    return (
        f"Over {found.positions:,} positions, the chances it gives to tokens differ from the"
        f" original's by {found.mean:.2g} nats on average (at most {MOST_MEAN:g} is small) and"
        f" {found.worst:.2g} at worst (at most {MOST_WORST:g}); where the original is sure, both"
        f" agree at {found.agreeing:,} of {found.sure:,}."
    )
