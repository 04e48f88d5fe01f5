"""What a model might go on with: the likeliest ways from one place, each with its probability."""

import math
from collections.abc import Mapping

from msgspec import Struct

from app.domain.tokens import TokenRecord


class Continuation(Struct, frozen=True):
    """Tokens that follow a place, the first of them chosen, the others the likeliest each time.

    Nothing follows one that has `ended`.
    """

    tokens: tuple[TokenRecord, ...]
    ended: bool = False

    @property
    def logprob(self) -> float:
        """Joint log of the probability of all its tokens, in nats."""
        return math.fsum(token.logprob or 0.0 for token in self.tokens)

    @property
    def text(self) -> str:
        """What they say."""
        data = b"".join(token.data for token in self.tokens)
        return data.decode("utf-8", errors="replace")


class Node(Struct, frozen=True):
    """A way in a tree of ways: it goes on from the end of the node `parent`, from the root if None.

    `logprob` is the joint one of all tokens from the root on, in nats.
    """

    id: int
    parent: int | None
    way: Continuation
    logprob: float


def path(nodes: Mapping[int, Node], id: int | None) -> tuple[TokenRecord, ...]:
    """The tokens from the root to the end of a node."""
    if id is None:
        return ()
    node = nodes[id]
    return (*path(nodes, node.parent), *node.way.tokens)
