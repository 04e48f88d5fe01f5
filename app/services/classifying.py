"""Labelling texts with a model: what it is asked, and rows of a table in and out."""

import contextlib
import csv
import io
from collections.abc import Iterable, Sequence

from msgspec import Struct

from app.domain.calibration import Calibration, Example, apply
from app.domain.classification import (
    Correction,
    LabelScore,
    Prediction,
    check_labels,
    evidence,
    predict,
)
from app.domain.events import Classified
from app.domain.messages import Message, Role
from app.domain.models import ModelInfo
from app.domain.requests import ChatPrompt, Classify, Prompt, TextPrompt
from app.errors import InvalidRequest
from app.services.engine_host import EngineHost

INSTRUCTION = "Which of these labels fits the text best: {labels}?\nText: {text}\nLabel:"
NEUTRAL = "N/A"
"""Stands for a text that says nothing. Source: Zhao et al. 2021, section 4."""


class LabelTask(Struct, frozen=True, kw_only=True):
    """What is asked of every text; `instruction` has {text} and may have {labels} in it.

    Raises:
        InvalidRequest: the labels or the instruction cannot be used.
    """

    labels: tuple[str, ...]
    instruction: str = INSTRUCTION
    correction: Correction = Correction.NONE
    threshold: float = 0.0

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if "{text}" not in self.instruction:
            raise InvalidRequest("The instruction must hold {text}, where the text goes.")
        if not 0.0 <= self.threshold <= 1.0:
            raise InvalidRequest(f"The threshold must lie between 0 and 1, not {self.threshold}.")

    def request(self, text: str, info: ModelInfo) -> Classify:
        """The request that scores the labels for a text; a model that can think does not."""
        asked = self.instruction.replace("{labels}", ", ".join(self.labels)).replace("{text}", text)
        return Classify(self._prompt(asked, info), self._spelled(info))

    def prediction(
        self,
        scores: Sequence[LabelScore],
        prior: Sequence[LabelScore] | None = None,
        calibration: Calibration | None = None,
    ) -> Prediction:
        """What the scores of a text, and of `NEUTRAL` for a correction by prior, come to."""
        found = predict(self._named(scores), self.correction, self._prior(prior), self.threshold)
        return found if calibration is None else apply(calibration, found, self.threshold)

    def example(
        self, scores: Sequence[LabelScore], prior: Sequence[LabelScore] | None, truth: str
    ) -> Example:
        """The same with its true label, for a calibration.

        Raises:
            InvalidRequest: that is none of the labels.
        """
        values = evidence(self._named(scores), self.correction, self._prior(prior))
        return Example(tuple(values), place(self.labels, truth))

    def _prompt(self, asked: str, info: ModelInfo) -> Prompt:
        if not info.has_template:
            return TextPrompt(asked)
        reasoning = None if info.reasoning_switch is None else False
        return ChatPrompt((Message(Role.USER, asked),), reasoning=reasoning)

    def _spelled(self, info: ModelInfo) -> tuple[str, ...]:
        """Behind plain text a label begins with a space."""
        return self.labels if info.has_template else tuple(f" {label}" for label in self.labels)

    def _named(self, scores: Sequence[LabelScore]) -> list[LabelScore]:
        pairs = zip(self.labels, scores, strict=True)
        return [LabelScore(label, each.ids, each.logprobs) for label, each in pairs]

    def _prior(self, prior: Sequence[LabelScore] | None) -> dict[str, float] | None:
        if prior is None:
            return None
        return {each.label: each.logprob for each in self._named(prior)}


class Table(Struct, frozen=True):
    """The rows of a CSV file by the names of its columns."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]

    def column(self, name: str) -> list[str]:
        """The values of one column.

        Raises:
            InvalidRequest: there is no such column.
        """
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise InvalidRequest(f'The table has no column "{name}"; it has {known}.')
        return [row[name] for row in self.rows]


def place(labels: Sequence[str], truth: str) -> int:
    """Which of the labels a table means.

    Raises:
        InvalidRequest: none.
    """
    if truth.strip() not in labels:
        raise InvalidRequest(
            f'The table has the label "{truth}", which is none of those asked for.'
        )
    return list(labels).index(truth.strip())


def read_table(text: str) -> Table:
    """The table in a CSV file, whose first line names the columns.

    Raises:
        InvalidRequest: it has no rows, or one of another length.
    """
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise InvalidRequest(f"This is no CSV table: {error}.") from error
    lines = [line for line in lines if line]
    if len(lines) < 2:
        raise InvalidRequest("The table has no rows.", "Give a CSV file with a line of names.")
    names, *rows = lines
    wrong = next((at for at, row in enumerate(rows, 2) if len(row) != len(names)), None)
    if wrong is not None:
        raise InvalidRequest(f"Line {wrong} of the table has not as many fields as the first.")
    return Table(tuple(names), tuple(dict(zip(names, row, strict=True)) for row in rows))


def write_table(table: Table, labels: Sequence[str], found: Iterable[Prediction]) -> str:
    """The table with what was found: the label, its confidence, and every label's probability."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    added = ("predicted", "confidence", "coverage", *(f"p({label})" for label in labels))
    writer.writerow([*table.columns, *added])
    for row, each in zip(table.rows, found, strict=True):
        numbers = (each.confidence, each.coverage, *each.probabilities)
        shown = [f"{number:.6g}" for number in numbers]
        writer.writerow([*(row[name] for name in table.columns), each.label or "", *shown])
    return out.getvalue()


async def score(host: EngineHost, request: Classify) -> tuple[LabelScore, ...]:
    """The labels' scores.

    Raises:
        CandorError: the engine cannot answer.
    """
    async with contextlib.aclosing(host.score(request)) as events:
        async for event in events:
            if isinstance(event, Classified):
                return event.scores
    raise InvalidRequest("The classification was cancelled.")
