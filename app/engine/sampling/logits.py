"""The sampling transforms, each a pure function on a float32 row of logits [n].

Adjustments return a row of the same length. Cuts return the indices they keep, rising, never
none; what is kept keeps its logits, so that the next cut sees a renormalised distribution.
Ties are cut by index: the lower one stays. Nothing here changes its arguments.
"""

import math

import numpy as np

from app.engine.sampling.statistics import Distribution, likeliest

FIRST_LOOK = 64
ROUNDING = 1e-5  # of a float32 sum over a vocabulary, and more
BUCKETS = 4096
BUCKETS_PER_NAT = 128.0


def repetition_penalty(logits: np.ndarray, seen: np.ndarray, penalty: float) -> np.ndarray:
    """Divide positive logits of seen tokens by `penalty`, multiply negative ones.

    `seen`: bool [n], tokens of the prompt and the answer so far. Source: Keskar et al. 2019,
    CTRL, section 4.1; the sign rule is common practice.
    """
    ids = np.flatnonzero(seen)
    adjusted = logits.copy()
    values = logits[ids]
    factor = np.float32(penalty)
    adjusted[ids] = np.where(values > 0, values / factor, values * factor)
    return adjusted


def frequency_penalty(logits: np.ndarray, counts: np.ndarray, penalty: float) -> np.ndarray:
    """Subtract `penalty` times how often the answer holds the token.

    `counts`: integers [n]. Source: OpenAI API reference, frequency_penalty.
    """
    ids = np.flatnonzero(counts)
    adjusted = logits.copy()
    adjusted[ids] -= np.float32(penalty) * counts[ids].astype(np.float32)
    return adjusted


def presence_penalty(logits: np.ndarray, counts: np.ndarray, penalty: float) -> np.ndarray:
    """Subtract `penalty` once from every token that the answer holds.

    `counts`: integers [n]. Source: OpenAI API reference, presence_penalty.
    """
    adjusted = logits.copy()
    adjusted[np.flatnonzero(counts)] -= np.float32(penalty)
    return adjusted


def logit_bias(logits: np.ndarray, ids: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Add `biases` (float32 [m]) to the logits of `ids` (distinct integers [m])."""
    adjusted = logits.copy()
    adjusted[ids] += biases
    return adjusted


def temperature(logits: np.ndarray, value: float) -> np.ndarray:
    """Divide by `value` > 0, after shifting the largest logit to 0 so that nothing overflows."""
    # A temperature under float32's smallest normal number would become 0 and divide 0 by it.
    divisor = max(np.float32(value), np.finfo(np.float32).tiny)
    shifted = logits - logits.max()
    with np.errstate(over="ignore"):
        return np.divide(shifted, divisor, out=shifted)


def top_k(logits: np.ndarray, count: int) -> np.ndarray:
    """Keep the `count` likeliest. Source: Fan et al. 2018, section 5.4."""
    return np.sort(likeliest(logits, count))


def top_p(logits: np.ndarray, mass: float) -> np.ndarray:
    """Keep the fewest likeliest tokens whose probability reaches `mass` (the nucleus).

    Source: Holtzman et al. 2020, section 3.1.
    """
    return _fewest(logits, np.exp(logits - logits.max()), mass)


def proven_nucleus(distribution: Distribution, value: float, mass: float) -> np.ndarray | None:
    """What `top_p` keeps after `temperature` (at most 1), if the likeliest few prove it.

    At a temperature of 1 or less, a token outside loses at least as much of its weight as the
    last one inside, which bounds what all outside can weigh. None where that leaves two answers.
    """
    ids = distribution.ranking
    weights = distribution.weights[ids].astype(np.float64)
    outside = math.exp(distribution.log_total) * (1 + ROUNDING) - weights.sum()
    tempered = weights ** (1 / value)
    sums = np.cumsum(tempered)
    most = outside * tempered[-1] / max(weights[-1], np.finfo(np.float64).tiny)
    last = int(np.searchsorted(sums, mass * sums[-1]))
    if last != int(np.searchsorted(sums, mass * (sums[-1] + most))):
        return None
    return np.sort(ids[: last + 1])


def min_p(logits: np.ndarray, share: float) -> np.ndarray:
    """Keep tokens at least `share` (above 0) times as likely as the likeliest.

    Source: Nguyen et al. 2024, section 3.
    """
    return np.flatnonzero(logits - logits.max() >= np.float32(math.log(share)))


def typical_p(logits: np.ndarray, mass: float) -> np.ndarray:
    """Keep the fewest tokens of probability `mass` whose surprise is nearest to the entropy.

    Source: Meister et al. 2023, section 3.2 (locally typical sampling).
    """
    shifted = logits - logits.max()
    weights = np.exp(shifted)
    total = weights.sum()
    surprise = np.log(total) - shifted
    held = weights > 0
    entropy = (weights[held] * surprise[held]).sum() / total
    return _fewest(-np.abs(surprise - entropy), weights, mass)


def xtc(logits: np.ndarray, threshold: float) -> np.ndarray:
    """Keep only the least likely of the tokens with at least the probability `threshold`, and all
    that have less ("exclude top choices").

    Source: p-e-w 2024, pull request 6335 of oobabooga/text-generation-webui; whether it acts at
    all is drawn by the caller.
    """
    weights = np.exp(logits - logits.max())
    choices = np.flatnonzero(weights >= np.float32(threshold * float(weights.sum())))
    kept = np.ones(logits.size, dtype=bool)
    if choices.size > 1:
        kept[choices] = False
        kept[choices[logits[choices].argmin()]] = True
    return np.flatnonzero(kept)


def _fewest(order: np.ndarray, weights: np.ndarray, mass: float) -> np.ndarray:
    """The shortest run of indices by falling `order` that holds `mass` of all `weights`."""
    goal = mass * float(weights.sum())
    ranked = likeliest(order, FIRST_LOOK)
    sums = np.cumsum(weights[ranked], dtype=np.float64)
    if sums[-1] < goal and ranked.size < order.size:
        return _fewest_of_many(order, weights, goal)
    return np.sort(ranked[: int(np.searchsorted(sums, goal)) + 1])


def _fewest_of_many(order: np.ndarray, weights: np.ndarray, goal: float) -> np.ndarray:
    """The same for flat distributions: only the bucket in which the run ends is sorted."""
    depth = order.max() - order
    np.minimum(depth, (BUCKETS - 1) / BUCKETS_PER_NAT, out=depth)
    bucket = (depth * np.float32(BUCKETS_PER_NAT)).astype(np.intp)
    masses = np.bincount(bucket, weights, BUCKETS)
    sums = np.cumsum(masses)
    last = min(int(np.searchsorted(sums, goal)), BUCKETS - 1)
    inside = np.flatnonzero(bucket == last)
    ranked = inside[np.argsort(-order[inside], kind="stable")]
    missing = goal - (sums[last] - masses[last])
    count = int(np.searchsorted(np.cumsum(weights[ranked], dtype=np.float64), missing)) + 1
    return np.sort(np.concatenate((np.flatnonzero(bucket < last), ranked[:count])))
