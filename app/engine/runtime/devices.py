"""The devices that this installation of the runtime can use: listings in, `Device` values out."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.devices import EXECUTION_PROVIDERS, Device
from app.domain.requests import Provider
from app.engine.runtime import cuda
from app.engine.runtime.providers import available_providers
from app.engine.runtime.runtime import ort
from app.errors import DeviceFailed

_PROVIDERS = {name: provider for provider, name in EXECUTION_PROVIDERS.items()}


def list_devices() -> tuple[tuple[Device, ...], str]:
    """Every device of every provider that Candor knows, the CPU first, and what is wrong.

    CUDA's libraries are loaded on the way.
    """
    found = read_listing(ort.get_ep_devices())
    if Provider.CUDA not in available_providers():
        return tuple(found), ""
    try:
        described = cuda.driver_devices(cuda.load_driver())
        cuda.load_libraries()
    except DeviceFailed as error:
        return tuple(found), error.message
    numbered = enumerate(described)
    return (*found, *(Device(Provider.CUDA, index, *each) for index, each in numbered)), ""


def find_device(provider: Provider, index: int) -> Device:
    """The device that a model runs on, without a name where no listing has it."""
    devices, _ = list_devices()
    wanted = (each for each in devices if (each.provider, each.index) == (provider, index))
    return next(wanted, Device(provider, index, ""))


def read_listing(listed: Iterable[Any]) -> list[Device]:
    """The devices in the runtime's own list; others' providers and doubles are left out."""
    found: dict[tuple[Provider, int], Device] = {}
    for each in listed:
        provider = _PROVIDERS.get(each.ep_name)
        if provider is Provider.CPU or provider is Provider.DIRECTML:
            device = _device(provider, each.device)
            found.setdefault((provider, device.index), device)
    return sorted(found.values(), key=lambda each: (each.provider is not Provider.CPU, each.index))


def _device(provider: Provider, hardware: Any) -> Device:
    """Names and numbers are what Windows' graphics interface says; elsewhere only a maker is."""
    told: Mapping[str, str] = hardware.metadata
    kind = str(hardware.type).rpartition(".")[2]
    name = " ".join(told.get("Description", f"{hardware.vendor} {kind}").split())
    number = told.get("DxgiAdapterNumber", "")
    index = int(number) if provider is Provider.DIRECTML and number.isdigit() else 0
    return Device(provider, index, name, _bytes(told.get("DxgiVideoMemory", "")))


def _bytes(text: str) -> int | None:
    """`8192 MB` as a number of bytes; an adapter without memory of its own says 0 MB."""
    number, _, unit = text.partition(" ")
    return int(number) * 2**20 or None if number.isdigit() and unit == "MB" else None
