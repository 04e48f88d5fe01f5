"""Worker packs: an environment of their own for each other build of ONNX Runtime.

All builds share one module name, so that each needs an environment of its own. A pack holds what a
worker needs, locked, the project in place, and last of all a manifest, by which Candor knows it.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.environment import WINDOWS, Environment
from devenv.errors import SetupError
from devenv.progress import Progress

MANIFEST = "pack.json"
X64 = ("x86_64", "AMD64")
LOOK = """
import json, sys
from importlib import metadata
import app, onnxruntime
cores = metadata.packages_distributions()["onnxruntime"]
print(json.dumps({
    "candor": app.__version__,
    "cores": {name.lower().replace("_", "-"): metadata.version(name) for name in cores},
    "providers": onnxruntime.get_available_providers(),
}))
"""


@dataclass(frozen=True)
class Kind:
    """What one kind of pack is for; `gigabytes` is what it takes, download included."""

    name: str
    label: str
    lock: str
    provider: str
    systems: tuple[str, ...]
    machines: tuple[str, ...]
    needs: str
    gigabytes: int


KINDS = {
    "cuda": Kind(
        "cuda",
        "CUDA",
        "packaging/cuda-requirements.lock",
        "CUDAExecutionProvider",
        ("linux", "win32"),
        X64,
        "Linux or Windows on a 64-bit Intel or AMD processor, with an NVIDIA card",
        5,
    ),
    "directml": Kind(
        "directml",
        "DirectML",
        "packaging/directml-requirements.lock",
        "DmlExecutionProvider",
        ("win32",),
        (*X64, "ARM64"),
        "Windows",
        1,
    ),
}


def obstacle(kind: Kind, system: str, machine: str) -> str | None:
    """The sentence for a computer that cannot use such a pack, or None."""
    if system in kind.systems and machine in kind.machines:
        return None
    return f"The {kind.label} pack needs {kind.needs}; this is {system} on {machine}."


class PackMaker:
    """Makes packs of the checkout at `root`."""

    def __init__(self, root: Path, progress: Progress) -> None:
        self._root = root
        self._progress = progress

    def make(self, kind: Kind, folder: Path) -> None:
        """Make the pack `folder`, or renew it.

        Raises SetupError with a sentence for the person when it cannot.
        """
        _require_ours(folder)
        _make_private(folder)
        _require_space(kind, folder)
        (folder / MANIFEST).unlink(missing_ok=True)  # no worker starts while it changes
        environment = Environment(self._root, self._progress, str(folder), kind.lock)
        environment.ensure()
        self._progress.start("Trying the pack")
        found = _look(environment)
        _require_core(kind, found, environment.log)
        _write(folder, self._manifest(kind, environment, found))
        self._progress.finish()

    def _manifest(
        self, kind: Kind, environment: Environment, found: dict[str, Any]
    ) -> dict[str, Any]:
        lock = (self._root / kind.lock).read_bytes()
        return {
            "kind": kind.name,
            "candor": found["candor"],
            "interpreter": "Scripts/python.exe" if WINDOWS else "bin/python",
            "versions": {"python": platform.python_version(), **found["cores"]},
            "lock": hashlib.sha256(lock).hexdigest(),
        }


def require_system(kind: Kind) -> None:
    """Have a computer that can use the pack, or raise SetupError."""
    if sentence := obstacle(kind, sys.platform, platform.machine()):
        raise SetupError(sentence)


def profile_folder(environment: Environment) -> Path:
    """The folder in which Candor looks for packs; `environment` is the program's own."""
    ask = "from app import paths; print(paths.packs())"
    return Path(_ask(environment, "-P", ask).strip()).absolute()


def _require_ours(folder: Path) -> None:
    """An environment is made anew by emptying its folder, which may be a wrong one."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not any((folder / name).exists() for name in ("setup.lock", MANIFEST)):
        raise SetupError(f"{folder} holds other things and is no pack. Name another folder.")


def _make_private(folder: Path) -> None:
    for each in reversed((folder, *folder.parents)):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)


def _require_space(kind: Kind, folder: Path) -> None:
    if (folder / "pyvenv.cfg").exists():
        return  # it is there already, or being continued
    free = shutil.disk_usage(folder).free / 1e9
    if free < kind.gigabytes:
        raise SetupError(
            f"The {kind.label} pack needs about {kind.gigabytes} GB while it is made; {free:.1f} GB"
            f" are free for {folder}. Free some space, then give the same command again."
        )


def _look(environment: Environment) -> dict[str, Any]:
    """What the pack's own Python finds in it."""
    return json.loads(_ask(environment, "-I", LOOK))


def _ask(environment: Environment, option: str, code: str) -> str:
    child = subprocess.run(
        [str(environment.python), option, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
        check=False,
    )
    with environment.log.open("a", encoding="utf-8") as log:
        log.write(child.stdout + child.stderr)
    if child.returncode:
        raise SetupError("What was installed cannot be used. See the details.", environment.log)
    return child.stdout


def _require_core(kind: Kind, found: dict[str, Any], log: Path) -> None:
    if len(found["cores"]) != 1:
        names = ", ".join(sorted(found["cores"]))
        raise SetupError(f"The pack holds more than one ONNX Runtime ({names}).", log)
    if kind.provider not in found["providers"]:
        raise SetupError(f"The pack's ONNX Runtime was built without {kind.label}.", log)


def _write(folder: Path, manifest: dict[str, Any]) -> None:
    """Whole or not at all: Candor may read it at any moment."""
    fresh = folder / f"{MANIFEST}.new"
    fresh.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    fresh.replace(folder / MANIFEST)
