"""The composition root: the one place that knows which part gets which."""

import os
import sys


def window() -> int:
    """Open the window, one for each profile, and return the exit status."""
    from app import logs, paths
    from app.errors import CandorError
    from app.services.conversation import Conversation
    from app.services.engine_host import EngineHost
    from app.services.profile_lock import ProfileLock
    from app.services.store.chat_file import ChatFile
    from app.services.store.store import ChatStore
    from app.ui.app import Services, run

    try:
        with ProfileLock(paths.profile()):
            logs.configure("window")
            host = EngineHost()
            store = ChatStore(ChatFile(paths.chats()))
            services = Services(host, Conversation(host, store), store, str(paths.built_in_model()))
            return run(services, os.environ.get("CANDOR_THEME", "system"))
    except CandorError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def terminal(arguments: list[str]) -> int:
    """Run a terminal command and return the exit status."""
    from app import logs
    from app.cli.main import run
    from app.worker.client import WorkerClient

    logs.configure("terminal")
    return run(arguments, WorkerClient)
