"""A seed, a position and weights in, an index out: randomness without state.

The draw at a position depends on nothing but the seed and the position, so that a replay, a batch
or a verified draft picks the tokens of a plain run.
"""

import math

import numpy as np

BLOCK = 512
WORD = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) with 53 random bits that depends on nothing but its arguments.

    The seed is mixed first, so that neighbouring seeds share no stretch of numbers.
    """
    return (splitmix(splitmix(seed, 0), position) >> 11) * 2.0**-53


def splitmix(seed: int, place: int) -> int:
    """Word `place` (from 0) of the SplitMix64 stream of `seed`, an integer of 64 bits.

    Source: Steele, Lea, Flood 2014, Fast splittable pseudorandom number generators, section 3,
    with the constants of its public-domain reference.
    """
    word = (seed + (place + 1) * GAMMA) & WORD
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & WORD
    return word ^ (word >> 31)


def draw(weights: np.ndarray, number: float) -> tuple[int, float]:
    """Invert the cumulative distribution of `weights`, float32 [n], at `number` in [0, 1).

    Returns the index and its logprob. Sums run over blocks first, since only one block's inside
    is ever looked at.
    """
    edges = running_sums(weights)
    target = number * edges[-1]
    block = _invert(edges, target)
    inside = np.cumsum(weights[block * BLOCK : (block + 1) * BLOCK], dtype=np.float64)
    before = edges[block - 1] if block else 0.0
    index = block * BLOCK + _invert(inside, target - before)
    return index, min(0.0, math.log(weights[index] / edges[-1]))


def coin(seed: int, position: int) -> float:
    """Another number in [0, 1) of the same arguments, which tells nothing of `uniform`'s."""
    return (splitmix(splitmix(seed, 1), position) >> 11) * 2.0**-53


def interval(weights: np.ndarray, index: int) -> tuple[float, float]:
    """The numbers from, and up to, which `draw` gives `index`."""
    edges = running_sums(weights)
    block, place = divmod(index, BLOCK)
    inside = np.cumsum(weights[block * BLOCK : (block + 1) * BLOCK], dtype=np.float64)
    before = edges[block - 1] if block else 0.0
    start = before + (inside[place - 1] if place else 0.0)
    return float(start / edges[-1]), min(1.0, float((before + inside[place]) / edges[-1]))


def running_sums(weights: np.ndarray) -> np.ndarray:
    """Sums of `weights`, float32 [n], up to the end of each block, float64; the last is of all."""
    sums = np.add.reduceat(weights, np.arange(0, weights.size, BLOCK))
    return np.cumsum(sums.astype(np.float64))


def _invert(edges: np.ndarray, target: float) -> int:
    """The first index whose running sum exceeds `target`; rounding never leaves the last one."""
    found = np.searchsorted(edges, target, side="right")
    return int(min(found, np.searchsorted(edges, edges[-1], side="left")))
