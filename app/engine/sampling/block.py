"""The numbers of many positions at once: as `Numbers.of` for each, in passes over all of them."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import numpy as np

from app.engine.sampling.record import Numbers
from app.engine.sampling.statistics import Distribution

_ELEMENTS = 1 << 19
"""Of logits that are worked on together: what a core's cache holds."""


_BLOCKS = 64
"""Of a row, at least, so that few values reach the maxima of the highest ones."""

_LARGE = 32_768
"""A vocabulary whose rows are long enough to be worked on one by one, on several cores."""

_THREADS = min(4, os.cpu_count() or 1)


def block_numbers(logits: np.ndarray, tokens: Sequence[int], count: int) -> list[Numbers]:
    """What the rows of `logits`, float32 [n or more, V], say of `tokens` [n], each with the `count`
    likeliest."""
    logits = logits[: len(tokens)]
    if logits.shape[1] > _LARGE:
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(_one, logits, tokens, repeat(count)))
    step = max(1, _ELEMENTS // logits.shape[1])
    found: list[Numbers] = []
    for start in range(0, len(tokens), step):
        part = slice(start, start + step)
        found += _numbers(logits[part], np.array(tokens[part], dtype=np.intp), count)
    return found


def _one(row: np.ndarray, token: int, count: int) -> Numbers:
    return Numbers.of(Distribution.of(row), token, count)


def _numbers(rows: np.ndarray, tokens: np.ndarray, count: int) -> list[Numbers]:
    places = np.arange(len(tokens))
    best = rows.argmax(1)
    peaks = rows[places, best]
    shifted = rows - peaks[:, None]
    weights = np.exp(shifted)
    # Leaving out the peak's own 1.0 keeps the digits of what a near-certain token leaves.
    weights[places, best] = 0.0
    rest = weights.sum(1).astype(np.float64)
    totals = np.log1p(rest)
    entropies = np.maximum(0.0, (totals - _moments(weights, shifted) / (1.0 + rest)) / math.log(2))
    own = rows[places, tokens]
    logprobs = own.astype(np.float64) - peaks - totals
    ranks = 1 + np.count_nonzero(rows > own[:, None], axis=1)
    tops, tails = _tops(rows, count, peaks.astype(np.float64) + totals)
    columns = (logprobs.tolist(), ranks.tolist(), entropies.tolist(), tops, tails)
    return list(map(Numbers, *columns))


def _moments(weights: np.ndarray, shifted: np.ndarray) -> np.ndarray:
    """Sums of weight * shifted logit, where a weight of 0 counts 0 even at -inf."""
    # Not a product of matrices: BLAS would start threads of its own beside the runtime's.
    with np.errstate(invalid="ignore"):
        totals = np.einsum("ij,ij->i", weights, shifted).astype(np.float64)
    for row in np.flatnonzero(~np.isfinite(totals)):
        held = weights[row] > 0
        totals[row] = (weights[row][held] * shifted[row][held]).sum()
    return totals


_Top = tuple[tuple[int, float], ...]


def _tops(rows: np.ndarray, count: int, offsets: np.ndarray) -> tuple[list[_Top], list[float]]:
    """The `count` likeliest of each row with their logprobs, the lower id first on ties, and what
    they leave to all others."""
    count = min(count, rows.shape[1])
    if count == 0:
        return [()] * len(rows), [1.0] * len(rows)
    reached = np.flatnonzero(rows >= _bounds(rows, count)[:, None])
    places, ids = np.divmod(reached, rows.shape[1])
    values = rows[places, ids]
    order = np.lexsort((ids, -values, places))
    starts = np.searchsorted(places, np.arange(len(rows)))
    picks = order[starts[:, None] + np.arange(count)]
    logprobs = values[picks].astype(np.float64) - offsets[:, None]
    pairs = zip(ids[picks].tolist(), logprobs.tolist(), strict=True)
    tops = [tuple(zip(*pair, strict=True)) for pair in pairs]
    return tops, np.maximum(0.0, 1.0 - np.exp(logprobs).sum(1)).tolist()


def _bounds(rows: np.ndarray, count: int) -> np.ndarray:
    """For each row a value that at least `count`, and few more, reach: the count-th largest of its
    blocks' maxima, or of the row itself where it has too few blocks."""
    height = rows.shape[1] // max(_BLOCKS, 4 * count)
    if height > 1:
        columns = rows.shape[1] // height
        grid = rows[:, : height * columns].reshape(len(rows), height, columns)
        rows = grid.max(1)
    place = rows.shape[1] - count
    return np.partition(rows, place, axis=1)[:, place]
