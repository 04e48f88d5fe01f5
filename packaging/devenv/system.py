"""What the system must bring: a display or none, Qt's libraries, Python's venv.

What is missing is installed by root on Debian and Ubuntu; everyone else is told what to type.
"""

import ctypes
import importlib.util
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.errors import SetupError
from devenv.libraries import BASE, WAYLAND, XCB, Library
from devenv.process import run_quietly
from devenv.progress import Progress

FAMILIES = {
    "apt": ("debian", "ubuntu"),
    "dnf": ("fedora", "rhel", "centos"),
    "pacman": ("arch",),
    "zypper": ("suse", "opensuse", "sles"),
}
INSTALL = {
    "apt": "apt-get install -y",
    "dnf": "dnf install -y",
    "pacman": "pacman -S --needed",
    "zypper": "zypper install -y",
}


def has_display(environment: Mapping[str, str], system: str) -> bool:
    """Return whether a window can be shown; a set QT_QPA_PLATFORM counts as a display."""
    if not system.startswith("linux"):
        return True
    names = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    return any(environment.get(name) for name in names)


def window_libraries(environment: Mapping[str, str]) -> tuple[Library, ...]:
    """Return what Qt will load for a window on the display that `environment` names."""
    chosen = environment.get("QT_QPA_PLATFORM", "")
    if not chosen:
        chosen = "xcb" if environment.get("DISPLAY") else "wayland"
    if chosen.startswith("xcb"):
        return BASE + XCB
    return BASE + WAYLAND if chosen.startswith("wayland") else BASE


def require_libraries(wanted: Sequence[Library], log: Path, progress: Progress) -> None:
    """Have the libraries `wanted` on Linux: install the missing ones, or say how."""
    if not sys.platform.startswith("linux"):
        return
    missing = [library for library in wanted if not loads(library.file)]
    if not missing:
        return
    manager = package_manager(_distribution())
    files = ", ".join(library.file for library in missing)
    if manager is None:
        raise SetupError(
            f"The window needs libraries that this system lacks: {files}."
            " Install the packages that hold them, then give the same command again."
        )
    packages = sorted({getattr(library, manager) for library in missing})
    _install(f"The window needs {files}.", manager, packages, log, progress)
    still = [library.file for library in missing if not loads(library.file)]
    if still:
        raise SetupError(f"{', '.join(still)} cannot be loaded although its package is there.")


def require_venv(log: Path, progress: Progress) -> None:
    """Have the standard modules that make a virtual environment, which Debian packs apart."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    manager = package_manager(_distribution())
    why = "This Python lacks its venv module."
    if manager != "apt":
        raise SetupError(f"{why} Install a complete Python, then give the same command again.")
    version = ".".join(platform.python_version_tuple()[:2])
    _install(why, manager, [f"python{version}-venv"], log, progress)


def package_manager(distribution: Mapping[str, str]) -> str | None:
    """Return apt, dnf, pacman or zypper for the fields of an os-release file, else None."""
    names = f"{distribution.get('ID', '')} {distribution.get('ID_LIKE', '')}".split()
    for name in names:
        for manager, family in FAMILIES.items():
            if name.startswith(family):
                return manager
    return None


def install_line(manager: str, packages: Sequence[str], root: bool) -> str:
    """Return the exact line to type."""
    return " ".join(["" if root else "sudo", INSTALL[manager], *packages]).strip()


def _install(why: str, manager: str, packages: list[str], log: Path, progress: Progress) -> None:
    root = os.geteuid() == 0
    line = install_line(manager, packages, root)
    advice = f"{why} Type this, then give the same command again:\n  {line}"
    if manager != "apt" or not root:
        raise SetupError(advice)
    progress.start(f"Installing system packages ({' '.join(packages)})")
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_quietly(["apt-get", "update"], log, progress, environment=environment)
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    status, _ = run_quietly(command, log, progress, environment=environment)
    if status:
        raise SetupError(f"The system packages could not be installed. {advice}", log)
    progress.finish()


def loads(file: str) -> bool:
    """Whether a shared library can be loaded."""
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


def _distribution() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
