"""How far confidences can be believed, and what to do about it: reliability, ECE, two fits.

Pure functions. A fit is judged on the half of the examples that it was not made from.
"""

import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from app.domain.classification import Correction, Prediction, softmax
from app.errors import InvalidRequest

BINS = 10
FEWEST = 10
"""Examples below which nothing can be said."""

SEED = 1
"""Of the shuffle that halves the examples."""

_COLDEST, _HOTTEST = 0.02, 50.0
_STEPS = 60


class Fit(StrEnum):
    """How confidences are put right: one temperature for all labels' logprobs (Guo et al. 2017, On
    calibration of modern neural networks), or a rising step function of the confidence (Zadrozny
    and Elkan 2002, by pooling adjacent violators)."""

    TEMPERATURE = "temperature"
    ISOTONIC = "isotonic"


class Bin(Struct, frozen=True):
    """Of a reliability diagram: predictions with a confidence from `low` to `high`, their mean
    `confidence` and the share that was right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


class Example(Struct, frozen=True):
    """What is known of one labelled text: the labels' corrected logprobs (nats) and which of them
    is true, by its place."""

    evidence: tuple[float, ...]
    truth: int


class Calibration(Struct, frozen=True, kw_only=True):
    """A fit for one model and one task.

    `points` are the isotonic steps, (from confidence, calibrated confidence), rising. `before` and
    `after` are the reliability of confidences without and with a fit from the other half of the
    `count` examples, `ece_before` and `ece_after` the expected calibration errors. The halves are
    drawn by `seed`, and `note` names labels that one of them is without.
    """

    labels: tuple[str, ...]
    instruction: str
    correction: Correction
    fit: Fit
    temperature: float
    points: tuple[tuple[float, float], ...]
    count: int
    accuracy: float
    before: tuple[Bin, ...]
    after: tuple[Bin, ...]
    ece_before: float
    ece_after: float
    seed: int = SEED
    note: str = ""


def calibrate(
    labels: Sequence[str],
    examples: Sequence[Example],
    fit: Fit,
    *,
    instruction: str = "",
    correction: Correction = Correction.NONE,
) -> Calibration:
    """Fit the confidences of a model on labelled examples.

    Raises:
        InvalidRequest: there are too few examples, or all have the same label.
    """
    _check(labels, examples)
    parts = halves(examples)
    crossed = [
        pair for own, other in (parts, parts[::-1]) for pair in _judged(own, _fitted(other, fit))
    ]
    plain = _judged(examples, lambda evidence: max(softmax(evidence)))
    before, after = reliability(plain), reliability(crossed)
    return Calibration(
        labels=tuple(labels),
        instruction=instruction,
        correction=correction,
        fit=fit,
        temperature=fit_temperature(examples) if fit is Fit.TEMPERATURE else 1.0,
        points=fit_isotonic(plain) if fit is Fit.ISOTONIC else (),
        count=len(examples),
        accuracy=sum(right for _, right in plain) / len(plain),
        before=before,
        after=after,
        ece_before=expected_error(before),
        ece_after=expected_error(after),
        seed=SEED,
        note=_note(labels, examples),
    )


def halves(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Two halves, each with half of the examples of every label, drawn by `SEED`.

    The order of a table says nothing on which half an example gets into.
    """
    dealt: list[Example] = []
    source = random.Random(SEED)
    for truth in sorted({each.truth for each in examples}):
        same = [each for each in examples if each.truth == truth]
        source.shuffle(same)
        dealt += same
    return dealt[::2], dealt[1::2]


def apply(calibration: Calibration, prediction: Prediction, threshold: float) -> Prediction:
    """The prediction with calibrated probabilities; what the likeliest label loses or wins is
    shared by the others in proportion."""
    if calibration.fit is Fit.TEMPERATURE:
        logs = [math.log(each) if each else -math.inf for each in prediction.probabilities]
        found = softmax([each / calibration.temperature for each in logs])
    else:
        best = prediction.confidence
        known = step(calibration.points, best)
        rest = 1.0 - best
        place = prediction.probabilities.index(best)
        others = len(prediction.probabilities) - 1
        found = [
            (each * (1.0 - known) / rest if rest else (1.0 - known) / others)
            for each in prediction.probabilities
        ]
        found[place] = known
    label = prediction.likeliest if max(found) >= threshold else None
    return replace(prediction, probabilities=tuple(found), label=label)


def reliability(judged: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """The bins that hold something, of (confidence, right)."""
    found: list[Bin] = []
    for place in range(BINS):
        low, high = place / BINS, (place + 1) / BINS
        inside = [pair for pair in judged if place == min(BINS - 1, int(pair[0] * BINS))]
        if inside:
            mean = math.fsum(confidence for confidence, _ in inside) / len(inside)
            right = sum(right for _, right in inside) / len(inside)
            found.append(Bin(low, high, len(inside), mean, right))
    return tuple(found)


def expected_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: the mean distance of confidence and accuracy."""
    total = sum(each.count for each in bins)
    gaps = (each.count * abs(each.confidence - each.accuracy) for each in bins)
    return math.fsum(gaps) / total if total else 0.0


def fit_temperature(examples: Sequence[Example]) -> float:
    """The temperature under which the true labels are likeliest, by golden sections."""
    ratio = (math.sqrt(5) - 1) / 2
    low, high = math.log(_COLDEST), math.log(_HOTTEST)
    for _ in range(_STEPS):
        one, other = high - ratio * (high - low), low + ratio * (high - low)
        if _surprise(examples, math.exp(one)) <= _surprise(examples, math.exp(other)):
            high = other
        else:
            low = one
    return math.exp((low + high) / 2)


def fit_isotonic(judged: Sequence[tuple[float, bool]]) -> tuple[tuple[float, float], ...]:
    """The rising steps that are nearest to what was right, by pooling adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for confidence, right in sorted(judged):
        block = (confidence, float(right), 1)
        while blocks and blocks[-1][1] / blocks[-1][2] >= block[1] / block[2]:
            start, rights, count = blocks.pop()
            block = (start, rights + block[1], count + block[2])
        blocks.append(block)
    return tuple((start, rights / count) for start, rights, count in blocks)


def step(points: Sequence[tuple[float, float]], confidence: float) -> float:
    """The value of the step function; below its first step that one holds."""
    place = bisect_right([start for start, _ in points], confidence) - 1
    return points[max(0, place)][1]


def _fitted(examples: Sequence[Example], fit: Fit) -> Callable[[Sequence[float]], float]:
    """From evidence to a calibrated confidence."""
    if fit is Fit.TEMPERATURE:
        value = fit_temperature(examples)
        return lambda evidence: max(softmax([each / value for each in evidence]))
    points = fit_isotonic(_judged(examples, lambda evidence: max(softmax(evidence))))
    return lambda evidence: step(points, max(softmax(evidence)))


def _judged(
    examples: Sequence[Example], confidence: Callable[[Sequence[float]], float]
) -> list[tuple[float, bool]]:
    return [
        (confidence(each.evidence), each.evidence.index(max(each.evidence)) == each.truth)
        for each in examples
    ]


def _surprise(examples: Sequence[Example], temperature: float) -> float:
    total = 0.0
    for each in examples:
        values = [value / temperature for value in each.evidence]
        peak = max(values)
        total += peak - values[each.truth] + math.log(math.fsum(math.exp(v - peak) for v in values))
    return total


def _check(labels: Sequence[str], examples: Sequence[Example]) -> None:
    if len(examples) < FEWEST:
        raise InvalidRequest(
            f"Calibration needs at least {FEWEST} labelled examples, not {len(examples)}."
        )
    present = {each.truth for each in examples}
    if len(present) < 2:
        raise InvalidRequest(
            f'Every example has the label "{labels[present.pop()]}".',
            "Calibration needs examples of at least two labels.",
        )


def _note(labels: Sequence[str], examples: Sequence[Example]) -> str:
    counts = Counter(each.truth for each in examples)
    rare = [f'"{label}"' for place, label in enumerate(labels) if counts[place] < 2]
    if not rare:
        return ""
    return f"There are fewer than two examples of {', '.join(rare)}, so a half is without them."
