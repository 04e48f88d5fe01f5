"""The lock file: complete, hashed, and silent about where it was written."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "packaging" / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> dict[str, list[Requirement]]:
    """Every requirement of the lock by its normal name."""
    lines = re.findall(r"^([A-Za-z0-9][^\\\n]*)", LOCK, re.MULTILINE)
    found: dict[str, list[Requirement]] = {}
    for line in lines:
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def test_it_names_no_host_and_no_path() -> None:
    assert not re.search(r"://|@|^-|/", LOCK, re.MULTILINE)


def test_every_requirement_is_pinned_and_hashed() -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert len(blocks) > 30
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^]]+\])?==\S+", block), block
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", block), block


def test_it_satisfies_every_dependency_of_the_project() -> None:
    wanted = PROJECT["project"]["dependencies"]
    wanted += [
        line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra
    ]
    wanted += PROJECT["build-system"]["requires"]
    pins = locked()
    for requirement in map(Requirement, wanted):
        pinned = pins.get(canonicalize_name(requirement.name), [])
        assert pinned, f"{requirement.name} is not locked"
        for pin in pinned:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version), f"{requirement} but {pin}"
