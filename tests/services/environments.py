"""Worker packs for tests: real environments with an interpreter of their own, made in a moment."""

import json
import sysconfig
import venv
from pathlib import Path
from typing import Any

from app import __version__
from app.domain.requests import Provider

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = sysconfig.get_platform().startswith("win")
INTERPRETER = "Scripts/python.exe" if WINDOWS else "bin/python"


def make_environment(folder: Path) -> Path:
    """An environment that finds this checkout and the packages of these tests; its interpreter."""
    venv.EnvBuilder(symlinks=not WINDOWS).create(folder)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": folder, "platbase": folder}))
    there = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "tests.pth").write_text("\n".join([str(ROOT), *there]))
    return folder / INTERPRETER


def make_pack(packs: Path, provider: Provider, **changes: Any) -> Path:
    """A pack as `packaging/dev.py pack` makes one, except that its runtime knows only the CPU."""
    folder = packs / provider.value
    make_environment(folder)
    manifest = {"kind": provider.value, "candor": __version__, "interpreter": INTERPRETER}
    (folder / "pack.json").write_text(json.dumps(manifest | changes))
    return folder
