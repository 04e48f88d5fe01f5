"""Runs two graphs over the same text, side by side, and measures how far they part."""

from collections.abc import Callable, Sequence

from app.domain.preparation import Divergence
from app.engine.cache.caches import lone_cache
from app.engine.cache.pool import KvPool
from app.engine.forward import CHUNK, Forward
from app.engine.prepare.divergence import DivergenceMeter
from app.engine.runtime.network import Network

WINDOW = 512
"""Tokens of context: positions further on cost more and tell little else."""

OnTokens = Callable[[int, int], None]


def window_forward(network: Network, longest: int) -> Forward:
    """A forward pass over one cache of `WINDOW` tokens, or of the `longest` the graph takes."""
    capacity, contract = min(WINDOW, longest), network.contract
    if contract.in_place:
        return Forward(network, KvPool(contract, 1, capacity).caches, capacity)
    return Forward(network, [lone_cache(contract, capacity, opens_bare=False)], capacity)


def compare(
    original: Forward, other: Forward, ids: Sequence[int], on_tokens: OnTokens
) -> Divergence:
    """The divergence of `other` from `original` at every position of `ids`."""
    meter, window = DivergenceMeter(), min(original.capacity, other.capacity)
    for start in range(0, len(ids), window):
        original.clear()
        other.clear()
        part = ids[start : start + window]
        for at in range(0, len(part), CHUNK):
            on_tokens(start + at, len(ids))
            chunk = part[at : at + CHUNK]
            first = original.run(chunk, every_position=True)
            meter.add(first, other.run(chunk, every_position=True))
    on_tokens(len(ids), len(ids))
    return meter.result()
