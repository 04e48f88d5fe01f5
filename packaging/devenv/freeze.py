"""The frozen program: one folder in `dist`, made by PyInstaller in an environment of its own."""

import os
import re
import shutil
from pathlib import Path

from devenv import system
from devenv.environment import Environment
from devenv.errors import SetupError
from devenv.libraries import BASE, WAYLAND, XCB
from devenv.process import run_quietly
from devenv.progress import Progress

FOLDER = "build/venv"
LOCK = "packaging/build-requirements.lock"
UNRESOLVED = re.compile(r"could not resolve '([^']+)', dependency of '([^']+)'")


class Freezer:
    """Freezes the checkout at `root`; the program then lies in `bundle`."""

    def __init__(self, root: Path, progress: Progress) -> None:
        self.environment = Environment(root, progress, FOLDER, LOCK)
        self.bundle = root / "dist" / "candor"
        self._root = root
        self._progress = progress

    def freeze(self) -> None:
        """Make the environment and the bundle.

        Raises SetupError; a bundle that would not run elsewhere is not left behind.
        """
        log = self.environment.log
        system.require_libraries(BASE + XCB + WAYLAND, log, self._progress)
        self.environment.ensure()
        self._progress.start("Freezing Candor")
        work = self._root / "build" / "pyinstaller"
        places = ["--distpath", str(self.bundle.parent), "--workpath", str(work)]
        command = [str(self.environment.python), "-I", "-m", "PyInstaller", "--noconfirm", *places]
        status, output = run_quietly(
            [*command, str(self._root / "installer.spec")],
            log,
            self._progress,
            environment={**os.environ, "PYINSTALLER_CONFIG_DIR": str(work / "cache")},
            directory=self._root,
        )
        self._progress.finish()
        if status:
            raise SetupError("PyInstaller could not freeze Candor. See the details.", log)
        if missing := missing_libraries(output, self.bundle):
            shutil.rmtree(self.bundle)
            raise SetupError(
                f"The bundle would lack {', '.join(missing)}, which this system has not."
                " Install what holds them, then give the same command again.",
                log,
            )


def missing_libraries(output: str, bundle: Path) -> list[str]:
    """Return the libraries that PyInstaller's `output` says a file in `bundle` links to in vain."""
    there = {path.name for path in bundle.rglob("*")}
    found = UNRESOLVED.findall(output)
    return sorted({name for name, file in found if Path(file).name in there})
