"""Snapshots of states that cannot be cut back: few, well placed, and never stale."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.requests import Provider
from app.engine.forward import Forward
from app.engine.model import open_model
from tests.engine import graphs, reference
from tests.engine.hybrids import SHAPE, Convolution, Recurrence

WEIGHTS = reference.random_weights(SHAPE)
MIXERS = {0: Convolution()}
IDS = np.random.default_rng(9).integers(0, SHAPE.vocabulary, 400).tolist()


@pytest.fixture(scope="module")
def forward(tmp_path_factory: pytest.TempPathFactory) -> Forward:
    folder = tmp_path_factory.mktemp("hybrid")
    graphs.write_folder(folder, graphs.grouped(SHAPE, WEIGHTS, mixers=MIXERS), SHAPE)
    return open_model(folder, None, Provider.CPU, lambda done, total: None).forward


def read(forward: Forward, ids: list[int], size: int) -> np.ndarray:
    """Go on to the end of `ids` from wherever the cache can."""
    done = forward.reuse(ids)
    rows = [forward.run(ids[at : at + size]) for at in range(done, len(ids), size)]
    return rows[-1]


def expected(ids: list[int]) -> np.ndarray:
    mixers = {layer: mixer.reference for layer, mixer in MIXERS.items()}
    return reference.logits(WEIGHTS, SHAPE, ids, mixers)[-1:]


@pytest.mark.parametrize("back", [1, 2, 5, 20, 60, 150])
def test_a_rewind_runs_again_about_as_many_tokens_as_it_takes_back(
    forward: Forward, back: int
) -> None:
    forward.clear()
    read(forward, IDS[:200], 64)
    read(forward, IDS[:300], 1)
    again = [*IDS[: 300 - back], 1]
    done = forward.reuse(again)
    assert 300 - back - done <= 2 * back
    np.testing.assert_allclose(forward.run(again[done:]), expected(again), atol=1e-4, rtol=0)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_is_rewound_the_logits_are_those_of_a_fresh_run(
    forward: Forward, data: st.DataObject
) -> None:
    ids: list[int] = []
    forward.clear()
    for _ in range(4):
        kept = data.draw(st.integers(0, len(ids)))
        added = data.draw(st.integers(1, 40))
        start = data.draw(st.integers(0, 300))
        ids = [*ids[:kept], *IDS[start : start + added]]
        actual = read(forward, ids, data.draw(st.sampled_from([1, 7, 64])))
        np.testing.assert_allclose(actual, expected(ids), atol=1e-4, rtol=0)


def test_states_may_be_of_another_type_than_the_rest(tmp_path: Path) -> None:
    """As Qwen3.5's are: f16 states between f32 layers."""
    names = ("past_conv.%d", "past_recurrent.%d"), ("present_conv.%d", "present_recurrent.%d")
    mixer = Recurrence("gated_delta", *names, dtype=np.float16)
    graphs.write_folder(tmp_path, graphs.grouped(SHAPE, WEIGHTS, mixers={0: mixer}), SHAPE)
    half = open_model(tmp_path, None, Provider.CPU, lambda done, total: None).forward
    rows = reference.logits(WEIGHTS, SHAPE, IDS[:30], {0: mixer.reference})[-1:]
    actual = read(half, IDS[:30], 3)
    assert 0 < np.abs(actual - rows).max() < 0.02 * np.abs(rows).max()
