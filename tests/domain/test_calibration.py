"""Calibration of confidences whose truth is known because they were drawn."""

import math
import random

import pytest

from app.domain.calibration import (
    SEED,
    Example,
    Fit,
    apply,
    calibrate,
    expected_error,
    fit_isotonic,
    halves,
    reliability,
    step,
)
from app.domain.classification import Correction, LabelScore, confusion, predict, softmax
from app.errors import InvalidRequest

LABELS = ("yes", "no", "maybe")


def drawn(count: int, overconfidence: float) -> list[Example]:
    """Examples whose evidence is so many times as strong as their truth was drawn by."""
    rng = random.Random(5)
    found: list[Example] = []
    for _ in range(count):
        honest = [rng.gauss(0, 1.5) for _ in LABELS]
        (truth,) = rng.choices(range(len(LABELS)), softmax(honest))
        found.append(Example(tuple(overconfidence * each for each in honest), truth))
    return found


@pytest.mark.parametrize("overconfidence", [0.5, 3.0])
def test_the_temperature_that_was_put_in_is_found(overconfidence: float) -> None:
    found = calibrate(LABELS, drawn(3000, overconfidence), Fit.TEMPERATURE)
    assert found.temperature == pytest.approx(overconfidence, rel=0.1)
    assert found.ece_after < 0.03 < 0.1 < found.ece_before


def test_an_isotonic_fit_rises_and_helps() -> None:
    found = calibrate(LABELS, drawn(3000, 3.0), Fit.ISOTONIC)
    values = [value for _, value in found.points]
    assert values == sorted(values)
    assert found.ece_after < 0.05 < found.ece_before


def test_pooling_adjacent_violators() -> None:
    points = fit_isotonic([(0.1, False), (0.2, True), (0.3, False), (0.4, True), (0.5, True)])
    assert [value for _, value in points] == [0.0, 0.5, 1.0]
    assert (step(points, 0.25), step(points, 0.05), step(points, 0.9)) == (0.5, 0.0, 1.0)


def test_the_expected_error_is_the_mean_gap() -> None:
    judged = [(0.95, True)] * 8 + [(0.95, False)] * 2 + [(0.55, True)] * 5 + [(0.55, False)] * 5
    bins = reliability(judged)
    assert [each.count for each in bins] == [10, 10]
    assert expected_error(bins) == pytest.approx(0.5 * 0.15 + 0.5 * 0.05)


@pytest.mark.parametrize("fit", Fit)
def test_an_applied_fit_keeps_the_label_and_sums_to_one(fit: Fit) -> None:
    found = calibrate(LABELS, drawn(300, 3.0), fit)
    scores = [
        LabelScore(label, (1,), (logprob,))
        for label, logprob in zip(LABELS, (-1.0, -4.0, -9.0), strict=True)
    ]
    plain = predict(scores)
    fitted = apply(found, plain, 0.0)
    assert fitted.likeliest == plain.likeliest == "yes"
    assert math.fsum(fitted.probabilities) == pytest.approx(1)
    assert fitted.confidence < plain.confidence
    assert apply(found, plain, 1.0).label is None


def test_the_halves_ignore_the_order_and_share_every_label() -> None:
    sure, unsure = Example((2.0, 0.0, 0.0), 0), Example((0.1, 0.0, 0.0), 0)
    rows = [sure, unsure] * 40 + [Example((0.0, 1.0, 0.0), 1)] * 3
    parts = halves(rows)
    for part in parts:
        assert {each.truth for each in part} == {0, 1}
        assert 10 < part.count(sure) < 30, "every other row is of one kind"
    assert sorted(each.truth for part in parts for each in part) == [0] * 80 + [1] * 3
    found = calibrate(LABELS, rows, Fit.TEMPERATURE)
    assert halves(rows) == parts
    assert found.seed == SEED
    assert found.note == 'There are fewer than two examples of "maybe", so a half is without them.'


def test_what_cannot_be_calibrated_is_a_sentence() -> None:
    with pytest.raises(InvalidRequest, match="at least 10 labelled examples, not 9"):
        calibrate(LABELS, drawn(9, 1.0), Fit.TEMPERATURE)
    with pytest.raises(InvalidRequest, match='Every example has the label "no"'):
        calibrate(LABELS, [Example((0.0, 1.0, 0.0), 1)] * 20, Fit.TEMPERATURE)


def test_corrections_and_threshold() -> None:
    scores = [LabelScore("a", (1,), (-2.0,)), LabelScore("b c d", (2, 3, 4), (-1.0, -1.0, -1.0))]
    assert predict(scores).label == "a"
    assert predict(scores, Correction.LENGTH).label == "b c d"
    assert predict(scores, Correction.PRIOR, {"a": -1.0, "b c d": -3.0}).label == "b c d"
    plain = predict(scores)
    assert plain.probabilities[0] == pytest.approx(1 / (1 + math.exp(-1)))
    assert plain.coverage == pytest.approx(math.exp(-2) + math.exp(-3))
    assert predict(scores, threshold=0.9).label is None


def test_the_matrix_counts_and_abstains() -> None:
    strong = [LabelScore("a", (1,), (-0.1,)), LabelScore("b", (2,), (-3.0,))]
    weak = [LabelScore("a", (1,), (-0.7,)), LabelScore("b", (2,), (-0.7,))]
    found = [predict(each, threshold=0.8) for each in (strong, weak, strong)]
    matrix = confusion(("a", "b"), ("a", "a", "b"), found)
    assert matrix.counts == ((1, 0, 1), (1, 0, 0))
    assert (matrix.accuracy, matrix.abstained) == (0.5, 1)
