"""Texts that the loaded model labels, and how far its confidence can be believed.

In: a table or a text, and what is asked of it. Out: `LabelStatus`es.
"""

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from app.domain.calibration import Calibration, Fit
from app.domain.classification import Confusion, Correction, Prediction, check_labels
from app.domain.models import ModelInfo
from app.errors import InvalidRequest
from app.services.background import Background
from app.services.calibrations import Calibrations
from app.services.classifying import INSTRUCTION, LabelTask, Table, read_table, score, write_table
from app.services.engine_host import EngineHost
from app.services.exports import files
from app.services.label_job import LabelJob, Scores
from app.services.text_files import read_text
from app.ui.tasks import ErrorHandler
from app.ui.viewmodels.one_task import TaskModel, TaskStatus, Work

TEXT = "text"


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


class LabelStatus(TaskStatus, frozen=True, kw_only=True):
    """`table` is what was opened, called `name`; requests for the texts are counted.

    `found` belongs to the rows of `shown`, in their order, and `confusion` is there where these
    have true labels; `calibration` is what the last one came to.
    """

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


class LabelModel(TaskModel[LabelStatus]):
    """Labels texts or a table's, and calibrates on them."""

    def __init__(
        self,
        host: EngineHost,
        background: Background,
        calibrations: Calibrations,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__(LabelStatus(), on_bug)
        self._host = host
        self._background = background
        self._calibrations = calibrations

    def open_table(self, path: Path) -> None:
        """Read a CSV file; its texts take the place of those before."""
        self._do(lambda: self._open(path))

    def classify(self, wish: Wish, text: str = "") -> None:
        """Label every row of the table, or `text` where there is no table."""
        self._do(lambda: self._classify(wish, text))

    def calibrate(self, wish: Wish) -> None:
        """Fit the confidences on the table's true labels, and keep that for the model."""
        self._do(lambda: self._calibrate(wish))

    def save(self, path: Path) -> None:
        """Write the table with what was found."""
        self._do(lambda: self._save(path))

    def close_table(self) -> None:
        """Forget the table."""
        self.stop()
        self._show(LabelStatus())

    def _do(self, work: Work) -> None:
        self._start(work, replace(self.value, done=0, total=0, error=None, saved=""))

    async def _open(self, path: Path) -> None:
        table = await self._background.run(lambda: read_table(read_text(path)))
        self._show(LabelStatus(working=True, name=path.name, table=table))

    async def _classify(self, wish: Wish, text: str) -> None:
        table = self.value.table or Table((TEXT,), ({TEXT: text},))
        truths = wish.truths if self.value.table else None
        job = LabelJob.of_table(wish.task, table, wish.texts if self.value.table else TEXT, truths)
        info = await self._host.ready()
        fitted = self._calibrations.find(info, job.task) if wish.calibrated else None
        found = job.predictions(await self._answers(job, info), fitted)
        self._show(
            replace(
                self.value,
                labels=job.task.labels,
                shown=table,
                texts=job.texts,
                truths=job.truths,
                found=found,
                confusion=job.confusion(found),
            )
        )

    async def _calibrate(self, wish: Wish) -> None:
        table = self.value.table
        if table is None or wish.truths is None:
            raise InvalidRequest("There is no table with true labels.", "Open one first.")
        job = LabelJob.of_table(wish.task, table, wish.texts, wish.truths)
        info = await self._host.ready()
        found = job.calibrate(await self._answers(job, info), wish.fit)
        self._calibrations.keep(info, found)
        self._show(replace(self.value, labels=job.task.labels, calibration=found))

    async def _answers(self, job: LabelJob, info: ModelInfo) -> list[Scores]:
        asked = job.requests(info)
        found: list[Scores] = []
        for done, request in enumerate(asked):
            self._show(replace(self.value, done=done, total=len(asked)))
            found.append(await score(self._host, request))
        return found

    async def _save(self, path: Path) -> None:
        now = self.value
        if now.shown is None or not now.found:
            raise InvalidRequest("Nothing was labelled yet.", "Label the texts first.")
        text = write_table(now.shown, now.labels, now.found)
        await self._background.run(lambda: files.write(path, text.encode()))
        self._show(replace(self.value, saved=path.name))
