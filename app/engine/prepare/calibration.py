"""How large the keys and values of a model get, channel by channel, over text of its own.

The model goes on from a piece of our text by drawing tokens as it would in an answer, so that what
is measured is what it will cache.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from app.engine.cache.pool import KvPool
from app.engine.forward import Forward
from app.engine.runtime.network import Network

PROMPT, OWN = 128, 256
"""Tokens that are read, and tokens that the model writes behind them."""


def largest_values(
    network: Network, ids: Sequence[int], longest: int, on_tokens: Callable[[int, int], None]
) -> Mapping[str, np.ndarray]:
    """For every past input the largest magnitude of each channel, float32 [kv_heads, head_size].

    `longest` is the most tokens that the graph takes.
    """
    count = min(PROMPT + OWN, longest)
    read = min(PROMPT, count // 2)
    pool = KvPool(network.contract, 1, count)
    forward, rng = Forward(network, pool.caches, count), np.random.default_rng(0)
    logits = forward.run(ids[:read])
    for length in range(read, count):
        on_tokens(length, count)
        logits = forward.run([_draw(logits[0], rng)])
    on_tokens(count, count)
    return {name: np.abs(held).max(axis=1) for name, held in pool.held(0, count).items()}


def _draw(logits: np.ndarray, rng: np.random.Generator) -> int:
    """A token by its probability: the largest of the logits plus Gumbel noise."""
    return int((logits + rng.gumbel(size=logits.shape)).argmax())
