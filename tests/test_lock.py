"""The lock files: complete, hashed, and silent about where they were written."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK, BUILD_LOCK, CUDA_LOCK, DIRECTML_LOCK = (
    (ROOT / "packaging" / f"{name}requirements.lock").read_text(encoding="utf-8")
    for name in ("", "build-", "cuda-", "directml-")
)
every = pytest.mark.parametrize(
    "lock",
    [LOCK, BUILD_LOCK, CUDA_LOCK, DIRECTML_LOCK],
    ids=["run and test", "build", "CUDA", "DirectML"],
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(lock: str) -> dict[str, list[Requirement]]:
    """Every requirement of a lock by its normal name."""
    lines = re.findall(r"^([A-Za-z0-9][^\\\n]*)", lock, re.MULTILINE)
    found: dict[str, list[Requirement]] = {}
    for line in lines:
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@every
def test_it_names_no_host_and_no_path(lock: str) -> None:
    assert not re.search(r"://|@|^-|/", lock, re.MULTILINE)


@every
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    assert len(blocks) > 30
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^]]+\])?==\S+", block), block
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", block), block


def check_satisfied(lock: str, wanted: list[str]) -> None:
    pins = locked(lock)
    for requirement in map(Requirement, wanted):
        pinned = pins.get(canonicalize_name(requirement.name), [])
        assert pinned, f"{requirement.name} is not locked"
        for pin in pinned:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version), f"{requirement} but {pin}"


@pytest.mark.parametrize(("lock", "extra"), [(LOCK, "dev"), (BUILD_LOCK, "build")])
def test_it_satisfies_every_dependency_of_the_project(lock: str, extra: str) -> None:
    project = PROJECT["project"]
    own = [*project["dependencies"], *project["optional-dependencies"][extra]]
    check_satisfied(lock, [*own, *PROJECT["build-system"]["requires"]])


@pytest.mark.parametrize(
    ("lock", "group", "core"),
    [(CUDA_LOCK, "cuda", "onnxruntime-gpu"), (DIRECTML_LOCK, "directml", "onnxruntime-windowsml")],
)
def test_a_pack_has_what_a_worker_needs_and_one_runtime(lock: str, group: str, core: str) -> None:
    groups = PROJECT["dependency-groups"]
    included, runtime = groups[group]
    assert included == {"include-group": "worker"}
    check_satisfied(lock, [*groups["worker"], runtime])
    assert [name for name in locked(lock) if name.startswith("onnxruntime")] == [core]


LOADED = """
import importlib, json, pkgutil, sys
from importlib import metadata
there = set(sys.modules)
import app.engine, app.worker
for package in (app.engine, app.worker):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
owners = metadata.packages_distributions()
print(json.dumps([name for top in {each.partition(".")[0] for each in set(sys.modules) - there}
                  for name in owners.get(top, ())]))
"""


def test_all_that_a_worker_imports_is_in_its_packs() -> None:
    told = subprocess.run(
        [sys.executable, "-P", "-c", LOADED], capture_output=True, text=True, check=True
    )
    imported = {canonicalize_name(name) for name in json.loads(told.stdout)}
    assert {"numpy", "onnx", "tokenizers"} <= imported
    assert imported - {"candor", "onnxruntime"} <= locked(CUDA_LOCK).keys()


def test_a_worker_is_promised_what_the_project_is() -> None:
    """The group repeats the project's ranges, for a group cannot leave one dependency out."""
    project = {Requirement(each) for each in PROJECT["project"]["dependencies"]}
    worker = {Requirement(each) for each in PROJECT["dependency-groups"]["worker"]}
    assert {each.name for each in worker - project} == {"hatchling"}


@pytest.mark.parametrize("lock", [BUILD_LOCK, CUDA_LOCK, DIRECTML_LOCK])
def test_what_is_used_is_what_was_tested(lock: str) -> None:
    tested, used = locked(LOCK), locked(lock)
    shared = tested.keys() & used.keys()
    assert {name: versions(used[name]) for name in shared} == {
        name: versions(tested[name]) for name in shared
    }


def versions(pins: list[Requirement]) -> set[str]:
    return {str(pin.specifier) for pin in pins}
