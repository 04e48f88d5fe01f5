"""A checkout small enough to be set up in seconds, without any network.

It holds the real `packaging/dev.py` and its helpers. Its lock names one small wheel, its program
prints what it was started with, and its build backend needs nothing.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """\
import json, os, sys
import pebble
print(json.dumps({"arguments": sys.argv[1:], "pebble": pebble.VERSION, "folder": os.getcwd()}))
sys.exit(7 if "fail" in sys.argv else 0)
"""
PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """\
import os
from tests_wheel import write_wheel

def build_editable(folder, config_settings=None, metadata_directory=None):
    return write_wheel(folder, "tiny", "1.0", {"tiny.pth": os.getcwd()}).name
"""


def write_wheel(folder: str | Path, name: str, version: str, files: dict[str, str]) -> Path:
    """Write a pure Python wheel that holds `files` (path -> text) and return its path."""
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},{_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    wheel = Path(folder) / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return wheel


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Checkout:
    """One small checkout and the wheels its lock may name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = root / "wheels"
        self.stamp = root / ".venv" / "setup-stamp.json"
        self.lock = root / "packaging" / "requirements.lock"
        self.wheels.mkdir(parents=True)
        self._copy_tooling()
        (root / "pyproject.toml").write_text(PROJECT)
        (root / "backend.py").write_text(BACKEND)
        shutil.copy(__file__, root / "tests_wheel.py")
        (root / "app").mkdir()
        (root / "app" / "__main__.py").write_text(PROGRAM)
        self.require("1.0")

    def _copy_tooling(self) -> None:
        ignore = shutil.ignore_patterns("__pycache__")
        packaging = self.root / "packaging"
        shutil.copytree(ROOT / "packaging" / "devenv", packaging / "devenv", ignore=ignore)
        shutil.copy(ROOT / "packaging" / "dev.py", packaging)

    def require(self, version: str, digest: str | None = None) -> None:
        """Make the lock name the package `pebble` at `version`."""
        code = {"pebble.py": f"VERSION = {version!r}\n"}
        wheel = write_wheel(self.wheels, "pebble", version, code)
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.lock.write_text(f"pebble=={version} \\\n    --hash=sha256:{digest}\n")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start dev.py; pip sees the wheels of this checkout and no index."""
        pip = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "PIP_NO_CACHE_DIR": "1",
        }
        return subprocess.Popen(
            [sys.executable, str(self.root / "packaging" / "dev.py"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **pip, **environment},
        )

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run dev.py to its end."""
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def started(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return what the program printed; fails if anything else is on standard output."""
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
