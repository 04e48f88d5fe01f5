"""Numbers of a distribution against the obvious float64 versions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.sampling.statistics import Distribution, likeliest, tail

FINITE = st.floats(-60, 60, width=32) | st.sampled_from([0.0, 1.0, -1.0])
ROWS = st.lists(FINITE | st.just(-math.inf), min_size=1, max_size=400).filter(
    lambda row: max(row) > -math.inf
)
LARGE = 151_936


def row_of(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def slow_logprobs(row: np.ndarray) -> np.ndarray:
    exact = row.astype(np.float64)
    shifted = exact - exact.max()
    return shifted - np.log(np.exp(shifted).sum())


def slow_entropy(row: np.ndarray) -> float:
    logprobs = slow_logprobs(row)
    held = logprobs[np.isfinite(logprobs)]
    return float(-(np.exp(held) * held).sum() / math.log(2))


def large_row(seed: int, spread: float) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(LARGE) * spread).astype(np.float32)


@given(ROWS, st.data())
def test_a_token_has_the_numbers_of_the_slow_version(values: list[float], data: st.DataObject):
    row = row_of(values)
    token = data.draw(st.integers(0, len(values) - 1))
    distribution = Distribution.of(row)
    assert distribution.logprob(token) == pytest.approx(slow_logprobs(row)[token], abs=2e-5)
    assert distribution.rank(token) == 1 + sum(value > row[token] for value in row)
    assert distribution.entropy == pytest.approx(slow_entropy(row), abs=2e-5)


@given(ROWS, st.integers(0, 30))
def test_numbers_stay_in_their_ranges(values: list[float], count: int) -> None:
    distribution = Distribution.of(row_of(values))
    assert all(distribution.logprob(token) <= 0 for token in range(len(values)))
    assert distribution.entropy >= 0
    assert 0 <= tail(distribution.top(count)) <= 1


@given(ROWS, st.integers(0, 500))
def test_likeliest_are_the_first_of_a_stable_sort(values: list[float], count: int) -> None:
    row = row_of(values)
    expected = sorted(range(len(row)), key=lambda index: (-row[index], index))[:count]
    assert likeliest(row, count).tolist() == expected


@pytest.mark.parametrize("spread", [0.0, 0.5, 4.0])
@pytest.mark.parametrize("count", [1, 5, 100, 2000])
def test_likeliest_of_a_large_vocabulary(spread: float, count: int) -> None:
    row = np.round(large_row(1, spread), 2)
    np.testing.assert_array_equal(likeliest(row, count), np.argsort(-row, kind="stable")[:count])


def test_likeliest_looks_behind_the_last_whole_block() -> None:
    row = large_row(9, 1.0)[:-57]
    row[-3:] = [9.0, 10.0, 11.0]
    np.testing.assert_array_equal(likeliest(row, 8), np.argsort(-row, kind="stable")[:8])


@pytest.mark.parametrize("spread", [0.01, 1.0, 8.0])
def test_numbers_of_a_large_vocabulary(spread: float) -> None:
    row = large_row(2, spread)
    distribution = Distribution.of(row)
    expected = slow_logprobs(row)
    for token in (0, 77, int(row.argmax()), LARGE - 1):
        assert distribution.logprob(token) == pytest.approx(expected[token], abs=1e-5)
    assert distribution.entropy == pytest.approx(slow_entropy(row), abs=1e-4)
    top = distribution.top(5)
    assert tail(top) == pytest.approx(1 - np.exp(np.sort(expected)[-5:]).sum(), abs=1e-5)


def test_a_near_certain_token_keeps_its_digits() -> None:
    distribution = Distribution.of(row_of([20.0, -5.0]))
    assert distribution.logprob(0) == pytest.approx(-math.exp(-25), rel=1e-5)


def test_the_row_is_left_as_it_was() -> None:
    row = large_row(3, 2.0)
    before = row.copy()
    Distribution.of(row).top(5)
    np.testing.assert_array_equal(row, before)
