"""What the graphs of a variant ask for, all of them read and checked before one is opened."""

from dataclasses import dataclass

from onnx import ModelProto

from app.engine.contract import (
    Contract,
    Embedding,
    Geometry,
    Names,
    Role,
    read_contract,
    read_embedding,
)
from app.engine.files import checked
from app.engine.layouts.variant import Variant
from app.errors import ModelUnsupported

_VECTORS = {Role.EMBEDDINGS, Role.LAYER_EMBEDDINGS}


@dataclass(frozen=True, slots=True)
class Plan:
    """The decoder's contract, and where the layout has them those of the graph that makes vectors
    of ids and of the graph that runs while the cache is empty."""

    contract: Contract
    embedding: Embedding | None
    opening: Contract | None


def read_plan(variant: Variant, decoder: ModelProto, names: Names, geometry: Geometry) -> Plan:
    """The plan for a variant whose `decoder` has been read.

    Raises:
        ModelDamaged: a graph that belongs to it is missing or damaged.
        ModelUnsupported: there is no rule for one of them.
    """
    if variant.refusal:
        raise ModelUnsupported(variant.refusal, "Choose another variant or another model.")
    contract = read_contract(decoder, names, geometry)
    return Plan(
        contract=contract,
        embedding=_embedding(variant, contract, names),
        opening=_opening(variant, contract, names, geometry) if variant.opening else None,
    )


def _embedding(variant: Variant, contract: Contract, names: Names) -> Embedding | None:
    wanted = [feed for feed in contract.feeds if feed.role in _VECTORS]
    if not wanted:
        return None
    if variant.embedder is None:
        raise ModelUnsupported(
            f'This decoder takes vectors in place of ids (input "{wanted[0].name}"), and there is '
            "no graph beside it that makes them.",
            "Download the model's embed_tokens.onnx too.",
        )
    embedding = read_embedding(checked.read_graph(variant.embedder), names)
    for feed in wanted:
        if feed.role not in embedding.outputs:
            raise ModelUnsupported(
                f'Nothing makes the model\'s input "{feed.name}": {variant.embedder.name} has no '
                "such output."
            )
    return embedding


def _opening(variant: Variant, contract: Contract, names: Names, geometry: Geometry) -> Contract:
    assert variant.opening
    proto = checked.read_graph(variant.opening)
    given = {each.name for each in proto.graph.output}
    for state in contract.states:
        if state.present not in given:
            raise ModelUnsupported(
                f'{variant.opening.name} does not give "{state.present}", which '
                f"{variant.file.name} goes on from."
            )
    return read_contract(proto, names, geometry)
