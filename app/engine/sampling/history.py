"""The tokens before the next one, as the sampler looks at them."""

from collections.abc import Sequence
from copy import copy

import numpy as np

from app.engine.sampling.guide import Guide


class History:
    """`ids` of prompt and answer, which tokens were `seen` at all (bool [V]), and the `counts` of
    each in the answer (int32 [V]).

    `favoured` is a token whose logit is raised at the next position, and by how much; `guide`
    follows the answer's grammar.
    """

    def __init__(
        self, vocabulary_size: int, prompt: Sequence[int], guide: Guide | None = None
    ) -> None:
        self.ids = list(prompt)
        self.seen = np.zeros(vocabulary_size, dtype=bool)
        self.seen[self.ids] = True
        self.counts = np.zeros(vocabulary_size, dtype=np.int32)
        self.favoured: tuple[int, float] | None = None
        self.guide = guide

    def add(self, token: int) -> None:
        """Count a token of the answer.

        Raises:
            InvalidRequest: its grammar does not allow it.
        """
        if self.guide is not None:
            self.guide.add(token)
        self.ids.append(token)
        self.seen[token] = True
        self.counts[token] += 1

    def fork(self) -> "History":
        """A copy that goes its own way."""
        other = copy(self)
        other.ids, other.seen = list(self.ids), self.seen.copy()
        other.counts = self.counts.copy()
        other.guide = self.guide and self.guide.fork()
        return other
