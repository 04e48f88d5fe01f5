"""Texts and one task for them: what to ask of a model, and what its scores come to.

In: texts, and their true labels where they are known. Out: requests, and from the answers to them
predictions, a confusion matrix or a calibration. Whoever talks to the engine passes both on.
"""

from collections.abc import Sequence

from msgspec import Struct

from app.domain.calibration import Calibration, Fit, calibrate
from app.domain.classification import Confusion, Correction, LabelScore, Prediction, confusion
from app.domain.models import ModelInfo
from app.domain.requests import Classify
from app.errors import InvalidRequest
from app.services.classifying import NEUTRAL, LabelTask, Table, place

Scores = Sequence[LabelScore]


class LabelJob(Struct, frozen=True):
    """`truths` are the true labels of the texts, in their order; empty where they are not known.

    Raises:
        InvalidRequest: there is no text, or a true label is none of the task's.
    """

    task: LabelTask
    texts: tuple[str, ...]
    truths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not any(text.strip() for text in self.texts):
            raise InvalidRequest("There is no text to label.", "Give one, or a table with some.")
        for truth in self.truths:
            place(self.task.labels, truth)

    @classmethod
    def of_table(cls, task: LabelTask, table: Table, texts: str, truths: str | None) -> "LabelJob":
        """The job for the columns with these names.

        Raises:
            InvalidRequest: there is no such column, no text, or a label that is not asked for.
        """
        known = () if truths is None else table.column(truths)
        return cls(task, tuple(table.column(texts)), tuple(each.strip() for each in known))

    def requests(self, info: ModelInfo) -> tuple[Classify, ...]:
        """What to ask the model, in order."""
        texts = (NEUTRAL, *self.texts) if self._has_prior else self.texts
        return tuple(self.task.request(text, info) for text in texts)

    def predictions(
        self, answers: Sequence[Scores], calibration: Calibration | None = None
    ) -> tuple[Prediction, ...]:
        """What each text is found to be, by the answers to the requests."""
        prior, scores = self._parted(answers)
        return tuple(self.task.prediction(each, prior, calibration) for each in scores)

    def confusion(self, found: Sequence[Prediction]) -> Confusion | None:
        """True labels beside those found, where the true ones are known."""
        return confusion(self.task.labels, self.truths, found) if self.truths else None

    def calibrate(self, answers: Sequence[Scores], fit: Fit) -> Calibration:
        """How far the confidences can be believed, by the answers to the requests.

        Raises:
            InvalidRequest: there are too few texts with a true label, or only one label.
        """
        prior, scores = self._parted(answers)
        pairs = zip(scores, self.truths, strict=True)
        return calibrate(
            self.task.labels,
            [self.task.example(each, prior, truth) for each, truth in pairs],
            fit,
            instruction=self.task.instruction,
            correction=self.task.correction,
        )

    @property
    def _has_prior(self) -> bool:
        """Whether the labels have to be scored without a text, too, which comes first."""
        return self.task.correction is Correction.PRIOR

    def _parted(self, answers: Sequence[Scores]) -> tuple[Scores | None, Sequence[Scores]]:
        return (answers[0], answers[1:]) if self._has_prior else (None, answers)
