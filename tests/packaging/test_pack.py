"""`packaging/dev.py pack`: an environment with another runtime, made, renewed and refused.

The runtime here is a wheel of a few lines that says what it was built with; what a real one does in
a pack is tested with the packs' users.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from devenv.packs import KINDS, obstacle

from app.domain.requests import Provider
from app.errors import DeviceFailed
from app.services import packs
from tests.packaging.checkout import Checkout, write_wheel

CUDA = KINDS["cuda"]
able = pytest.mark.skipif(
    obstacle(CUDA, sys.platform, "x86_64") is not None, reason="no CUDA on this system"
)
RUNTIME = "def get_available_providers():\n    return {providers!r}\n"


class PackCheckout(Checkout):
    """A checkout with the CUDA pack's lock; the pack goes into `folder`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.folder = root / "profile" / "packs" / "cuda"
        self.pack_lock = root / CUDA.lock
        (root / "app" / "__init__.py").write_text('__version__ = "1.0"\n')
        self.lock_runtimes(["CUDAExecutionProvider", "CPUExecutionProvider"], "onnxruntime-gpu")

    def lock_runtimes(self, providers: list[str], *names: str) -> None:
        """Make the lock name a runtime with `providers`, under one or more names."""
        code = {"onnxruntime/__init__.py": RUNTIME.format(providers=providers)}
        version = f"1.{len(providers)}"
        lines = []
        for name in names:
            wheel = write_wheel(self.wheels, name.replace("-", "_"), version, code)
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            lines.append(f"{name}=={version} \\\n    --hash=sha256:{digest}\n")
        self.pack_lock.write_text("".join(lines))

    def pack(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.call("pack", "cuda", str(self.folder), **environment)


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[PackCheckout, subprocess.CompletedProcess[str]]:
    checkout = PackCheckout(tmp_path_factory.mktemp("pack") / "a folder")
    return checkout, checkout.pack()


@pytest.fixture
def checkout(made: tuple[PackCheckout, object]) -> Iterator[PackCheckout]:
    """The checkout with its pack; the lock is put back afterwards."""
    checkout = made[0]
    lock = checkout.pack_lock.read_text()
    yield checkout
    checkout.pack_lock.write_text(lock)


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Details:")]
    return lines[-1]


@able
def test_a_pack_is_made_with_progress_and_described(
    made: tuple[PackCheckout, subprocess.CompletedProcess[str]],
) -> None:
    checkout, result = made
    assert (result.returncode, result.stdout) == (
        0,
        f"The CUDA pack lies in {checkout.folder}.\n",
    ), result.stderr
    steps = dict.fromkeys(line.split(":")[0] for line in result.stderr.splitlines())
    assert list(steps) == [
        f"Making {checkout.folder.relative_to(checkout.root)}",
        "Fetching packages",
        "Unpacking packages",
        "Installing Candor",
        "Trying the pack",
    ]
    manifest = json.loads((checkout.folder / "pack.json").read_text())
    assert (manifest["kind"], manifest["candor"]) == ("cuda", "1.0")
    assert manifest["versions"]["onnxruntime-gpu"] == "1.2"
    assert manifest["lock"] == hashlib.sha256(checkout.pack_lock.read_bytes()).hexdigest()
    assert (checkout.folder / manifest["interpreter"]).exists()


@able
def test_candor_finds_what_was_made(checkout: PackCheckout) -> None:
    with pytest.raises(DeviceFailed, match=r"was made for Candor 1\.0"):
        packs.Packs(checkout.folder.parent).command(Provider.CUDA)


@able
def test_a_second_call_changes_nothing_but_looks_again(checkout: PackCheckout) -> None:
    result = checkout.pack()
    assert result.returncode == 0
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["Trying the pack"]
    assert (checkout.folder / "pack.json").exists()


@able
@pytest.mark.parametrize(
    ("providers", "names", "said"),
    [
        (
            ["CPUExecutionProvider"],
            ["onnxruntime-gpu"],
            "The pack's ONNX Runtime was built without CUDA.",
        ),
        (
            ["CUDAExecutionProvider", "CPUExecutionProvider"],
            ["onnxruntime-gpu", "onnxruntime"],
            "The pack holds more than one ONNX Runtime (onnxruntime, onnxruntime-gpu).",
        ),
    ],
)
def test_a_pack_that_would_not_do_gets_no_manifest(
    checkout: PackCheckout, providers: list[str], names: list[str], said: str
) -> None:
    checkout.lock_runtimes(providers, *names)
    result = checkout.pack()
    assert (result.returncode, last_line(result)) == (1, said)
    assert not (checkout.folder / "pack.json").exists()


@able
def test_a_failed_download_leaves_no_manifest(checkout: PackCheckout) -> None:
    checkout.pack_lock.write_text(checkout.pack_lock.read_text().replace("==1.2", "==9.9"))
    result = checkout.pack(PIP_NO_INDEX="0", PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="0")
    assert result.returncode == 1
    assert last_line(result).startswith("The packages could not be downloaded.")
    assert not (checkout.folder / "pack.json").exists()


@able
def test_a_folder_with_other_things_is_left_alone(checkout: PackCheckout, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    result = checkout.call("pack", "cuda", str(tmp_path))
    assert result.returncode == 1
    assert (
        last_line(result) == f"{tmp_path} holds other things and is no pack. Name another folder."
    )
    assert (tmp_path / "letter.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments", [[], ["rocm"], ["cuda", "a", "b"]], ids=["nothing", "unknown", "too many"]
)
def test_what_pack_takes_is_said(made: tuple[PackCheckout, object], arguments: list[str]) -> None:
    result = made[0].call("pack", *arguments)
    assert result.returncode == 1
    assert last_line(result) == "pack takes cuda or directml, and a folder if you like."


@pytest.mark.skipif(sys.platform == "win32", reason="DirectML is at home there")
def test_a_system_that_cannot_use_it_is_told_at_once(made: tuple[PackCheckout, object]) -> None:
    result = made[0].call("pack", "directml")
    assert result.returncode == 1
    assert last_line(result).startswith("The DirectML pack needs Windows; this is ")


@pytest.mark.parametrize(
    ("kind", "system", "machine", "fits"),
    [
        ("cuda", "linux", "x86_64", True),
        ("cuda", "win32", "AMD64", True),
        ("cuda", "win32", "ARM64", False),
        ("cuda", "linux", "aarch64", False),
        ("cuda", "darwin", "arm64", False),
        ("directml", "win32", "AMD64", True),
        ("directml", "win32", "ARM64", True),
        ("directml", "linux", "x86_64", False),
    ],
)
def test_packs_are_for_some_systems(kind: str, system: str, machine: str, fits: bool) -> None:
    assert (obstacle(KINDS[kind], system, machine) is None) is fits


def test_a_full_disk_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from devenv import packs as making
    from devenv.errors import SetupError
    from devenv.progress import Progress

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 7, 2**30))  # type: ignore[attr-defined]
    with pytest.raises(SetupError, match=r"needs about 5 GB while it is made; 1\.1 GB are free"):
        making.PackMaker(tmp_path, Progress()).make(CUDA, tmp_path / "packs" / "cuda")
