"""Devices in the terminal: which ran, which there are, and what is said of a broken one."""

from pathlib import Path
from typing import Any

import pytest

from app.cli.output import device
from app.domain.devices import Device, Placement
from app.domain.models import Layout, ModelInfo
from app.domain.requests import Provider
from app.domain.sampling import SamplingParams
from tests.cli.program import Program
from tests.services.environments import make_pack

CUDA = ModelInfo(
    name="small",
    path="small",
    layout=Layout.SINGLE,
    variant="q4",
    variants=("q4",),
    context_length=128,
    vocabulary_size=64,
    has_tokenizer=True,
    has_template=True,
    reasoning_switch=None,
    effort_switch=None,
    providers=("CUDAExecutionProvider", "CPUExecutionProvider"),
    sampling=SamplingParams(),
    device=Device(Provider.CUDA, 1, "NVIDIA RTX A2000", 6 * 2**30),
    placements=(
        Placement("CUDAExecutionProvider", 120, {"MatMulNBits": 120}),
        Placement("CPUExecutionProvider", 24, {"GroupQueryAttention": 24}),
    ),
)


@pytest.fixture(scope="module")
def equipped(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program with a pack for CUDA in its profile, whose runtime knows only the CPU."""
    home = tmp_path_factory.mktemp("equipped")
    make_pack(home / "packs", Provider.CUDA)
    return Program(home)


def test_an_answer_says_where_its_graph_ran(answer: dict[str, Any]) -> None:
    assert answer["device"]["id"] == "cpu"
    assert answer["device"]["name"]
    assert set(answer["device"]["nodes"]) == {"CPUExecutionProvider"}
    assert answer["device"]["nodes"]["CPUExecutionProvider"] > 20
    assert answer["device"]["fallback"] == {}


def test_what_fell_back_is_listed() -> None:
    assert device(CUDA) == {
        "id": "cuda:1",
        "name": "NVIDIA RTX A2000",
        "nodes": {"CUDAExecutionProvider": 120, "CPUExecutionProvider": 24},
        "fallback": {"GroupQueryAttention": 24},
    }


def test_a_device_without_a_pack_is_one_sentence(program: Program) -> None:
    result = program.run("chat", "hi", "--device", "directml:1")
    assert (result.status, result.out) == (1, "")
    assert result.err == (
        "There is no pack for DirectML on this computer. Make it with"
        " `python3 packaging/dev.py pack directml`, or choose the CPU.\n"
    )


def test_a_pack_that_cannot_use_its_device_is_one_sentence(equipped: Program) -> None:
    result = equipped.run("chat", "hi", "--device", "cuda")
    assert (result.status, result.out) == (1, "")
    assert result.err == "The runtime that was started cannot use CUDA. It can use: the CPU.\n"


@pytest.mark.parametrize("device", ["cpu:1", "tpu", "cuda:", "cuda:x", "cuda:-1", ""])
def test_what_is_no_device_is_refused(program: Program, device: str) -> None:
    result = program.run("chat", "hi", "--device", device)
    assert (result.status, result.out) == (2, "")
    assert "is no device; write cpu, cuda, directml or cuda:1." in result.err


def test_the_doctor_names_a_pack_and_what_is_wrong_with_it(equipped: Program) -> None:
    result = equipped.run("doctor")
    assert result.status == 1
    assert f"cuda  {Path(equipped.home) / 'packs' / 'cuda'} (onnxruntime 1." in result.out
    assert "  cuda      CUDA finds no device on this computer." in result.out
    assert "Problem: CUDA finds no device on this computer. Choose the CPU" in result.out


def test_inspecting_asks_the_packs(equipped: Program, bare_model: Path) -> None:
    devices = equipped.json("models", "inspect", str(bare_model))["devices"]
    assert devices == [
        {"name": "cpu", "obstacle": ""},
        {"name": "cuda", "obstacle": "CUDA finds no device on this computer."},
        {"name": "directml", "obstacle": "There is no pack for DirectML on this computer."},
    ]
