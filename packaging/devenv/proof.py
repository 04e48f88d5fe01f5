"""What must hold of the frozen program, tried on it: its size, its parts, and that it works.

It runs with an empty home and, where the system lets us, in a namespace that has no network.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from devenv.errors import SetupError
from devenv.freeze import Freezer
from devenv.process import run_quietly
from devenv.progress import Progress

MOST_BYTES = 300 * 10**6
FORBIDDEN = {
    *("_pytest", "hypothesis", "pyright", "pytest", "ruff", "tests", "unittest"),
    *("optimum", "torch", "transformers"),
    *("huggingface_hub", "pip", "PyInstaller", "setuptools"),
    "tkinter",
}
CHAT = ("chat", "What does the heatmap show?", "--json", "--temperature", "0", "--max-tokens", "24")
PATIENCE_S = 300
TELLTALE = ("CANDOR_", "CI", "GITHUB_", "ORT_", "PYTHON", "QT_", "TF_BUILD", "BUILDKITE", "DISPLAY")
"""Variables that change what Candor or ONNX Runtime does; CI alone keeps telemetry quiet."""


class Proof:
    """Tries the bundle that `freezer` made."""

    def __init__(self, freezer: Freezer, progress: Progress) -> None:
        self._freezer = freezer
        self._progress = progress
        name = "candor-cli.exe" if os.name == "nt" else "candor"
        self._program = freezer.bundle / name

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each thing that holds.

        Raises SetupError for the first that does not.
        """
        self._progress.start("Checking the bundle")
        yield require_size(size(self._freezer.bundle))
        yield require_no_forbidden(self._modules())
        without_network = network_cutter()
        yield "The network is cut off." if without_network else "The network cannot be cut off."
        with tempfile.TemporaryDirectory() as home:
            yield self._selftest(without_network, Path(home))
            yield self._chat(without_network, Path(home))
            yield require_only_ours(Path(home))

    def _modules(self) -> set[str]:
        """The top-level modules in the archive of the program and in the folder beside it."""
        viewer = ["-m", "PyInstaller.utils.cliutils.archive_viewer", "-l", "-r", "-b"]
        python = str(self._freezer.environment.python)
        log = self._freezer.environment.log
        command = [python, "-I", *viewer, str(self._program)]
        status, output = run_quietly(command, log, self._progress)
        names = {line.strip().partition(".")[0] for line in output.splitlines()}
        if status or "app" not in names:
            raise SetupError("The program's archive cannot be read.", log)
        return names | {path.name for path in (self._freezer.bundle / "_internal").iterdir()}

    def _selftest(self, without_network: list[str], home: Path) -> str:
        said = self._run([*without_network, str(self._program), "selftest"], home)
        return "The self-test passes:\n" + "".join(f"  {line}\n" for line in said.splitlines())

    def _chat(self, without_network: list[str], home: Path) -> str:
        """The same answer, token for token, as from source."""
        source = [str(self._freezer.environment.python), "-P", "-m", "app"]
        with tempfile.TemporaryDirectory() as elsewhere:
            expected = json.loads(self._run([*source, *CHAT], Path(elsewhere)))
        answer = json.loads(self._run([*without_network, str(self._program), *CHAT], home))
        ids, wanted = ([token["id"] for token in each["tokens"]] for each in (answer, expected))
        if not ids or ids != wanted:
            raise SetupError(f"Frozen, the model answers {ids}; from source, {wanted}.")
        return f"A chat gives {len(ids)} tokens, the same as from source."

    def _run(self, command: list[str], home: Path) -> str:
        what = subprocess.list2cmdline(command)
        try:
            done = subprocess.run(
                command,
                cwd=home,
                env=bare_environment(os.environ, home),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SetupError(f"{what} has not ended after {PATIENCE_S} seconds.") from error
        if done.returncode or done.stderr:
            raise SetupError(f"{what} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


def size(folder: Path) -> int:
    """Return the bytes of all files in `folder`; a link counts as nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)


def require_size(found: int) -> str:
    """Say how big the bundle is; raise SetupError if that is too much."""
    sentence = f"The bundle has {found / 10**6:.0f} MB; {MOST_BYTES / 10**6:.0f} MB are allowed."
    if found > MOST_BYTES:
        raise SetupError(sentence)
    return sentence


def require_no_forbidden(modules: Iterable[str]) -> str:
    """Say that nothing is in the bundle that has no business there; raise SetupError if it is."""
    if found := sorted(FORBIDDEN & set(modules)):
        raise SetupError(f"The bundle holds {', '.join(found)}; leave them out in installer.spec.")
    return "No test tool, trainer, downloader or package manager is in it."


def require_only_ours(home: Path) -> str:
    """Say that `home` holds nothing but Candor's profile; raise SetupError if it does.

    ONNX Runtime leaves an identifier in the cache as soon as its telemetry is on.
    """
    files = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    if strange := [str(file) for file in files if "candor" not in file.parts]:
        raise SetupError(f"Running Candor left {', '.join(strange)} in the home folder.")
    return "Nothing but Candor's own files is left in the home folder."


def bare_environment(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return `environment` with an empty `home` and without what a build machine adds."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith((*TELLTALE, "XDG_", "WAYLAND_"))
    }
    return kept | dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"), str(home))


def network_cutter() -> list[str]:
    """Return the command that runs another without a network; empty where there is none."""
    command = ["unshare", "--map-root-user", "--net"]
    if not shutil.which(command[0]):
        return []
    done = subprocess.run([*command, "true"], capture_output=True, check=False)
    return [] if done.returncode else command
