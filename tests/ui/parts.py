"""What a window in a test works with: the real parts, in the test's own profile."""

from app import paths
from app.bootstrap import make_server
from app.services.conversation import Conversation
from app.services.engine_host import EngineHost
from app.services.packs import Packs
from app.services.settings import Settings
from app.services.settings_file import SettingsFile
from app.services.store.chat_file import ChatFile
from app.services.store.store import ChatStore
from app.ui.window_models import Services


def services(model: str | None = None, file: ChatFile | None = None) -> Services:
    """The parts, with another model than the built-in one or another file of chats."""
    packs = Packs(paths.packs())
    host = EngineHost(packs.client)
    store = ChatStore(file or ChatFile(paths.chats()))
    return Services(
        host,
        Conversation(host, store),
        store,
        Settings(SettingsFile(paths.settings())),
        packs,
        make_server,
        paths.profile(),
        model or str(paths.built_in_model()),
    )
