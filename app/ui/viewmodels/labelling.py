"""Texts that the loaded model labels, and how far its confidence can be believed.

In: a table or a text, and what is asked of it. Out: `LabelStatus`es.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from app.domain.calibration import Calibration, Fit, calibrate
from app.domain.classification import (
    Confusion,
    Correction,
    LabelScore,
    Prediction,
    check_labels,
    confusion,
)
from app.domain.models import ModelInfo
from app.errors import CandorError, InvalidRequest
from app.services.background import Background
from app.services.calibrations import Calibrations
from app.services.classifying import (
    INSTRUCTION,
    NEUTRAL,
    LabelTask,
    Table,
    needs_prior,
    place,
    read_table,
    score,
    write_table,
)
from app.services.engine_host import EngineHost
from app.services.exports import files
from app.services.text_files import read_text
from app.ui.tasks import ErrorHandler, Tasks

TEXT = "text"

Scores = Sequence[LabelScore]
Work = Callable[[], Coroutine[Any, Any, None]]


class Wish(Struct, frozen=True, kw_only=True):
    """What a person asks for: `labels` with commas between them; `truths` names the column of true
    labels, None where there is none."""

    labels: str
    instruction: str = INSTRUCTION
    correction: Correction = Correction.NONE
    threshold: float = 0.0
    calibrated: bool = False
    fit: Fit = Fit.TEMPERATURE
    texts: str = TEXT
    truths: str | None = None

    @property
    def task(self) -> LabelTask:
        """The task, checked.

        Raises:
            InvalidRequest: the labels, the instruction or the threshold cannot be used.
        """
        return LabelTask(
            labels=check_labels(self.labels.split(",")),
            instruction=self.instruction,
            correction=self.correction,
            threshold=self.threshold,
        )


class LabelStatus(Struct, frozen=True, kw_only=True):
    """`done` of `total` texts, while `working`; `table` is what was opened, called `name`.

    `found` belongs to the rows of `shown`, in their order, and `confusion` is there where these
    have true labels; `calibration` is what the last one came to.
    """

    working: bool = False
    done: int = 0
    total: int = 0
    name: str = ""
    table: Table | None = None
    labels: tuple[str, ...] = ()
    shown: Table | None = None
    texts: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    found: tuple[Prediction, ...] = ()
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    saved: str = ""
    error: CandorError | None = None


class LabelModel(QObject):
    """`changed` carries the next LabelStatus."""

    changed = Signal(object)

    def __init__(
        self,
        host: EngineHost,
        background: Background,
        calibrations: Calibrations,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__()
        self._host = host
        self._background = background
        self._calibrations = calibrations
        self._tasks = Tasks(self, on_bug)
        self._task: asyncio.Task[None] | None = None
        self.value = LabelStatus()

    def open_table(self, path: Path) -> None:
        """Read a CSV file; its texts take the place of those before."""
        self._start(lambda: self._open(path))

    def classify(self, wish: Wish, text: str = "") -> None:
        """Label every row of the table, or `text` where there is no table."""
        self._start(lambda: self._classify(wish, text))

    def calibrate(self, wish: Wish) -> None:
        """Fit the confidences on the table's true labels, and keep that for the model."""
        self._start(lambda: self._calibrate(wish))

    def save(self, path: Path) -> None:
        """Write the table with what was found."""
        self._start(lambda: self._save(path))

    def close_table(self) -> None:
        """Forget the table."""
        self.stop()
        self._show(LabelStatus())

    def stop(self) -> None:
        """Label no more."""
        if self._task is not None:
            self._task.cancel()
            self._show(replace(self.value, working=False))

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.cancel()

    def _start(self, work: Work) -> None:
        self.stop()
        self._task = self._tasks.start(self._told(work))
        self._show(replace(self.value, working=True, done=0, total=0, error=None, saved=""))

    async def _told(self, work: Work) -> None:
        try:
            await work()
        except CandorError as error:
            self._show(replace(self.value, working=False, error=error))
        else:
            self._show(replace(self.value, working=False))

    async def _open(self, path: Path) -> None:
        table = await self._background.run(lambda: read_table(read_text(path)))
        self._show(LabelStatus(working=True, name=path.name, table=table))

    async def _classify(self, wish: Wish, text: str) -> None:
        task = wish.task
        table = self.value.table or Table((TEXT,), ({TEXT: text},))
        texts = table.column(wish.texts if self.value.table else TEXT)
        if not any(each.strip() for each in texts):
            raise InvalidRequest("There is no text to label.", "Write one, or open a table.")
        truths = tuple(table.column(wish.truths)) if wish.truths and self.value.table else ()
        for truth in truths:
            place(task.labels, truth)
        info = await self._host.ready()
        fitted = self._calibrations.find(info, task) if wish.calibrated else None
        scores, prior = await self._score(info, task, texts)
        found = tuple(task.prediction(each, prior, fitted) for each in scores)
        stripped = [truth.strip() for truth in truths]
        self._show(
            replace(
                self.value,
                labels=task.labels,
                shown=table,
                texts=tuple(texts),
                truths=truths,
                found=found,
                confusion=confusion(task.labels, stripped, found) if truths else None,
            )
        )

    async def _calibrate(self, wish: Wish) -> None:
        task, table = wish.task, self.value.table
        if table is None or wish.truths is None:
            raise InvalidRequest("There is no table with true labels.", "Open one first.")
        texts, truths = table.column(wish.texts), table.column(wish.truths)
        for truth in truths:
            place(task.labels, truth)
        info = await self._host.ready()
        scores, prior = await self._score(info, task, texts)
        examples = [
            task.example(each, prior, truth) for each, truth in zip(scores, truths, strict=True)
        ]
        found = calibrate(
            task.labels,
            examples,
            wish.fit,
            instruction=task.instruction,
            correction=task.correction,
        )
        self._calibrations.keep(info, found)
        self._show(replace(self.value, labels=task.labels, calibration=found))

    async def _score(
        self, info: ModelInfo, task: LabelTask, texts: Sequence[str]
    ) -> tuple[list[Scores], Scores | None]:
        """The labels' scores for each text, and without one where that is needed."""
        prior = await score(self._host, task.request(NEUTRAL, info)) if needs_prior(task) else None
        found: list[Scores] = []
        for done, text in enumerate(texts):
            self._show(replace(self.value, done=done, total=len(texts)))
            found.append(await score(self._host, task.request(text, info)))
        return found, prior

    async def _save(self, path: Path) -> None:
        now = self.value
        if now.shown is None or not now.found:
            raise InvalidRequest("Nothing was labelled yet.", "Label the texts first.")
        text = write_table(now.shown, now.labels, now.found)
        await self._background.run(lambda: files.write(path, text.encode()))
        self._show(replace(self.value, saved=path.name))

    def _show(self, status: LabelStatus) -> None:
        self.value = status
        self.changed.emit(status)
