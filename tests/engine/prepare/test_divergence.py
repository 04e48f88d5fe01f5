"""The divergence against what is worked out by hand and token by token."""

import math

import numpy as np
import pytest

from app.domain.preparation import Divergence
from app.engine.prepare.divergence import DivergenceMeter


def measured(original: np.ndarray, other: np.ndarray) -> Divergence:
    meter = DivergenceMeter()
    meter.add(original.astype(np.float32), other.astype(np.float32))
    return meter.result()


def test_two_known_distributions() -> None:
    half, quarter = np.log([[0.5, 0.5]]), np.log([[0.25, 0.75]])
    found = measured(half, quarter)
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert found.mean == pytest.approx(expected, rel=1e-6)
    assert found.deviation == pytest.approx(math.log(0.5 / 0.25))
    assert found.sure == 0


def test_it_agrees_with_a_sum_over_every_token() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50, 300)).astype(np.float32) * 3
    each = []
    for p, q in zip(np.exp(a.astype(float)), np.exp(b.astype(float)), strict=True):
        p, q = p / p.sum(), q / q.sum()
        each.append(sum(x * math.log(x / y) for x, y in zip(p, q, strict=True)))
    found = measured(a, b)
    assert (found.mean, found.worst) == pytest.approx((np.mean(each), max(each)), rel=1e-9)
    assert found.positions == 50


def test_equal_rows_do_not_diverge() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 40))
    found = measured(rows, rows)
    assert (found.mean, found.worst, found.deviation) == (0, 0, 0)
    assert found.sure == found.agreeing > 10


def test_only_sure_positions_have_to_agree() -> None:
    original = np.array([[1.0, 0.95, 0.0], [1.0, 0.5, 0.0], [2.0, 0.0, 0.0]])
    other = np.array([[0.9, 1.0, 0.0], [0.5, 1.0, 0.0], [2.0, 0.0, 0.0]])
    found = measured(original, other)
    assert (found.sure, found.agreeing) == (2, 1)


def test_a_token_that_is_ruled_out_has_no_share() -> None:
    original, other = np.array([[0.0, 0.0, -np.inf]]), np.array([[0.0, 0.0, 0.0]])
    assert measured(original, other).mean == pytest.approx(math.log(1.5))


@pytest.mark.parametrize(
    ("mean", "worst", "agreeing", "small"),
    [
        (1e-3, 0.05, 10, True),
        (1.1e-3, 0.05, 10, False),
        (1e-3, 0.051, 10, False),
        (1e-3, 0.05, 9, False),
    ],
)
def test_the_rule(mean: float, worst: float, agreeing: int, small: bool) -> None:
    assert Divergence(2048, mean, worst, 10, agreeing, 1.0).is_small is small
