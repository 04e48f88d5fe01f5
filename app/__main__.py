"""The program's one entry: sets the environment, then starts what was asked for.

`candor` opens the window, `candor VERB ...` runs in the terminal, `candor --worker` is the
inference process and `candor --templates` its helper. Nothing heavy is imported before the choice
is made.
"""

import os
import sys
from pathlib import Path

QUIET = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


INTERRUPTED = 130


def main() -> int:
    """Run what the command line asks for and return the exit status."""
    os.environ.update(QUIET)
    _guard_stdio()
    try:
        return _start(sys.argv[1:])
    except KeyboardInterrupt:  # Ctrl+C before the command could see to it
        return INTERRUPTED


def _start(arguments: list[str]) -> int:
    if arguments == ["--worker"]:
        from app.worker.main import main as work

        return work()
    if arguments == ["--templates"]:
        from app.worker.templates.child import main as render

        return render()
    from app import bootstrap

    return bootstrap.terminal(arguments) if arguments else bootstrap.window()


def _guard_stdio() -> None:
    """A windowed program has no standard streams; libraries that print need some."""
    if sys.stdout is None or sys.stderr is None:
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process
        sys.stdout = sys.stdout or nowhere
        sys.stderr = sys.stderr or nowhere


if __name__ == "__main__":
    sys.exit(main())
