"""What each integer input of a graph is told about a run: one small function per role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from app.engine.contract import Feed, Role


@dataclass(frozen=True, slots=True)
class Step:
    """The tokens that one run adds.

    `ids` int64 [rows, count] stand behind `past` int64 [rows] cached tokens; with
    `every_position` each of them is asked for its logits, else only the last one. `embedded` are
    the vectors of `ids`, for graphs that take them in place of ids.
    """

    ids: np.ndarray
    past: np.ndarray
    every_position: bool
    embedded: Mapping[Role, np.ndarray] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """New tokens in each row."""
        return self.ids.shape[1]

    @property
    def total(self) -> np.ndarray:
        """Cached tokens after the run, int64 [rows]."""
        return self.past + self.count


def value(feed: Feed, step: Step) -> np.ndarray:
    """What to feed, in the declared type and rank."""
    found = np.asarray(_VALUES[feed.role](step), dtype=feed.dtype)
    if found.ndim == 0:
        return found.reshape((1,) * len(feed.shape))
    if feed.role is Role.POSITIONS and len(feed.shape) == 3:
        return np.broadcast_to(found, (3, *found.shape))  # time, height and width, alike for text
    return found


def _positions(step: Step) -> np.ndarray:
    return step.past[:, None] + np.arange(step.count)


def _mask(step: Step) -> np.ndarray:
    return np.arange(step.total.max()) < step.total[:, None]


def _logits_at(step: Step) -> np.ndarray:
    return np.arange(0 if step.every_position else step.count - 1, step.count)


_VALUES: Mapping[Role, Callable[[Step], object]] = {
    Role.IDS: lambda step: step.ids,
    Role.MASK: _mask,
    Role.POSITIONS: _positions,
    Role.POSITIONS_FROM_ONE: lambda step: _positions(step) + 1,
    Role.EMBEDDINGS: lambda step: step.embedded[Role.EMBEDDINGS],
    Role.LAYER_EMBEDDINGS: lambda step: step.embedded[Role.LAYER_EMBEDDINGS],
    Role.LOGITS_TO_KEEP: lambda step: 0 if step.every_position else 1,
    Role.LOGITS_AT: _logits_at,
    Role.CACHE_BRANCH: lambda step: [bool(step.past.any())],
    Role.LAST_POSITION: lambda step: step.total - 1,
    Role.TOTAL_LENGTH: lambda step: step.total.max(),
    Role.PAST_LENGTH: lambda step: step.past.max(),
    Role.CURRENT_LENGTH: lambda step: step.count,
    Role.QUERY_LENGTHS: lambda step: np.full(len(step.ids), step.count),
}
