"""How many conversations a model remembers, and how many tokens each may have.

Unless somebody asks for several conversations, a full context comes first: there is more than one
only where the memory holds several whole ones.
"""

from dataclasses import dataclass

from app.domain.requests import MOST_PARALLEL
from app.engine.contract import Contract
from app.engine.files.config import Configs
from app.engine.runtime.memory import physical_memory
from app.errors import InvalidRequest, OutOfMemory

MOST_SLOTS = 8  # unless more are asked for
_SHARE = 4  # the caches may take a quarter of the memory
_UNSTATED_CONTEXT = 2048  # tokens, for a model whose files state no context length


@dataclass(frozen=True, slots=True)
class Room:
    """`slots` conversations of `capacity` tokens each."""

    slots: int
    capacity: int


def room(contract: Contract, configs: Configs, parallel: int | None = None) -> Room:
    """What fits into the memory's share, for the context that the model was made for.

    Where `parallel` conversations are asked for, they share what there is.

    Raises:
        InvalidRequest: so many are too many.
        OutOfMemory: not a single token fits.
    """
    if parallel is not None and not 1 <= parallel <= MOST_PARALLEL:
        raise InvalidRequest(
            f"The number of conversations at once must lie between 1 and {MOST_PARALLEL}."
        )
    limits = [configs.context_length, contract.rotary_positions, contract.cache_length]
    longest = min((limit for limit in limits if limit is not None), default=_UNSTATED_CONTEXT)
    affordable = physical_memory() // _SHARE // max(1, contract.bytes_per_token)
    capacity = min(longest, affordable // (parallel or 1))
    if capacity < 1:
        raise OutOfMemory("There is not enough memory for this model's cache.")
    return Room(parallel or min(MOST_SLOTS, affordable // capacity), capacity)
