"""The composition root: the one place that knows which part gets which."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.drafting import Drafting
    from app.services.engine_host import EngineHost
    from app.services.local_server import Binding, LocalServer
    from app.ui.window_models import Services


def window() -> int:
    """Open the window, one for each profile, and return the exit status."""
    from app import logs, paths
    from app.errors import CandorError
    from app.services.profile_lock import ProfileLock
    from app.ui.app import run

    try:
        with ProfileLock(paths.profile()):
            logs.configure("window")
            return run(services(paths.profile()), os.environ.get("CANDOR_THEME"))
    except CandorError as error:
        sys.stderr.write(f"{error}\n")
        if _is_double_clicked():
            from app.ui.apology import apologise

            apologise(error)
        return 2


def _is_double_clicked() -> bool:
    """Whether this is the frozen program and nobody reads its standard error in a terminal."""
    return bool(getattr(sys, "frozen", False)) and not sys.stderr.isatty()


def terminal(arguments: list[str]) -> int:
    """Run a terminal command and return the exit status."""
    from app import logs, paths
    from app.cli.main import run
    from app.services.packs import Packs

    logs.configure("terminal")
    return run(arguments, Packs(paths.packs()), self_test, make_server)


def make_server(
    host: "EngineHost", binding: "Binding", token: str, drafting: "Drafting | None" = None
) -> "LocalServer":
    """A stopped server that lets other programs of this computer use the engine of `host`."""
    from app.api.server import Server
    from app.domain.drafting import NO_DRAFTS

    return Server(host, binding, token, drafting or NO_DRAFTS)


def self_test(step: Callable[[str], AbstractContextManager[None]]) -> None:
    """Use the window where nobody sees it, each part inside a `step` that names it.

    Its chat is stored in a folder that goes with it, never among the person's own.

    Raises:
        CandorError: what did not work.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from app.ui.app import run
    from app.ui.selftest import SelfTest

    with TemporaryDirectory() as folder:
        parts = services(Path(folder))
        run(parts, live=SelfTest(parts, step).run)


def services(profile: Path) -> "Services":
    """What a window works with; chats and settings are kept in the folder `profile`."""
    from app import paths
    from app.services.conversation import Conversation
    from app.services.engine_host import EngineHost
    from app.services.packs import Packs
    from app.services.settings import Settings
    from app.services.settings_file import SettingsFile
    from app.services.store.chat_file import ChatFile
    from app.services.store.store import ChatStore
    from app.ui.window_models import Services

    packs = Packs(profile / paths.PACKS)
    host = EngineHost(packs.client)
    store = ChatStore(ChatFile(profile / paths.CHATS))
    settings = Settings(SettingsFile(profile / paths.SETTINGS))
    built_in = str(paths.built_in_model())
    conversation = Conversation(host, store)
    return Services(host, conversation, store, settings, packs, make_server, profile, built_in)
