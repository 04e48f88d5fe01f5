"""A token that a draft proposes, and whether the draw will keep it.

A token is the place where a number in [0, 1) falls in a cumulative distribution. Draft and target
are read at the same number, which depends on seed and position alone, and a proposal is kept where
both give the same token. What is kept is therefore always the target's own draw: the distribution
is the target's, whatever the draft is, and so is the token for every seed. Accepting with the
probability min(1, p/q) and drawing the rest anew (Leviathan et al. 2023, Chen et al. 2023) keeps
slightly more, but its tokens depend on where drafts began and ended, so that no seed would repeat
an answer whose drafts adapt their length. For a draft without probabilities both are the same rule.
"""

from dataclasses import dataclass

from app.engine.sampling.sampled import Sampled


@dataclass(frozen=True, slots=True)
class Proposal:
    """`token` is proposed for numbers from `low` to `high`, its part of the draft's cumulative
    distribution after all transforms; all numbers where it does not depend on them.

    `q` is its probability for the draft model before them, None where there is no model.
    """

    token: int
    q: float | None = None
    low: float = 0.0
    high: float = 1.0

    def chance(self, target: Sampled) -> float:
        """The probability that a number for which this is proposed draws it from `target`."""
        if target.logprob(self.token) is None:
            return 0.0  # it is cut
        low, high = target.interval(self.token)
        shared = min(high, self.high) - max(low, self.low)
        width = self.high - self.low
        return min(1.0, max(0.0, shared / width)) if width > 0.0 else 0.0
