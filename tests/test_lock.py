"""The lock files: complete, hashed, and silent about where they were written."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK, BUILD_LOCK = (
    (ROOT / "packaging" / name).read_text(encoding="utf-8")
    for name in ("requirements.lock", "build-requirements.lock")
)
both = pytest.mark.parametrize("lock", [LOCK, BUILD_LOCK], ids=["run and test", "build"])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(lock: str) -> dict[str, list[Requirement]]:
    """Every requirement of a lock by its normal name."""
    lines = re.findall(r"^([A-Za-z0-9][^\\\n]*)", lock, re.MULTILINE)
    found: dict[str, list[Requirement]] = {}
    for line in lines:
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@both
def test_it_names_no_host_and_no_path(lock: str) -> None:
    assert not re.search(r"://|@|^-|/", lock, re.MULTILINE)


@both
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    assert len(blocks) > 30
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^]]+\])?==\S+", block), block
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", block), block


@pytest.mark.parametrize(("lock", "extra"), [(LOCK, "dev"), (BUILD_LOCK, "build")])
def test_it_satisfies_every_dependency_of_the_project(lock: str, extra: str) -> None:
    wanted = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"][extra],
        *PROJECT["build-system"]["requires"],
    ]
    pins = locked(lock)
    for requirement in map(Requirement, wanted):
        pinned = pins.get(canonicalize_name(requirement.name), [])
        assert pinned, f"{requirement.name} is not locked"
        for pin in pinned:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version), f"{requirement} but {pin}"


def test_what_is_built_is_what_was_tested() -> None:
    tested, built = locked(LOCK), locked(BUILD_LOCK)
    shared = tested.keys() & built.keys()
    assert {name: list(map(str, built[name])) for name in shared} == {
        name: list(map(str, tested[name])) for name in shared
    }
