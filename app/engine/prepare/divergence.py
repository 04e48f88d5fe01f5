"""Kullback-Leibler divergence between the distributions of two graphs over the same text."""

import numpy as np

from app.domain.preparation import SURE_MARGIN, Divergence

_ROWS = 16  # rows in float64 at a time


class DivergenceMeter:
    """Adds up what pairs of logits tell, float32 [n, V] each, the original's first."""

    def __init__(self) -> None:
        self._each: list[float] = []
        self._sure = 0
        self._agreeing = 0
        self._deviation = 0.0

    def add(self, original: np.ndarray, other: np.ndarray) -> None:
        """Take in the logits of some positions."""
        for start in range(0, len(original), _ROWS):
            self._add(original[start : start + _ROWS], other[start : start + _ROWS])

    def result(self) -> Divergence:
        """What has come together; at least one position."""
        return Divergence(
            positions=len(self._each),
            mean=max(0.0, float(np.mean(self._each))),
            worst=max(0.0, max(self._each)),
            sure=self._sure,
            agreeing=self._agreeing,
            deviation=self._deviation,
        )

    def _add(self, original: np.ndarray, other: np.ndarray) -> None:
        p, q = _log_softmax(original), _log_softmax(other)
        likely = np.exp(p)
        # A token that the original rules out has no share; 0 times minus infinity is no number.
        shares = np.multiply(likely, p - q, out=np.zeros_like(p), where=likely > 0)
        self._each += shares.sum(-1).tolist()
        first = np.partition(p, -2, axis=-1)[:, -2:]
        sure = first[:, 1] - first[:, 0] > SURE_MARGIN
        self._sure += int(sure.sum())
        self._agreeing += int((sure & (p.argmax(-1) == q.argmax(-1))).sum())
        finite = np.isfinite(original) & np.isfinite(other)
        change = np.abs(original - other, out=np.zeros_like(original), where=finite)
        self._deviation = max(self._deviation, float(change.max()))


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    x = logits.astype(np.float64)
    x -= x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))
