"""Every sampling transform against an obvious float64 version."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.sampling import logits
from app.engine.sampling.statistics import Distribution
from tests.engine.test_statistics import ROWS, large_row, row_of, slow_entropy, slow_logprobs

MASSES = st.floats(0.0, 0.9999)
EDGE = 1e-5
FACTORS = st.floats(0.1, 10.0)


def slow_top_p(row: np.ndarray, mass: float) -> set[int]:
    """The likeliest tokens, as long as those before one of them have less than `mass`."""
    order = np.argsort(-row, kind="stable")
    probabilities = np.exp(slow_logprobs(row))[order]
    before = np.cumsum(probabilities) - probabilities
    return {int(order[0]), *order[before < mass].tolist()}


def check_typical(row: np.ndarray, kept: np.ndarray, mass: float) -> None:
    """`kept` has the mass, is nearest to the entropy, and would lack mass without its farthest."""
    logprobs = slow_logprobs(row)
    probabilities = np.exp(logprobs)
    distance = np.abs(-logprobs - slow_entropy(row) * math.log(2))
    others = np.setdiff1d(np.arange(len(row)), kept)
    total = probabilities[kept].sum()
    assert total >= mass - EDGE
    if len(others):
        assert distance[kept].max() <= distance[others].min() + 1e-3
        assert total - probabilities[kept][distance[kept].argmax()] <= mass + 1e-3


@given(ROWS, st.data(), FACTORS)
def test_repetition_penalty(values: list[float], data: st.DataObject, penalty: float) -> None:
    row = row_of(values)
    seen = np.array(data.draw(st.lists(st.booleans(), min_size=len(row), max_size=len(row))))
    expected = [
        value if not met else value / penalty if value > 0 else value * penalty
        for value, met in zip(row.astype(np.float64), seen, strict=True)
    ]
    got = logits.repetition_penalty(row, seen, penalty)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-30)


@given(ROWS, st.data(), st.floats(-10, 10))
def test_counting_penalties(values: list[float], data: st.DataObject, penalty: float) -> None:
    row = row_of(values)
    drawn = data.draw(st.lists(st.integers(0, 9), min_size=len(row), max_size=len(row)))
    counts = np.array(drawn, dtype=np.int32)
    exact = row.astype(np.float64)
    frequent = logits.frequency_penalty(row, counts, penalty)
    present = logits.presence_penalty(row, counts, penalty)
    np.testing.assert_allclose(frequent, exact - penalty * counts, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(present, exact - penalty * (counts > 0), rtol=1e-5, atol=1e-5)


@given(ROWS, st.data(), st.floats(-100, 100, width=32))
def test_logit_bias(values: list[float], data: st.DataObject, bias: float) -> None:
    row = row_of(values)
    token = data.draw(st.integers(0, len(row) - 1))
    got = logits.logit_bias(row, np.array([token]), np.array([bias], dtype=np.float32))
    expected = row.astype(np.float64)
    expected[token] += bias
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-5)


@given(ROWS, st.floats(0.01, 5.0))
def test_temperature(values: list[float], value: float) -> None:
    row = row_of(values)
    got = slow_logprobs(logits.temperature(row, value))
    expected = slow_logprobs(row.astype(np.float64) / value)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("value", [5e-324, 1e-40, 1e-30])
def test_a_temperature_near_zero_is_greedy(value: float) -> None:
    cooled = logits.temperature(row_of([1.0, 3.0, 2.0]), value)
    np.testing.assert_array_equal(np.exp(cooled), [0, 1, 0])


@given(ROWS, st.integers(1, 450))
def test_top_k(values: list[float], count: int) -> None:
    row = row_of(values)
    expected = sorted(range(len(row)), key=lambda index: (-row[index], index))[:count]
    assert logits.top_k(row, count).tolist() == sorted(expected)


@given(ROWS, MASSES)
def test_top_p(values: list[float], mass: float) -> None:
    row = row_of(values)
    kept = set(logits.top_p(row, mass).tolist())
    assert slow_top_p(row, mass - EDGE) <= kept <= slow_top_p(row, mass + EDGE)


@pytest.mark.parametrize("spread", [0.0, 0.3, 3.0, 9.0])
@pytest.mark.parametrize("mass", [0.0, 0.5, 0.95, 0.999999])
def test_top_p_of_a_large_vocabulary(spread: float, mass: float) -> None:
    row = large_row(5, spread)
    kept = set(logits.top_p(row, mass).tolist())
    assert slow_top_p(row, mass - EDGE) <= kept <= slow_top_p(row, mass + EDGE)


def test_top_p_keeps_the_fewest_and_the_lower_id_of_a_tie() -> None:
    row = np.log(row_of([0.25, 0.5, 0.25]))
    assert logits.top_p(row, 0.0).tolist() == [1]
    assert logits.top_p(row, 0.49).tolist() == [1]
    assert logits.top_p(row, 0.6).tolist() == [0, 1]
    assert logits.top_p(row, 0.8).tolist() == [0, 1, 2]


@pytest.mark.parametrize("spread", [1.0, 4.0, 8.0, 16.0])
@pytest.mark.parametrize("value", [0.2, 0.7, 1.0])
def test_a_proven_nucleus_is_that_of_top_p(spread: float, value: float) -> None:
    proven = 0
    for seed in range(20):
        row = large_row(seed, spread)[:5000]
        for mass in (0.3, 0.9, 0.99):
            kept = logits.proven_nucleus(Distribution.of(row), value, mass)
            if kept is not None:
                proven += 1
                expected = logits.top_p(logits.temperature(row, value), mass)
                np.testing.assert_array_equal(kept, expected)
    assert proven >= 50 or spread < 8


@given(ROWS, st.floats(0.001, 1.0))
def test_min_p(values: list[float], share: float) -> None:
    row = row_of(values)
    ratios = np.exp(slow_logprobs(row) - slow_logprobs(row).max())
    kept = set(logits.min_p(row, share).tolist())
    assert set(np.flatnonzero(ratios >= share * (1 + EDGE))) <= kept
    assert kept <= set(np.flatnonzero(ratios >= share * (1 - EDGE)))


@given(ROWS, MASSES)
def test_typical_p(values: list[float], mass: float) -> None:
    row = row_of(values)
    check_typical(row, logits.typical_p(row, mass), mass)


@pytest.mark.parametrize("spread", [0.3, 3.0])
def test_typical_p_of_a_large_vocabulary(spread: float) -> None:
    row = large_row(6, spread)
    check_typical(row, logits.typical_p(row, 0.9), 0.9)


def test_nothing_changes_its_arguments() -> None:
    row = large_row(7, 2.0)
    before = row.copy()
    seen = np.ones(len(row), dtype=bool)
    logits.repetition_penalty(row, seen, 2.0)
    logits.frequency_penalty(row, seen.astype(np.int32), 2.0)
    logits.presence_penalty(row, seen.astype(np.int32), 2.0)
    logits.logit_bias(row, np.array([1]), row_of([3.0]))
    logits.temperature(row, 0.5)
    for cut in (logits.top_p, logits.min_p, logits.typical_p):
        cut(row, 0.9)
    np.testing.assert_array_equal(row, before)
