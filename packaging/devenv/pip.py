"""pip inside an environment: the locked packages, then the project itself.

pip's own words go to the log; the person sees counted progress, and one sentence if it fails.
Whatever index the person's pip is set up with is the one used.
"""

import os
import re
import time
from pathlib import Path

from devenv.errors import SetupError
from devenv.process import run_quietly
from devenv.progress import Progress

AGAIN = "then give the same command again."
UNREACHABLE = "The packages could not be downloaded. Check the network connection, " + AGAIN
FETCHED = r"^(Collecting|Processing|Requirement already satisfied)"
CAUSES = (
    (
        r"DO NOT MATCH THE HASHES|Hashes are required|BadZipFile|not a valid wheel",
        "A package that was offered is not the one the lock file names, so nothing of it was used."
        " Check the network and the package index that pip is set up with, " + AGAIN,
    ),
    (
        r"No space left on device|not enough space",
        "The disk is full. Free a few GB, " + AGAIN,
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The package index could not be trusted: its certificate does not fit."
        " Set up pip's certificate for this network, " + AGAIN,
    ),
    (
        r"Retrying \(|ConnectionError|ConnectTimeout|ReadTimeout|Connection refused|timed out"
        r"|name resolution|ProxyError|HTTP error|IncompleteRead|Connection broken",
        UNREACHABLE,
    ),
    (
        r"No matching distribution found for (\S+)",
        r"There is no \1 for this computer and this Python."
        " Try another Python from 3.11 to 3.14, or see the details.",
    ),
    (
        r"Permission denied|Access is denied|being used by another process",
        "Some files of the environment could not be written. Close whatever runs from it, " + AGAIN,
    ),
)


def explain(output: str) -> str:
    """Return what pip's `output` means in one sentence with the next step."""
    if "No matching distribution" in output and not re.search(FETCHED, output, re.MULTILINE):
        return UNREACHABLE  # without retries pip does not say that nothing answered
    for pattern, sentence in CAUSES:
        if found := re.search(pattern, output):
            return found.expand(sentence)
    return "The packages could not be installed. See the details, mend what they name, " + AGAIN


def requirements_in(lock: str) -> int:
    """Count the packages that the text of a lock file names."""
    return len(re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE))


class Counter:
    """Turns pip's output into "12 of 58": first while it fetches, then while it unpacks."""

    def __init__(self, total: int, packages: Path, progress: Progress) -> None:
        self._total = total
        self._packages = packages
        self._progress = progress
        self._fetched = 0
        self._unpacking = 0
        self._since = 0.0

    def line(self, line: str) -> None:
        """Take one line of pip's output."""
        if re.match(FETCHED, line):
            self._fetched += 1
            self._progress.detail(f"{self._fetched} of {self._total}")
        elif line.startswith("Ignoring "):
            self._total -= 1
        elif size := re.match(r"\s+Downloading ([\w.]+)-.* \((.+)\)", line):
            self._progress.detail(f"{self._fetched} of {self._total}, {size[1]} ({size[2]})")
        elif line.startswith("Installing collected packages: "):
            self._unpacking = line.count(",") + 1
            self._since = time.time()
            self._progress.start("Unpacking packages")

    def tick(self) -> None:
        """Count what has arrived in the environment; pip itself says nothing meanwhile."""
        if self._unpacking:
            records = self._packages.glob("*.dist-info")
            done = sum(record.stat().st_mtime >= self._since for record in records)
            self._progress.detail(f"{min(done, self._unpacking)} of {self._unpacking}")


class Pip:
    """pip of one environment."""

    def __init__(
        self, python: Path, packages: Path, log: Path, progress: Progress, keep_open: int
    ) -> None:
        self._python = python
        self._packages = packages
        self._log = log
        self._progress = progress
        self._keep_open = keep_open

    def install_lock(self, lock: Path) -> None:
        """Install what `lock` names, every file checked against its hash."""
        self._progress.start("Fetching packages")
        counter = Counter(
            requirements_in(lock.read_text(encoding="utf-8")), self._packages, self._progress
        )
        self._install(["--require-hashes", "-r", str(lock)], counter)

    def install_project(self, root: Path) -> None:
        """Install the project of the folder `root` so that its files are used in place."""
        self._progress.start("Installing Candor")
        self._install(["--no-deps", "--no-build-isolation", "-e", str(root)], None)

    def _install(self, arguments: list[str], counter: Counter | None) -> None:
        options = ["--no-input", "--progress-bar", "off", "--disable-pip-version-check"]
        status, output = run_quietly(
            [str(self._python), "-I", "-X", "utf8", "-m", "pip", "install", *options, *arguments],
            self._log,
            self._progress,
            each_line=counter.line if counter else lambda line: None,
            each_tick=counter.tick if counter else lambda: None,
            environment={**os.environ, "PIP_USER": "0"},
            keep_open=(self._keep_open,),
        )
        if status:
            raise SetupError(explain(output), self._log)
