"""A cache of 8 bits: what is stored, and how near it stays to the whole one."""

import numpy as np
import pytest
from onnx import TensorProto

from app.engine.contract import Geometry, Names, read_contract
from app.engine.prepare.int8_cache import int8_cache
from app.engine.prepare.rewrite import Rewrite, Unfit
from app.errors import ModelUnsupported
from tests.engine import graphs, reference
from tests.engine.prepare.running import logits
from tests.engine.reference import Shape

SHAPE = Shape()
GROUPED = graphs.grouped(SHAPE, reference.random_weights(SHAPE))
IDS = np.random.default_rng(1).integers(0, SHAPE.vocabulary, 40).tolist()
CHUNKS = [20, 1, 1, 18]
PASTS = [each.name for each in GROUPED.graph.input if each.name.startswith("past")]


def steps(largest: float) -> dict[str, np.ndarray]:
    shape = (SHAPE.kv_heads, SHAPE.head_size)
    return {name: np.full(shape, largest, np.float32) for name in PASTS}


def test_finer_steps_stay_nearer() -> None:
    whole = logits(GROUPED, IDS, CHUNKS)
    changes = []
    for largest in (6.0, 60.0):
        rounded = int8_cache(GROUPED, steps(largest))
        assert not isinstance(rounded, Unfit)
        changes.append(np.abs(logits(rounded, IDS, CHUNKS) - whole).mean())
    assert 1e-4 < changes[0] < changes[1] / 3


def test_the_contract_reads_8_bits_only_with_their_steps() -> None:
    rounded = int8_cache(GROUPED, steps(6.0))
    assert not isinstance(rounded, Unfit)
    contract = read_contract(rounded, Names(), Geometry())
    assert {state.dtype for state in contract.states} == {np.int8}
    assert contract.in_place
    bare = Rewrite(GROUPED).model
    for info in (*bare.graph.input, *bare.graph.output):
        if info.name.startswith(("past", "present")):
            info.type.tensor_type.elem_type = TensorProto.INT8
    with pytest.raises(ModelUnsupported, match="int8"):
        read_contract(bare, Names(), Geometry())


def test_a_cache_that_attention_does_not_own_stays() -> None:
    outcome = int8_cache(graphs.plain(SHAPE, reference.random_weights(SHAPE)), steps(6.0))
    assert isinstance(outcome, Unfit)
    rounded = int8_cache(GROUPED, steps(6.0))
    assert not isinstance(rounded, Unfit)
    again = int8_cache(rounded, steps(6.0))
    assert isinstance(again, Unfit)
    assert "already" in again.reason
