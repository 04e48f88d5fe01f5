"""How large the keys and values of a model get, channel by channel, over text of its own.

The model goes on from pieces of our text by drawing tokens as it would in an answer, so that what
is measured is what it will cache.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from app.engine.cache.pool import KvPool
from app.engine.forward import Forward
from app.engine.runtime.batch import BatchRuns
from app.engine.runtime.network import Network
from app.errors import CandorError

PIECES, PROMPT, OWN = 4, 64, 320
"""Pieces of text, tokens of each that are read, and tokens that the model writes behind them."""
HEADROOM = np.float32(1.25)
"""Room for larger values than those seen: one that is cut off costs far more than coarser steps."""


def largest_values(
    network: Network, ids: Sequence[int], longest: int, on_tokens: Callable[[int, int], None]
) -> Mapping[str, np.ndarray]:
    """For every past input what each channel needs room for, float32 [kv_heads, head_size].

    `longest` is the most tokens that the graph takes.
    """
    count = min(PROMPT + OWN, longest)
    read = min(PROMPT, count // 2)
    pool = KvPool(network.contract, PIECES, count)
    batch = BatchRuns(network, pool) if network.contract.rope_switch is None else None
    forward = Forward(network, pool.caches, count, batch=batch)
    starts = [len(ids) // PIECES * piece for piece in range(PIECES)]
    rows = [forward.run(ids[at : at + read], slot=n)[0].copy() for n, at in enumerate(starts)]
    rng = np.random.default_rng(0)
    for length in range(read, count):
        on_tokens(length, count)
        rows = _next(forward, [_draw(row, rng) for row in rows])
    on_tokens(count, count)
    held = [pool.held(slot.row, count) for slot in pool.caches]
    return {name: _largest([each[name] for each in held]) for name in held[0]}


def _largest(pieces: Sequence[np.ndarray]) -> np.ndarray:
    return HEADROOM * np.max([np.abs(piece).max(axis=1) for piece in pieces], axis=0)


def _next(forward: Forward, ids: Sequence[int]) -> list[np.ndarray]:
    """The logits behind one more token of each piece, float32 [V]."""
    found: list[np.ndarray] = []
    for outcome in forward.decode(list(enumerate(ids))):
        if isinstance(outcome, CandorError):
            raise outcome
        found.append(outcome[0])
    return found


def _draw(logits: np.ndarray, rng: np.random.Generator) -> int:
    """A token by its probability: the largest of the logits plus Gumbel noise."""
    return int((logits + rng.gumbel(size=logits.shape)).argmax())
