"""What the tests with real keys and a real mouse need of a Linux system: a screen nobody sees.

Nobody has to have it: without it these tests are skipped, and say which package they lack.
"""

import os
import shutil
import sys
from pathlib import Path

from devenv.libraries import XCB
from devenv.process import run_quietly
from devenv.progress import Progress
from devenv.system import loads

PROGRAMS = {
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "dbus-daemon": "dbus",
}
FILES = {
    "/usr/libexec/at-spi-bus-launcher": "at-spi2-core",
    "/usr/lib/python3/dist-packages/pyatspi": "python3-pyatspi",
}
IMPATIENT = {
    "Acquire::Retries": 0,
    "Acquire::http::Timeout": 10,  # seconds
    "Acquire::https::Timeout": 10,
}


def missing_packages() -> list[str]:
    """The Debian packages that would have to be installed, in the order of their use."""
    return [
        *(package for program, package in PROGRAMS.items() if shutil.which(program) is None),
        *(package for file, package in FILES.items() if not Path(file).exists()),
        *(library.apt for library in XCB if not loads(library.file)),
    ]


def install_what_can_be(tried: Path, log: Path, progress: Progress) -> None:
    """Have the packages where root may install them and the network gives them.

    The file `tried` is left behind by an attempt that failed, so that it stays the only one.
    """
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or tried.exists():
        return
    packages = missing_packages()
    if not packages or shutil.which("apt-get") is None:
        return
    progress.start(f"Installing a screen for the tests ({' '.join(packages)})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", *(f"-o{name}={value}" for name, value in IMPATIENT.items())]
    install = ["install", "-y", "--no-install-recommends", *packages]
    for command in (["update"], install):
        status, _ = run_quietly([*apt, *command], log, progress, environment=environment)
    if status:
        tried.touch()
    progress.finish()
