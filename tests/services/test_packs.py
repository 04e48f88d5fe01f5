"""Packs: found, trusted or not, started by their own interpreter, and what a failing one says."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from app.domain.devices import Device
from app.domain.requests import Provider
from app.errors import DeviceFailed, WorkerLost
from app.services.engine_host import EngineHost, HostState
from app.services.packs import Packs, Report
from app.worker.client import WorkerClient
from app.worker.process import worker_command
from tests.engine.graphs import small_model
from tests.engine.reference import Shape
from tests.services.environments import make_environment, make_pack
from tests.worker.harness import asking, collect, is_alive, token_ids

posix = pytest.mark.skipif(os.name != "posix", reason="reads POSIX permissions")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("models") / "small", Shape(context=256))


@pytest.fixture
def folder(profile: Path) -> Path:
    return profile / "packs"


def refusal(folder: Path) -> str:
    with pytest.raises(DeviceFailed) as refused:
        Packs(folder).command(Provider.CUDA)
    return str(refused.value)


def test_the_cpu_needs_no_pack(folder: Path) -> None:
    assert Packs(folder).command(Provider.CPU) == worker_command()


def test_a_pack_that_is_not_there_says_how_to_make_it(folder: Path) -> None:
    said = refusal(folder)
    assert said.startswith("There is no pack for CUDA on this computer. Make it with `python3 ")
    assert "dev.py pack cuda`, or choose the CPU." in said


def test_a_pack_is_started_by_its_own_interpreter(folder: Path) -> None:
    pack = make_pack(folder, Provider.CUDA)
    program, *arguments = Packs(folder).command(Provider.CUDA)
    assert Path(program).parent.parent == pack
    assert arguments == ["-I", "-m", "app", "--worker"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "directml"}, "does not describe itself rightly"),
        ({"kind": "abacus"}, "cannot be read"),
        ({"candor": "0.0.1"}, "was made for Candor 0.0.1; this is "),
        ({"interpreter": "../../python"}, "does not describe itself rightly"),
        ({"interpreter": sys.executable}, "does not describe itself rightly"),
        ({"interpreter": ""}, "does not describe itself rightly"),
        ({"interpreter": "C:python.exe"}, "does not describe itself rightly"),
        ({"interpreter": "bin/other"}, "has lost its Python"),
        ({"interpreter": 5}, "cannot be read"),
    ],
)
def test_a_pack_that_does_not_fit_is_named(
    folder: Path, changes: dict[str, Any], said: str
) -> None:
    make_pack(folder, Provider.CUDA, **changes)
    assert said in refusal(folder)
    assert "Make it again with" in refusal(folder)


def test_a_pack_without_a_sound_manifest_is_named(folder: Path) -> None:
    manifest = make_pack(folder, Provider.CUDA) / "pack.json"
    manifest.write_bytes(b" " * 10**6)
    assert "cannot be read" in refusal(folder)
    manifest.unlink()
    assert "cannot be read" in refusal(folder)


@posix
@pytest.mark.parametrize("part", ["", "cuda", "cuda/pack.json", "cuda/bin"])
def test_a_pack_that_others_can_change_is_not_used(folder: Path, part: str) -> None:
    make_pack(folder, Provider.CUDA)
    (folder / part).chmod(0o777)
    assert f"not used: {folder / part} is not yours alone" in refusal(folder).replace("/ is", " is")


@posix
def test_a_pack_elsewhere_is_not_used(folder: Path, tmp_path: Path) -> None:
    pack = make_pack(folder, Provider.CUDA)
    shutil.move(pack, tmp_path / "elsewhere")
    pack.symlink_to(tmp_path / "elsewhere")
    assert f"{pack} is not yours alone" in refusal(folder)


def test_every_provider_is_asked_through_its_own_worker(folder: Path) -> None:
    make_pack(folder, Provider.CUDA)
    cpu, cuda, directml = asyncio.run(Packs(folder).survey())
    assert [device.label for device in cpu.devices] == ["cpu"]
    assert cpu.versions["onnxruntime"]
    assert (cuda.folder, cuda.devices) == (str(folder / "cuda"), ())
    assert cuda.problem == "CUDA finds no device on this computer."
    assert directml == Report(
        Provider.DIRECTML,
        problem="There is no pack for DirectML on this computer.",
        hint=directml.hint,
    )


def test_a_worker_of_another_environment_computes_the_same(model: Path, tmp_path: Path) -> None:
    interpreter = make_environment(tmp_path / "environment")

    async def answer(command: list[str]) -> tuple[list[int], Device]:
        host = EngineHost(lambda provider: WorkerClient(command))
        try:
            info = await host.load(model)
            return token_ids(await collect(host.generate(asking(8)))), info.device
        finally:
            await host.close()

    own = asyncio.run(answer(worker_command()))
    other = asyncio.run(answer(worker_command(str(interpreter))))
    assert own == other
    assert len(own[0]) == 8


def test_a_pack_that_cannot_use_its_device_offers_the_cpu(model: Path, folder: Path) -> None:
    make_pack(folder, Provider.CUDA)

    async def scenario() -> None:
        host = EngineHost(Packs(folder).client)
        try:
            with pytest.raises(DeviceFailed, match="cannot use CUDA"):
                await host.load(model, provider=Provider.CUDA)
            assert (host.status.state, host.status.offers_cpu) == (HostState.FAILED, True)
            assert host.worker is not None
            pid = host.worker.pid
            info = await host.load(model)
            assert info.device.provider is Provider.CPU
            assert not host.status.offers_cpu
            assert not is_alive(pid)
        finally:
            await host.close()

    asyncio.run(scenario())


@posix
def test_a_pack_that_does_not_start_is_tried_once(model: Path, folder: Path) -> None:
    interpreter = make_pack(folder, Provider.CUDA) / "bin" / "python"
    interpreter.unlink()
    interpreter.write_text(f"#!/bin/sh\necho started >> {folder}/starts\nexit 3\n")
    interpreter.chmod(0o700)

    async def scenario() -> None:
        host = EngineHost(Packs(folder).client)
        try:
            with pytest.raises(WorkerLost, match="ended with status 3"):
                await host.load(model, provider=Provider.CUDA)
            assert (host.status.state, host.status.offers_cpu) == (HostState.FAILED, True)
            await host.load(model)
        finally:
            await host.close()

    asyncio.run(scenario())
    assert (folder / "starts").read_text() == "started\n"


def test_a_broken_model_offers_no_other_device(folder: Path, tmp_path: Path) -> None:
    make_pack(folder, Provider.CUDA)

    async def scenario() -> None:
        host = EngineHost(Packs(folder).client)
        try:
            with pytest.raises(Exception, match="no ONNX model"):
                await host.load(tmp_path, provider=Provider.CUDA)
            assert not host.status.offers_cpu
        finally:
            await host.close()

    asyncio.run(scenario())
