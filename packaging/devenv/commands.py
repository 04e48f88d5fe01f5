"""The verbs of `packaging/dev.py`."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from devenv import desktop, freeze, system
from devenv.environment import Environment
from devenv.errors import SetupError
from devenv.libraries import BASE
from devenv.process import hand_over, run_quietly
from devenv.progress import Progress
from devenv.proof import Proof

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "packaging/requirements.lock": ["--extra", "dev"],
    freeze.LOCK: ["--extra", "build", "--constraint", "packaging/requirements.lock"],
}
USAGE = """\
usage: python3 packaging/dev.py VERB [ARGUMENTS]

  run [ARGUMENTS]   start Candor: its window, or what the arguments ask of candor
  test [ARGUMENTS]  run the tests; the arguments go to pytest
  build [--check]   freeze Candor into dist/candor; with --check, try what came out
  screenshots [DIR] take the README's pictures of the window, in both themes
  lock [ARGUMENTS]  write the lock files anew; the arguments go to uv pip compile

run, test and screenshots first make .venv and install the locked packages where that is still to
do; build has an environment of its own in build/venv.
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out the command line `arguments` and return the exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        (sys.stdout if arguments else sys.stderr).write(USAGE)
        return 0 if arguments else 2
    verb = VERBS.get(arguments[0])
    if verb is None:
        sys.stderr.write(f"There is no {arguments[0]!r} here; there are {', '.join(VERBS)}.\n")
        return 2
    progress = Progress()
    environment = Environment(ROOT, progress)
    try:
        return verb(environment, progress, list(arguments[1:]))
    except SetupError as error:
        return _stop(progress, str(error), error.log)
    except OSError as error:
        what = f"{error.strerror or error}: {error.filename or ROOT}"
        return _stop(progress, f"Set-up stopped: {what}. Mend that, then try again.")
    except KeyboardInterrupt:
        return _stop(progress, "Stopped. The same command takes it up again.", status=130)


def _stop(progress: Progress, sentence: str, log: Path | None = None, status: int = 1) -> int:
    progress.finish()
    details = f"\nDetails: {log}" if log else ""
    sys.stderr.write(sentence + details + "\n")
    return status


def _run(environment: Environment, progress: Progress, arguments: list[str]) -> int:
    if not arguments and not system.has_display(os.environ, sys.platform):
        sys.stderr.write("There is no display here, so the chat opens in this terminal.\n")
        arguments = ["chat"]
    if not arguments:
        wanted = system.window_libraries(os.environ)
        system.require_libraries(wanted, environment.log, progress)
    environment.ensure()
    return hand_over([str(environment.python), "-P", "-m", "app", *arguments])


def _test(environment: Environment, progress: Progress, arguments: list[str]) -> int:
    system.require_libraries(BASE, environment.log, progress)
    environment.ensure()
    if not arguments:
        tried = environment.log.with_name("no-screen")
        desktop.install_what_can_be(tried, environment.log, progress)
    return hand_over([str(environment.python), "-P", "-m", "pytest", *arguments], ROOT)


def _screenshots(environment: Environment, progress: Progress, arguments: list[str]) -> int:
    if len(arguments) > 1:
        raise SetupError("screenshots takes one folder, or nothing.")
    folder = Path(arguments[0] if arguments else ROOT / "packaging" / "screenshots").absolute()
    system.require_libraries(BASE, environment.log, progress)
    environment.ensure()
    tour = [str(environment.python), "-P", str(ROOT / "packaging" / "tour.py"), str(folder)]
    for theme in ("light", "dark"):
        progress.start(f"Using the window, {theme}")
        status, said = run_quietly([*tour, theme], environment.log, progress, directory=ROOT)
        if status:
            raise SetupError(f"The pictures could not be taken. {said.strip()}", environment.log)
    progress.finish()
    sys.stdout.write(f"The pictures lie in {folder}.\n")
    return 0


def _lock(environment: Environment, progress: Progress, arguments: list[str]) -> int:
    uv = shutil.which("uv")
    if uv is None:
        raise SetupError("The lock file is written by uv. Install uv, then try again.")
    environment.log.parent.mkdir(parents=True, exist_ok=True)
    options = ["--universal", "--python-version", "3.11", "--generate-hashes"]
    silent = ["--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    for lock, extra in LOCKS.items():
        progress.start(f"Writing {lock}")
        command = [uv, "pip", "compile", "pyproject.toml", *extra, *options, *silent, "-o", lock]
        status, said = run_quietly(
            [*command, *arguments], environment.log, progress, directory=ROOT
        )
        if status:
            raise SetupError(f"{lock} could not be written. {said.strip()}", environment.log)
    progress.finish()
    return 0


def _build(environment: Environment, progress: Progress, arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        raise SetupError("build takes --check, or nothing.")
    freezer = freeze.Freezer(ROOT, progress)
    freezer.freeze()
    sys.stdout.write(f"Candor lies in {freezer.bundle}.\n")
    if arguments:
        for sentence in Proof(freezer, progress).sentences():
            sys.stdout.write(sentence.rstrip() + "\n")
            sys.stdout.flush()
    progress.finish()
    return 0


VERBS = {
    "run": _run,
    "test": _test,
    "build": _build,
    "screenshots": _screenshots,
    "lock": _lock,
}
