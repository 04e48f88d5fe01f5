"""The view models of the workbench and of exports, made and closed together."""

from app.services.background import Background
from app.services.calibrations import Calibrations
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.store.store import ChatStore
from app.services.workers import MakeClient
from app.ui.tasks import ErrorHandler
from app.ui.viewmodels.comparing import CompareModel
from app.ui.viewmodels.exports import ExportsModel
from app.ui.viewmodels.labelling import LabelModel
from app.ui.viewmodels.model_survey import ModelSurvey
from app.ui.viewmodels.models import ModelsModel
from app.ui.viewmodels.repeating import RepeatModel
from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.scoring import ScoreModel
from app.ui.viewmodels.selection import TokenSelection

Model = ExportsModel | ScoreModel | CompareModel | RepeatModel | LabelModel


class WorkbenchModels:
    """One of each."""

    def __init__(
        self,
        host: EngineHost,
        conversation: Conversation,
        store: ChatStore,
        make_client: MakeClient,
        calibrations: Calibrations,
        models: ModelsModel,
        survey: ModelSurvey,
        sampling: SamplingModel,
        selection: TokenSelection,
        on_bug: ErrorHandler,
    ) -> None:
        self._background = background = Background("background")
        self.exports = ExportsModel(conversation, store, selection, background, on_bug)
        self.scoring = ScoreModel(host, conversation, background, on_bug)
        self.comparing = CompareModel(host, make_client, models, survey, sampling, on_bug)
        self.repeating = RepeatModel(host, conversation, selection, on_bug)
        self.classifying = LabelModel(host, background, calibrations, on_bug)
        self.calibrating = LabelModel(host, background, calibrations, on_bug)

    async def close(self) -> None:
        """End what is under way; a file that is being written gets whole."""
        for model in self.all():
            await model.close()
        await self._background.close()

    def all(self) -> tuple[Model, ...]:
        """Each of them."""
        return (
            self.exports,
            self.scoring,
            self.comparing,
            self.repeating,
            self.classifying,
            self.calibrating,
        )
