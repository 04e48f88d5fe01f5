"""Seeded randomness that knows which side of the split it draws from.

Training and held-out text differ in two ways: generated questions are divided by a hash of
their key, and hand-written phrasings by lists that never mix.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
HELD_OUT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Forms:
    """Phrasings of one question: those trained on and those kept for the evaluation."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


def is_held_out(key: str) -> bool:
    """Whether a question with this key belongs to the evaluation."""
    return zlib.crc32(key.encode()) % 1000 < 1000 * HELD_OUT_SHARE


class Source:
    """Draws from one side of the split, the same for the same seed."""

    def __init__(
        self, seed: int | str, *, held_out: bool = False, trained_phrasings: bool = False
    ) -> None:
        self.random = random.Random(seed)
        self.held_out = held_out
        self.trained_phrasings = trained_phrasings or not held_out

    def phrasing(self, forms: Forms) -> str:
        """A phrasing from this side of the split, unless trained ones are wanted."""
        return self.random.choice(forms.train if self.trained_phrasings else forms.held_out)

    def pick(self, items: Sequence[Item]) -> Item:
        """Any of the items, each as likely."""
        return self.random.choice(items)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random.random() < probability

    def until_ours(self, make: Callable[[], Item], key: Callable[[Item], str]) -> Item:
        """The first value made whose key belongs to this side; the last of 200 tries if none.

        A tiny space (a coin, one-digit sums) can hold no held-out value at all.
        """
        value = make()
        for _ in range(200):
            if is_held_out(key(value)) == self.held_out:
                break
            value = make()
        return value
