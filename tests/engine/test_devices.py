"""Devices, options and placements, against what runtimes and drivers say on other computers."""

import pytest

from app.domain.devices import Device, Placement, fallback_sentence
from app.domain.requests import Provider
from app.engine.runtime import cuda, devices
from app.engine.runtime.providers import (
    check_provider,
    merged,
    placements,
    provider_entry,
    session_options,
)
from app.engine.runtime.runtime import ort
from app.errors import DeviceFailed, InvalidRequest
from tests.engine import listings

CARDS = [("NVIDIA GeForce RTX 4090", 25_386_352_640), ("NVIDIA RTX A2000", 6_225_002_496)]


@pytest.fixture
def cuda_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runtime says it was built for CUDA 13 and finds the libraries that it needs."""
    monkeypatch.setattr(
        ort, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(ort, "cuda_version", "13.0")
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)


def drive(monkeypatch: pytest.MonkeyPatch, driver: listings.Driver) -> None:
    monkeypatch.setattr(cuda, "load_driver", lambda: driver)


def test_this_computer_has_its_cpu() -> None:
    (cpu,), problem = devices.list_devices()
    assert (cpu.label, problem) == ("cpu", "")
    assert cpu.name


def test_windows_adapters_go_by_their_own_numbers() -> None:
    assert devices.read_listing(listings.WINDOWS_ML) == [
        Device(Provider.CPU, 0, "Intel(R) Core(TM) i7-13700K"),
        Device(Provider.DIRECTML, 0, "Intel(R) UHD Graphics 770"),
        Device(Provider.DIRECTML, 1, "NVIDIA GeForce RTX 4090", 24_156 * 2**20),
    ]


def test_linux_tells_only_the_maker() -> None:
    assert devices.read_listing(listings.LINUX) == [Device(Provider.CPU, 0, "Intel CPU")]


@pytest.mark.usefixtures("cuda_build")
def test_cuda_devices_come_from_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    drive(monkeypatch, listings.Driver(CARDS))
    (_, *cards), problem = devices.list_devices()
    assert problem == ""
    assert [(card.label, card.name, card.memory_bytes) for card in cards] == [
        ("cuda:0", *CARDS[0]),
        ("cuda:1", *CARDS[1]),
    ]
    assert devices.find_device(Provider.CUDA, 1).name == "NVIDIA RTX A2000"
    check_provider(Provider.CUDA, 1)
    with pytest.raises(InvalidRequest, match="no device 2; this computer has 2"):
        check_provider(Provider.CUDA, 2)


@pytest.mark.usefixtures("cuda_build")
@pytest.mark.parametrize(
    ("driver", "said"),
    [
        (listings.Driver([], status=100), "The NVIDIA driver finds no device."),
        (listings.Driver([], status=803), "The NVIDIA driver does not start (error 803)."),
        (listings.Driver(CARDS, version=12_080), "driver is made for CUDA 12; 13 is needed."),
    ],
)
def test_a_driver_that_does_not_do_says_why(
    monkeypatch: pytest.MonkeyPatch, driver: listings.Driver, said: str
) -> None:
    drive(monkeypatch, driver)
    found, problem = devices.list_devices()
    assert [each.label for each in found] == ["cpu"]
    assert problem.endswith(said)
    with pytest.raises(DeviceFailed) as refused:
        check_provider(Provider.CUDA, 0)
    assert refused.value.message == problem
    assert "CPU" in refused.value.hint


@pytest.mark.usefixtures("cuda_build")
def test_a_computer_without_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "_LIBRARY", "libcuda-of-nobody.so.1")
    _, problem = devices.list_devices()
    assert problem == "There is no NVIDIA driver on this computer."


@pytest.mark.usefixtures("cuda_build")
def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are those that onnxruntime-gpu 1.31.1 printed where CUDA was not installed."""

    def preload() -> None:
        name = "libcublasLt.so.13"
        print(f"Failed to load {name}: {name}: cannot open shared object file")  # noqa: T201
        print("Please follow the page on CUDA to install it.")  # noqa: T201

    drive(monkeypatch, listings.Driver(CARDS))
    monkeypatch.setattr(ort, "preload_dlls", preload)
    _, problem = devices.list_devices()
    assert problem == "CUDA's library libcublasLt.so.13 cannot be loaded."


def test_options_that_providers_demand() -> None:
    name, options = provider_entry(Provider.CUDA, 1)
    assert (name, options["device_id"], options["use_tf32"]) == ("CUDAExecutionProvider", "1", "0")
    assert provider_entry(Provider.DIRECTML, 2) == ("DmlExecutionProvider", {"device_id": "2"})
    assert provider_entry(Provider.CPU, 0) == ("CPUExecutionProvider", {})
    directml = session_options(Provider.DIRECTML)
    assert not directml.enable_mem_pattern
    assert directml.execution_mode == ort.ExecutionMode.ORT_SEQUENTIAL
    assert session_options(Provider.CPU).enable_mem_pattern


def test_the_cpu_has_no_number() -> None:
    with pytest.raises(InvalidRequest, match="no number"):
        check_provider(Provider.CPU, 1)


def test_nodes_are_counted_by_provider_and_operator() -> None:
    found = placements(listings.Q4_ON_CUDA)
    assert found == (
        Placement("CUDAExecutionProvider", 120, {"MatMulNBits": 120}),
        Placement(
            "CPUExecutionProvider",
            29,
            {"GroupQueryAttention": 24, "Shape": 1, "Gather": 2, "Cast": 1, "ReduceSum": 1},
        ),
    )
    assert fallback_sentence(Provider.CUDA, found) == (
        "29 of 149 nodes run on the CPU, not on CUDA: 24 GroupQueryAttention, 2 Gather, 1 Cast,"
        " 2 others."
    )


def test_several_graphs_count_as_one() -> None:
    whole, part = listings.Q4_ON_CUDA, listings.Q4_ON_CUDA[118:]
    assert merged([placements(whole), placements(part)]) == placements([*whole, *part])


def test_nothing_falls_back_where_all_runs_where_it_should() -> None:
    cuda_only = placements(listings.Q4_ON_CUDA[:120])
    assert fallback_sentence(Provider.CUDA, cuda_only) == ""
    assert fallback_sentence(Provider.CPU, placements(listings.Q4_ON_CUDA[120:])) == ""
