"""Labels as answers: how likely each of them is, whole, and what to make of that."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from app.errors import InvalidRequest

MOST_LABELS = 200


class Correction(StrEnum):
    """How labels that a model finds likely for other reasons are put right.

    `LENGTH` takes the mean of a label's token logprobs in place of their sum, so that a long label
    is not less likely for its length. `PRIOR` subtracts what the model gives the label without any
    text to judge. Source: Zhao et al. 2021, Calibrate before use; Holtzman et al. 2021, Surface
    form competition.
    """

    NONE = "none"
    LENGTH = "length"
    PRIOR = "prior"


class LabelScore(Struct, frozen=True):
    """A label and the logprobs (nats) of its tokens `ids`, one behind the other; where the end of
    the answer counts, that is the last logprob."""

    label: str
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]

    @property
    def logprob(self) -> float:
        """Joint log-probability of the whole label."""
        return math.fsum(self.logprobs)


class Prediction(Struct, frozen=True, kw_only=True):
    """What a text was found to be: `label`, None where no label reached the threshold.

    `probabilities` stand in the order of the labels and sum to 1; `coverage` is the probability
    that the model answers with any of them at all.
    """

    label: str | None
    likeliest: str
    probabilities: tuple[float, ...]
    coverage: float

    @property
    def confidence(self) -> float:
        """The probability of the likeliest label."""
        return max(self.probabilities)


class Confusion(Struct, frozen=True, kw_only=True):
    """How often each true label (row) was found to be each label, and last how often none was."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def accuracy(self) -> float | None:
        """The share of right ones among those that got a label; None where none did."""
        said = sum(sum(row[:-1]) for row in self.counts)
        right = sum(row[place] for place, row in enumerate(self.counts))
        return right / said if said else None

    @property
    def abstained(self) -> int:
        """How many got no label."""
        return sum(row[-1] for row in self.counts)


def check_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels without outer spaces.

    Raises:
        InvalidRequest: there are fewer than two, too many, empty ones or equal ones.
    """
    found = tuple(label.strip() for label in labels)
    if not all(found):
        raise InvalidRequest("A label is empty.", "Give every label a text.")
    twice = next((label for place, label in enumerate(found) if label in found[:place]), None)
    if twice is not None:
        raise InvalidRequest(f'The label "{twice}" is there twice.', "Give different labels.")
    if not 2 <= len(found) <= MOST_LABELS:
        raise InvalidRequest(f"Give 2 to {MOST_LABELS} labels, not {len(found)}.")
    return found


def predict(
    scores: Sequence[LabelScore],
    correction: Correction = Correction.NONE,
    prior: Mapping[str, float] | None = None,
    threshold: float = 0.0,
    temperature: float = 1.0,
) -> Prediction:
    """The probabilities of the labels, and the likeliest if it reaches `threshold`.

    `prior` has the labels' logprobs without a text, for `Correction.PRIOR`; a fitted `temperature`
    divides what is left before it becomes probabilities.
    """
    found = softmax([each / temperature for each in evidence(scores, correction, prior)])
    best = max(range(len(scores)), key=found.__getitem__)
    likeliest = scores[best].label
    return Prediction(
        label=likeliest if found[best] >= threshold else None,
        likeliest=likeliest,
        probabilities=tuple(found),
        coverage=min(1.0, math.fsum(math.exp(each.logprob) for each in scores)),
    )


def evidence(
    scores: Sequence[LabelScore],
    correction: Correction = Correction.NONE,
    prior: Mapping[str, float] | None = None,
) -> list[float]:
    """Of each label the logprob, corrected; what is common to all does not matter."""
    match correction:
        case Correction.LENGTH:
            return [each.logprob / len(each.logprobs) for each in scores]
        case Correction.PRIOR if prior is not None:
            return [each.logprob - prior[each.label] for each in scores]
        case Correction.PRIOR:
            raise InvalidRequest("There is no prior to correct by.")
    return [each.logprob for each in scores]


def softmax(values: Sequence[float]) -> list[float]:
    """Probabilities in proportion to exp(value)."""
    peak = max(values)
    if peak == -math.inf:
        return [1.0 / len(values)] * len(values)
    weights = [math.exp(value - peak) for value in values]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def confusion(
    labels: Sequence[str], truths: Sequence[str], predictions: Sequence[Prediction]
) -> Confusion:
    """The matrix of true and found labels."""
    places = {label: place for place, label in enumerate(labels)}
    counts = [[0] * (len(labels) + 1) for _ in labels]
    for truth, found in zip(truths, predictions, strict=True):
        column = len(labels) if found.label is None else places[found.label]
        counts[places[truth]][column] += 1
    return Confusion(labels=tuple(labels), counts=tuple(map(tuple, counts)))
