"""Two models, or two samplings of one, on one text: asked for, growing, stopped.

In: two choices of a model and a text. Out: the pieces as they come, and `CompareStatus`es.
"""

from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import Signal

from app.domain.comparison import Piece
from app.domain.devices import Device
from app.domain.events import Compared, ComparedPart, Inspected, Progress, Stage
from app.domain.inspection import ModelReport, VariantReport
from app.domain.preparation import Precision
from app.domain.requests import Compare, Inspect, Load, TextPrompt
from app.domain.sampling import SamplingParams
from app.errors import CandorError, InvalidRequest
from app.services.comparing import compare
from app.services.engine_host import EngineHost
from app.services.packs import Report
from app.services.settings import ModelChoice
from app.services.workers import MakeClient
from app.ui.tasks import ErrorHandler
from app.ui.viewmodels.model_survey import CPU, ModelSurvey, devices
from app.ui.viewmodels.models import STAGES, ModelsModel
from app.ui.viewmodels.one_task import TaskModel, TaskStatus
from app.ui.viewmodels.sampling import NEUTRAL, SamplingModel

SAMPLE = (
    "A model's weights are rounded so that they take less memory. Most words stay as likely as "
    "they were, and some do not: a name, a number, the end of a long sentence. 17 + 25 = 42.\n\n"
    "Le train part à 14 h 37. 東京は日本の首都です。 def area(r): return 3.14159 * r ** 2\n"
)


class CompareStatus(TaskStatus, frozen=True, kw_only=True):
    """`doing` says what is done while working; `result` is what came of the last comparison,
    `pieces` of the text that it was made on."""

    doing: str = ""
    pieces: tuple[Piece, ...] = ()
    result: Compared | None = None


WAITING = CompareStatus(doing="Waiting for the models")
READING = "Reading the text"


class Reports(Struct, frozen=True):
    """What is known of the variants of a choice's folder."""

    choice: ModelChoice
    variants: tuple[VariantReport, ...]


class CompareModel(TaskModel[CompareStatus]):
    """`looked` carries Reports, `paired` two ModelChoices; `found` tells of other `devices`."""

    looked = Signal(object)
    paired = Signal(object, object)
    found = Signal()

    def __init__(
        self,
        host: EngineHost,
        make_client: MakeClient,
        models: ModelsModel,
        survey: ModelSurvey,
        sampling: SamplingModel,
        on_bug: ErrorHandler,
    ) -> None:
        super().__init__(CompareStatus(), on_bug)
        self._host = host
        self._make_client = make_client
        self._models = models
        self.survey = survey
        self._sampling = sampling
        self.devices: tuple[Device, ...] = (CPU,)
        survey.found.connect(self._take_devices)

    def choices(self) -> list[tuple[str, ModelChoice]]:
        """The models to choose from, by their names; the open one first."""
        found = [(self._models.name(each), each) for each in self._models.choices]
        opened = self._models.value.opened
        return sorted(found, key=lambda pair: pair[1] != opened)

    def samplings(self) -> list[tuple[str, SamplingParams]]:
        """Ways to sample that a comparison can start from, by their names."""
        model = self._sampling.model
        return [
            ("As in the chat", self._sampling.params),
            ("Model's defaults", model.sampling if model else NEUTRAL),
            ("Neutral", NEUTRAL),
        ]

    def look(self, choice: ModelChoice) -> None:
        """Tell which variants the folder of a choice has."""
        self._tasks.start(self._look(choice))

    def compare(
        self,
        first: ModelChoice,
        second: ModelChoice,
        text: str,
        sampling: tuple[SamplingParams, SamplingParams] | None = None,
    ) -> None:
        """Let both read a text, or one of them with two samplings."""
        self._start(lambda: self._compare(first, second, text, sampling), WAITING)

    def compare_rounding(self, text: str) -> None:
        """Compare the open model, as it runs, with the least rounded variant of its folder.

        Without a text, a built-in one is read.
        """
        read = text if text.strip() else SAMPLE
        self._start(lambda: self._compare_rounding(read), WAITING)

    def _take_devices(self, reports: tuple[Report, ...]) -> None:
        self.devices = devices(reports)
        self.found.emit()

    async def _look(self, choice: ModelChoice) -> None:
        try:
            report = await self._report(choice)
        except CandorError:  # the comparison itself says why
            return
        self.looked.emit(Reports(choice, report.variants))

    async def _report(self, choice: ModelChoice) -> ModelReport:
        place = str(Path(self._models.path(choice)).absolute())
        async with aclosing(self._host.query(Inspect(place))) as events:
            async for event in events:
                if isinstance(event, Inspected):
                    return event.report
        raise InvalidRequest("Nothing is known of this model.", "Choose another one.")

    async def _compare_rounding(self, text: str) -> None:
        opened, loaded = self._models.value.opened, self._models.loaded
        if opened is None or loaded is None:
            raise InvalidRequest("No model is open.", "Open one first.")
        variants = (await self._report(opened)).variants
        second = replace(opened, variant=loaded.variant)
        first = replace(
            second, variant=least_rounded(variants, loaded.variant), precision=Precision.EXACT
        )
        if second.variant == first.variant and second.precision is Precision.AUTO:
            second = replace(second, precision=loaded.preparation.precision)
        if first == second:
            raise InvalidRequest(
                "This model runs exactly as its only file is, so rounding cannot have changed it.",
                "Prepare a faster copy, or open another variant, and ask again.",
            )
        self.paired.emit(first, second)
        await self._compare(first, second, text)

    async def _compare(
        self,
        first: ModelChoice,
        second: ModelChoice,
        text: str,
        sampling: tuple[SamplingParams, SamplingParams] | None = None,
    ) -> None:
        if not text.strip():
            raise InvalidRequest("There is no text to compare on.", "Write or paste one.")
        request = Compare(self._load(first), self._load(second), TextPrompt(text), sampling)
        pieces: list[Piece] = []
        async with aclosing(compare(self._make_client, request)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    compares = event.stage is Stage.COMPARE
                    doing = READING if compares else STAGES.get(event.stage, READING)
                    self._show(
                        CompareStatus(working=True, doing=doing, done=event.done, total=event.total)
                    )
                elif isinstance(event, ComparedPart):
                    pieces += event.pieces
                elif isinstance(event, Compared):
                    self._show(CompareStatus(working=True, pieces=tuple(pieces), result=event))

    def _load(self, choice: ModelChoice) -> Load:
        path = str(Path(self._models.path(choice)).absolute())
        place = (choice.provider, choice.device)
        return Load(path, choice.variant, *place, precision=choice.precision)


def least_rounded(variants: Sequence[VariantReport], loaded: str) -> str:
    """The largest variant that can run: the fewer bits a weight has, the smaller the files."""
    sound = [each for each in variants if not each.refusal]
    return max(sound, key=lambda each: each.bytes).name if sound else loaded
