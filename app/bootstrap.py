"""The composition root: the one place that knows which part gets which."""

import os
import sys


def window() -> int:
    """Open the window and return the exit status."""
    from app import logs, paths
    from app.errors import InvalidRequest
    from app.services.conversation import Conversation
    from app.services.engine_host import EngineHost
    from app.ui.app import Services, run

    logs.configure("window")
    host = EngineHost()
    services = Services(host, Conversation(host), str(paths.built_in_model()))
    try:
        return run(services, os.environ.get("CANDOR_THEME", "system"))
    except InvalidRequest as error:
        sys.stderr.write(f"{error}\n")
        return 2


def terminal(arguments: list[str]) -> int:
    """Run a terminal command and return the exit status."""
    from app import logs
    from app.cli.main import run
    from app.worker.client import WorkerClient

    logs.configure("terminal")
    return run(arguments, WorkerClient)
