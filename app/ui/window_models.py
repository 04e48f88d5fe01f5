"""What the window works with, and the view models that it shows, made and closed together."""

from dataclasses import dataclass
from pathlib import Path

from app import paths
from app.services.calibrations import Calibrations
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.local_server import MakeServer
from app.services.packs import Packs
from app.services.settings import Settings
from app.services.store.store import ChatStore
from app.ui.tasks import ErrorHandler
from app.ui.viewmodels.chat import ChatModel
from app.ui.viewmodels.chats import ChatsModel
from app.ui.viewmodels.model_survey import ModelSurvey
from app.ui.viewmodels.models import ModelsModel
from app.ui.viewmodels.rules import RulesModel
from app.ui.viewmodels.server import ServerModel
from app.ui.viewmodels.speed import SpeedModel
from app.ui.workbench.models import WorkbenchModels


@dataclass(frozen=True, slots=True)
class Services:
    """What the window works with; `model_path` is loaded at the start.

    `profile` is the folder that everything is kept in.
    """

    host: EngineHost
    conversation: Conversation
    store: ChatStore
    settings: Settings
    packs: Packs
    make_server: MakeServer
    profile: Path
    model_path: str


class WindowModels:
    """One of each; a defect in any of them goes to `on_bug`."""

    def __init__(self, services: Services, on_bug: ErrorHandler) -> None:
        host, conversation, settings = services.host, services.conversation, services.settings
        store, path = services.store, services.model_path
        self._services = services
        self.models = ModelsModel(host, conversation, settings, path, on_bug)
        self.chat = ChatModel(host, conversation, self.models, store, settings, path, on_bug)
        self.chats = ChatsModel(conversation, store, on_bug)
        self.chat.restored.connect(self.chats.refresh)
        token = services.profile / paths.API_TOKEN
        self.server = ServerModel(host, settings, services.make_server, token, on_bug)
        self.rules = RulesModel(settings, self.models)
        self.survey = ModelSurvey(host, services.packs, on_bug)
        self.speed = SpeedModel(host, on_bug)
        self.bench = WorkbenchModels(
            host,
            conversation,
            store,
            services.packs.client,
            Calibrations(services.profile / paths.CALIBRATIONS),
            self.models,
            self.survey,
            self.chat.sampling,
            self.chat.selection,
            on_bug,
        )

    async def close(self) -> None:
        """End what is under way, then the services."""
        for model in (self.bench, self.speed, self.server, self.survey):
            await model.close()
        for model in (self.models, self.chats, self.chat):
            await model.close()
        services = self._services
        for service in (services.host, services.store, services.settings):
            await service.close()

    def delete_later(self) -> None:
        """Let go of them once Qt has done with them."""
        for model in (self.server, self.speed, self.survey, self.rules, *self.bench.all()):
            model.deleteLater()
        self.chats.deleteLater()
        self.chat.deleteLater()
        self.models.deleteLater()
