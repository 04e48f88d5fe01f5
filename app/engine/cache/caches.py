"""Which kind of cache a contract asks for, where conversations do not share one memory."""

from app.engine.cache.hybrid import HybridKv
from app.engine.cache.kv import GrowingKv, KvCache, NoKv
from app.engine.contract import Contract


def lone_cache(contract: Contract, capacity: int, *, opens_bare: bool) -> KvCache:
    """An empty cache for a conversation of at most `capacity` tokens.

    With `opens_bare` another graph, which has no past, fills it first.
    """
    if not contract.states:
        return NoKv()
    if all(state.axis is not None for state in contract.states):
        return GrowingKv(contract, opens_bare=opens_bare)
    return HybridKv(contract, capacity)
