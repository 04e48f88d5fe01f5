"""Models that turn their keys by other angles in long contexts: after the switch every key is made
anew, and what is rewound below it again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from app.domain.requests import Provider
from app.engine.forward import Forward
from app.engine.model import open_model
from tests.engine import graphs, reference
from tests.engine.graphs import LongRope
from tests.engine.reference import Shape

SHAPE = Shape()
LONG = replace(SHAPE, theta=77.0)
WEIGHTS = reference.random_weights(SHAPE)
SWITCH = 32
IDS = np.random.default_rng(6).integers(0, SHAPE.vocabulary, 80).tolist()
ROPE = LongRope(SWITCH, LONG.theta)


def write(folder: Path, *, growing: bool, **config: object) -> Forward:
    graph = graphs.grouped(SHAPE, WEIGHTS, long_rope=ROPE)
    if growing:
        graph.graph.node.append(helper.make_node("Shape", ["past_key_values.0.key"], ["length"]))
    graphs.write_folder(folder, graph, SHAPE)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | config))
    return open_model(folder, None, Provider.CPU, lambda done, total: None).forward


@pytest.fixture(params=[False, True], ids=["in place", "growing"])
def forward(request: pytest.FixtureRequest, tmp_path: Path) -> Forward:
    scaling = {"type": "longrope", "original_max_position_embeddings": SWITCH}
    return write(tmp_path, growing=request.param, rope_scaling=scaling)


def expected(ids: list[int]) -> np.ndarray:
    """What a fresh run of all of `ids` gives behind the last one."""
    shape = LONG if len(ids) > SWITCH else SHAPE
    return reference.logits(WEIGHTS, shape, ids)[-1:]


def check(forward: Forward, ids: list[int], size: int) -> None:
    done = forward.reuse(ids)
    while done < len(ids):
        end = min(done + size, len(ids))
        actual = forward.run(ids[done:end])
        np.testing.assert_allclose(actual, expected(ids[:end]), atol=1e-4, rtol=0)
        done = end


@pytest.mark.parametrize("size", [1, 7, 80])
def test_every_step_is_that_of_a_fresh_run(forward: Forward, size: int) -> None:
    check(forward, IDS, size)


def test_decoding_crosses_the_switch_too(forward: Forward) -> None:
    forward.run(IDS[: SWITCH - 1])
    for at in range(SWITCH - 1, SWITCH + 4):
        (row,) = forward.decode([(0, IDS[at])])
        assert isinstance(row, np.ndarray)
        np.testing.assert_allclose(row, expected(IDS[: at + 1]), atol=1e-4, rtol=0)


def test_a_rewind_below_the_switch_forgets_the_long_angles(forward: Forward) -> None:
    check(forward, IDS[:50], 10)
    check(forward, [*IDS[:20], *IDS[60:65]], 5)
    check(forward, IDS[:50], 10)
    assert forward.reuse([*IDS[:40], 3]) == 40
    check(forward, [*IDS[:40], 3, 4], 1)


def test_rows_of_a_run_that_crosses_are_those_of_the_long_angles(forward: Forward) -> None:
    forward.run(IDS[:30])
    rows = forward.run(IDS[30:40], every_position=True)
    long = reference.logits(WEIGHTS, LONG, IDS[:40])[30:]
    np.testing.assert_allclose(rows, long, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "config",
    [
        {"rope_scaling": {"rope_type": "longrope"}, "original_max_position_embeddings": SWITCH},
        {"rope_parameters": {"rope_type": "longrope", "original_max_position_embeddings": SWITCH}},
        {"rope_scaling": {"type": "su"}, "original_max_position_embeddings": SWITCH},
    ],
)
def test_the_switch_is_read_wherever_configs_say_it(tmp_path: Path, config: dict) -> None:
    check(write(tmp_path, growing=False, **config), IDS[:40], 10)


def test_other_scalings_do_not_switch(tmp_path: Path) -> None:
    scaling = {"rope_type": "yarn", "original_max_position_embeddings": SWITCH}
    forward = write(tmp_path, growing=False, rope_scaling=scaling)
    forward.run(IDS[:30])
    actual = forward.run(IDS[30:40])
    assert not np.allclose(actual, expected(IDS[:40]), atol=1e-3)
