"""The verbs of `packaging/dev.py`."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from devenv import desktop, freeze, packs, system
from devenv.environment import Environment
from devenv.errors import SetupError
from devenv.libraries import BASE
from devenv.process import hand_over, run_quietly
from devenv.progress import Progress
from devenv.proof import Proof

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "pyproject.toml"
SIDE_BY_SIDE = ["--numprocesses", "auto", "--dist", "loadfile"]
"""How the whole suite runs; files stay together, since their tests share what is slow to make."""
AS_TESTED = ["--constraint", "packaging/requirements.lock"]
LOCKS = {
    "packaging/requirements.lock": [PROJECT, "--extra", "dev"],
    freeze.LOCK: [PROJECT, "--extra", "build", *AS_TESTED],
    **{kind.lock: ["--group", name, *AS_TESTED] for name, kind in packs.KINDS.items()},
}
USAGE = """\
usage: python3 packaging/dev.py VERB [ARGUMENTS]

  run [ARGUMENTS]   start Candor: its window, or what the arguments ask of candor
  test [ARGUMENTS]  run the tests; the arguments go to pytest
  build [--check]   freeze Candor into dist/candor; with --check, try what came out
  pack cuda|directml [DIR]
                    make the pack that runs models on a graphics card, in the profile or in DIR
  screenshots [DIR] take the README's pictures of the window, in both themes
  lock [ARGUMENTS]  write the lock files anew; the arguments go to uv pip compile

run, test, pack and screenshots first make .venv and install the locked packages where that is still
to do; build has an environment of its own in build/venv.
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
        arguments = SIDE_BY_SIDE
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


def _pack(environment: Environment, progress: Progress, arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2 or arguments[0] not in packs.KINDS:
        raise SetupError(f"pack takes {' or '.join(packs.KINDS)}, and a folder if you like.")
    kind = packs.KINDS[arguments[0]]
    packs.require_system(kind)
    if len(arguments) == 2:
        folder = Path(arguments[1]).absolute()
    else:
        environment.ensure()
        folder = packs.profile_folder(environment) / kind.name
    packs.PackMaker(ROOT, progress).make(kind, folder)
    sys.stdout.write(f"The {kind.label} pack lies in {folder}.\n")
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
        command = [uv, "pip", "compile", *extra, *options, *silent, "-o", lock]
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
    "pack": _pack,
    "screenshots": _screenshots,
    "lock": _lock,
}
