"""The integer inputs of a graph: which role each plays, and the shapes a role may have."""

import numpy as np

from app.engine.contract.names import Names
from app.engine.contract.tensors import Tensor, no_rule
from app.engine.contract.values import Feed, Role

_INTEGERS = ("int64", "int32")
_RANKS = {
    Role.IDS: (2,),
    Role.MASK: (2,),
    Role.POSITIONS: (2,),
    Role.LOGITS_TO_KEEP: (0, 1),
    Role.LOGITS_AT: (1,),
    Role.CACHE_BRANCH: (1,),
    Role.LAST_POSITION: (1,),
    Role.TOTAL_LENGTH: (0, 1),
    Role.PAST_LENGTH: (0, 1),
    Role.CURRENT_LENGTH: (0, 1),
    Role.QUERY_LENGTHS: (1,),
}


def take_feeds(inputs: dict[str, Tensor], names: Names) -> tuple[Feed, ...]:
    """Take every input that has a role out of `inputs`.

    Raises:
        ModelUnsupported: one has a type or a rank that its role has no rule for.
    """
    roles = {name: role for name in inputs if (role := names.role(name))}
    return tuple(_feed(inputs.pop(name), role) for name, role in roles.items())


def _feed(found: Tensor, role: Role) -> Feed:
    types = ("bool",) if role is Role.CACHE_BRANCH else _INTEGERS
    if found.dtype not in types or len(found.shape) not in _RANKS[role]:
        raise no_rule("input", found)
    return Feed(role, found.name, np.dtype(found.dtype).type, found.shape)
