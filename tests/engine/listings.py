"""What ONNX Runtime and NVIDIA's driver say on computers that these tests do not have.

Written by hand from the runtime's device discovery for Windows and Linux, its Python types
OrtEpDevice, OrtHardwareDevice and OrtEpAssignedSubgraph, and the CUDA Driver API reference.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CPU, GPU = "OrtHardwareDeviceType.CPU", "OrtHardwareDeviceType.GPU"
"""How Python spells the runtime's enumeration."""


@dataclass(frozen=True)
class Hardware:
    vendor: str
    type: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EpDevice:
    ep_name: str
    device: Hardware


@dataclass(frozen=True)
class Node:
    op_type: str


@dataclass(frozen=True)
class Part:
    ep_name: str
    operators: tuple[str, ...]

    def get_nodes(self) -> list[Node]:
        return [Node(each) for each in self.operators]


def adapter(vendor: str, number: int, description: str, megabytes: int) -> Hardware:
    told = {
        "Description": description,
        "DxgiAdapterNumber": str(number),
        "DxgiHighPerformanceIndex": str(1 - number),
        "DxgiVideoMemory": f"{megabytes} MB",
        "Discrete": "1" if megabytes else "0",
    }
    return Hardware(vendor, GPU, told)


GEFORCE = adapter("NVIDIA", 1, "NVIDIA GeForce RTX 4090", 24_156)
INTEGRATED = adapter("Intel", 0, "Intel(R) UHD  Graphics 770", 0)
WINDOWS_CPU = Hardware("GenuineIntel", CPU, {"Description": "Intel(R) Core(TM) i7-13700K"})
LINUX_CPU = Hardware("Intel", CPU)

WINDOWS_ML = [
    EpDevice("CPUExecutionProvider", WINDOWS_CPU),
    EpDevice("DmlExecutionProvider", GEFORCE),
    EpDevice("DmlExecutionProvider", INTEGRATED),
    EpDevice("WebGpuExecutionProvider", GEFORCE),
]
LINUX = [EpDevice("CPUExecutionProvider", LINUX_CPU)]

Q4_ON_CUDA = [
    *(Part("CUDAExecutionProvider", ("MatMulNBits",)) for _ in range(120)),
    *(Part("CPUExecutionProvider", ("GroupQueryAttention",)) for _ in range(24)),
    Part("CPUExecutionProvider", ("Shape", "Gather")),
    Part("CPUExecutionProvider", ("Gather", "Cast", "ReduceSum")),
]


class Driver:
    """NVIDIA's driver library, its functions called through the same C types as the real one."""

    def __init__(
        self, devices: list[tuple[str, int]], version: int = 13_020, status: int = 0
    ) -> None:
        self._devices = devices
        self._version = version
        self.cuInit = self._function(ctypes.c_uint)(lambda flags: status)
        number = ctypes.POINTER(ctypes.c_int)
        self.cuDriverGetVersion = self._function(number)(self._tell_version)
        self.cuDeviceGetCount = self._function(number)(self._tell_count)
        self.cuDeviceGet = self._function(number, ctypes.c_int)(self._tell_handle)
        self.cuDeviceGetName = self._function(ctypes.c_void_p, ctypes.c_int, ctypes.c_int)(
            self._tell_name
        )
        size = ctypes.POINTER(ctypes.c_size_t)
        self.cuDeviceTotalMem_v2 = self._function(size, ctypes.c_int)(self._tell_memory)

    def _function(self, *arguments: Any) -> Callable[[Callable[..., int]], Any]:
        return ctypes.CFUNCTYPE(ctypes.c_int, *arguments)

    def _tell_version(self, into: Any) -> int:
        into[0] = self._version
        return 0

    def _tell_count(self, into: Any) -> int:
        into[0] = len(self._devices)
        return 0

    def _tell_handle(self, into: Any, number: int) -> int:
        into[0] = 100 + number  # a handle need not be the number
        return 0

    def _tell_name(self, into: int, longest: int, handle: int) -> int:
        name = self._devices[handle - 100][0].encode()[: longest - 1]
        ctypes.memmove(into, name + b"\0", len(name) + 1)
        return 0

    def _tell_memory(self, into: Any, handle: int) -> int:
        into[0] = self._devices[handle - 100][1]
        return 0
