"""The inputs that are made anew for every run: which role each plays, and the types and shapes
that a role may have."""

import numpy as np

from app.engine.contract.names import Geometry, Names
from app.engine.contract.tensors import FLOATS, INTEGERS, Tensor, no_rule
from app.engine.contract.values import Feed, Role

_TYPES = {
    Role.EMBEDDINGS: FLOATS,
    Role.LAYER_EMBEDDINGS: FLOATS,
    Role.CACHE_BRANCH: ("bool",),
}
_RANKS = {
    Role.IDS: (2,),
    Role.EMBEDDINGS: (3,),
    Role.LAYER_EMBEDDINGS: (4,),
    Role.MASK: (2,),
    Role.POSITIONS: (2, 3),
    Role.POSITIONS_FROM_ONE: (2,),
    Role.LOGITS_TO_KEEP: (0, 1),
    Role.LOGITS_AT: (1,),
    Role.CACHE_BRANCH: (1,),
    Role.LAST_POSITION: (1,),
    Role.TOTAL_LENGTH: (0, 1),
    Role.PAST_LENGTH: (0, 1),
    Role.CURRENT_LENGTH: (0, 1),
    Role.QUERY_LENGTHS: (1,),
}
_POSITION_ROWS = 3  # time, height and width, which are alike for text


def take_feeds(inputs: dict[str, Tensor], names: Names, geometry: Geometry) -> tuple[Feed, ...]:
    """Take every input that has a role out of `inputs`.

    Raises:
        ModelUnsupported: one has a type or a rank that its role has no rule for.
    """
    roles = {name: role for name in inputs if (role := names.role(name))}
    if not {Role.IDS, Role.EMBEDDINGS} & set(roles.values()):
        roles |= _only_integers(inputs, roles)
    if geometry.from_one and roles.get(names.positions):
        roles[names.positions] = Role.POSITIONS_FROM_ONE
    return tuple(_feed(inputs.pop(name), role) for name, role in roles.items())


def _only_integers(inputs: dict[str, Tensor], roles: dict[str, Role]) -> dict[str, Role]:
    """The ids of a graph that calls them something else: its one other integer table."""
    found = [
        each.name
        for each in inputs.values()
        if each.name not in roles and each.dtype in INTEGERS and len(each.shape) == 2
    ]
    return {found[0]: Role.IDS} if len(found) == 1 else {}


def _feed(found: Tensor, role: Role) -> Feed:
    if found.dtype not in _TYPES.get(role, INTEGERS) or len(found.shape) not in _RANKS[role]:
        raise no_rule("input", found)
    if role is Role.POSITIONS and len(found.shape) == 3 and found.shape[0] != _POSITION_ROWS:
        raise no_rule("input", found)
    if role is Role.IDS and isinstance(found.shape[1], int) and found.shape[1] > 1:
        raise no_rule("input", found)  # a run of a fixed number of tokens would need padding
    return Feed(role, found.name, np.dtype(found.dtype).type, found.shape)
