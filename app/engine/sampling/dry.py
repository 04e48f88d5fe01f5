"""DRY ("don't repeat yourself"): tokens that would go on repeating what was said get less likely.

Source: p-e-w 2024, pull request 5677 of oobabooga/text-generation-webui. A token that followed an
earlier copy of the last n tokens loses multiplier * base ^ (n - allowed length) of its logit.
"""

from collections.abc import Callable, Sequence

import numpy as np

from app.domain.sampling import SamplingParams

LONGEST = 64
"""Repetitions of more tokens count as so many, so that a step takes no longer than that."""

HARDEST = 1e6
"""The largest penalty; no sound model's logit stands out by as much."""

_UNKNOWN = -1


class Dry:
    """The penalties that `params` ask for; `read` gives a token's bytes, None where there are none.

    A control token, or one whose text holds a sequence breaker, ends a repetition and gets no
    penalty. Without text nothing does.
    """

    def __init__(
        self, params: SamplingParams, vocabulary_size: int, read: Callable[[int], bytes] | None
    ) -> None:
        self._params = params
        self._read = read
        self._breakers = [text.encode() for text in params.dry_sequence_breakers]
        self._breaking = np.full(vocabulary_size, _UNKNOWN if read else 0, dtype=np.int8)

    def penalties(self, history: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Distinct tokens (integers [m], rising) and what each loses (float32 [m])."""
        ids = np.array(history[-self._params.dry_range :], dtype=np.intp)
        breaking = self._breaks(ids)
        if ids.size < 2 or breaking[-1]:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32)
        ends, lengths = repetitions(ids, breaking)
        followers = ids[ends + 1]
        held = (lengths >= self._params.dry_allowed_length) & ~breaking[ends + 1]
        tokens, places = np.unique(followers[held], return_inverse=True)
        longest = np.zeros(tokens.size)
        np.maximum.at(longest, places, lengths[held])
        return tokens, self._penalty(longest)

    def _penalty(self, lengths: np.ndarray) -> np.ndarray:
        excess = lengths - self._params.dry_allowed_length
        penalty = self._params.dry_multiplier * self._params.dry_base**excess
        return np.minimum(penalty, HARDEST).astype(np.float32)

    def _breaks(self, ids: np.ndarray) -> np.ndarray:
        """Which of `ids` no repetition reaches over, bool [n]."""
        if self._read is not None:
            for token in np.unique(ids[self._breaking[ids] == _UNKNOWN]).tolist():
                data = self._read(token)
                self._breaking[token] = not data or any(each in data for each in self._breakers)
        return self._breaking[ids] == 1


def repetitions(ids: np.ndarray, breaking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the last of `ids` (integers [n]) stands before, and how many tokens up to there equal
    the last ones, at most `LONGEST`, none of them `breaking` (bool [n])."""
    last = ids.size - 1
    ends = np.flatnonzero(ids[:-1] == ids[-1])
    lengths = np.ones(ends.size, dtype=np.intp)
    equal = np.arange(ends.size)
    for back in range(1, min(LONGEST, ids.size)):
        equal = equal[ends[equal] >= back]
        equal = equal[ids[ends[equal] - back] == ids[last - back]]
        if not equal.size or breaking[last - back]:
            break
        lengths[equal] = back + 1
    return ends, lengths
