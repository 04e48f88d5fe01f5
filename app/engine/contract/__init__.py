"""What a decoder's graph asks for and gives back, read from the graph itself.

An ONNX model and the names its folder uses go in; a `Contract` comes out, or one sentence about
the first input or output that has no rule. A new kind of input starts as one more `Role` in
`values`, its names in `names`, its shape in `feeds`, and its value in `app.engine.runtime.inputs`.
"""

from app.engine.contract.embedding import Embedding, read_embedding
from app.engine.contract.names import Geometry, Names
from app.engine.contract.read import read_contract
from app.engine.contract.values import Contract, Feed, Logits, Role, State

__all__ = [
    "Contract",
    "Embedding",
    "Feed",
    "Geometry",
    "Logits",
    "Names",
    "Role",
    "State",
    "read_contract",
    "read_embedding",
]
