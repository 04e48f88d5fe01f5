"""A virtual environment for the checkout: made when missing, renewed when stale, else left alone.

A stamp file, written last, says what the environment was made from. No stamp means an
unfinished set-up, and the environment is made anew.
"""

import hashlib
import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from devenv import guard
from devenv.errors import SetupError
from devenv.pip import Pip
from devenv.process import run_quietly
from devenv.progress import Progress
from devenv.system import require_venv

WINDOWS = os.name == "nt"


class Environment:
    """The environment in `folder` of the checkout at `root`, as `lock` says, for this Python.

    `folder` may also be a full path elsewhere.
    """

    def __init__(
        self,
        root: Path,
        progress: Progress,
        folder: str = ".venv",
        lock: str = "packaging/requirements.lock",
    ) -> None:
        self._root = root
        self._folder = root / folder
        self._lock = root / lock
        self._project = root / "pyproject.toml"
        self._stamp = self._folder / "setup-stamp.json"
        self._guard = self._folder / "setup.lock"
        self.log = self._folder / "setup.log"
        self.python = self._folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
        self._progress = progress

    def ensure(self) -> None:
        """Make the environment fit the lock file, the project and this Python.

        Raises SetupError with a sentence for the person when it cannot.
        """
        if self._stale() is None:
            return
        with guard.held(self._guard, self._wait) as descriptor:
            stale = self._stale()
            if stale is not None:
                self._renew(stale, descriptor)
        self._progress.finish()

    def _wanted(self) -> dict[str, str]:
        return {
            "folder": str(self._root),
            "python": ".".join(map(str, sys.version_info[:2])),
            "platform": sysconfig.get_platform(),
            "lock": _digest(self._lock),
            "project": _digest(self._project),
        }

    def _write_stamp(self) -> None:
        stamp = {**self._wanted(), "base": sys.base_prefix}
        self._stamp.write_text(json.dumps(stamp, indent=2), encoding="utf-8")

    def _stale(self) -> set[str] | None:
        """Return which parts of the stamp no longer fit; None when all do."""
        wanted = self._wanted()
        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return set(wanted)
        if not self.python.exists() or not Path(stamp.get("base", "")).exists():
            return set(wanted)
        return {part for part in wanted if wanted[part] != stamp.get(part)} or None

    def _wait(self) -> None:
        self._progress.start("Waiting for another set-up of this checkout")

    def _renew(self, stale: set[str], descriptor: int) -> None:
        self._stamp.unlink(missing_ok=True)
        self.log.write_text("", encoding="utf-8")
        anew = bool(stale & {"folder", "python", "platform"})
        if anew:
            self._make(descriptor)
        pip = Pip(self.python, self._packages(), self.log, self._progress, descriptor)
        if anew or "lock" in stale:
            pip.install_lock(self._lock)
        pip.install_project(self._root)
        self._write_stamp()

    def _make(self, descriptor: int) -> None:
        require_venv(self.log, self._progress)
        inside = self._folder.is_relative_to(self._root)
        name = self._folder.relative_to(self._root) if inside else self._folder
        self._progress.start(f"Making {name}")
        self._clear()
        base = getattr(sys, "_base_executable", sys.executable)
        status, _ = run_quietly(
            [base, "-I", "-m", "venv", str(self._folder)],
            self.log,
            self._progress,
            keep_open=(descriptor,),
        )
        if status:
            raise SetupError(
                f"Python could not make the folder {self._folder}. See the details,"
                " mend what they name, then give the same command again.",
                self.log,
            )

    def _clear(self) -> None:
        for entry in self._folder.iterdir():
            if entry in (self._guard, self.log):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _packages(self) -> Path:
        base = str(self._folder)
        return Path(sysconfig.get_path("purelib", "venv", {"base": base, "platbase": base}))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
