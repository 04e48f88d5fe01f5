"""How many conversations a model remembers, and how many tokens each may have.

A full context comes first: more than one conversation only where the memory holds several whole
ones.
"""

from dataclasses import dataclass

from app.engine.config import Configs
from app.engine.contract import Contract
from app.engine.memory import physical_memory
from app.errors import OutOfMemory

MOST_SLOTS = 8
_SHARE = 4  # the caches may take a quarter of the memory
_UNSTATED_CONTEXT = 2048  # tokens, for a model whose files state no context length


@dataclass(frozen=True, slots=True)
class Room:
    """`slots` conversations of `capacity` tokens each."""

    slots: int
    capacity: int


def room(contract: Contract, configs: Configs) -> Room:
    """What fits into the memory's share, for the context that the model was made for.

    Raises:
        OutOfMemory: not a single token does.
    """
    limits = [configs.context_length, contract.rotary_positions, contract.cache_length]
    longest = min((limit for limit in limits if limit is not None), default=_UNSTATED_CONTEXT)
    affordable = physical_memory() // _SHARE // max(1, contract.bytes_per_token)
    if affordable < 1:
        raise OutOfMemory("There is not enough memory for this model's cache.")
    capacity = min(longest, affordable)
    slots = 1 if contract.one_row else min(MOST_SLOTS, affordable // capacity)
    return Room(slots, capacity)
