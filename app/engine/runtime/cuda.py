"""What NVIDIA's driver says: a loaded driver library in, its devices out, or why there are none.

ONNX Runtime's own list leaves CUDA devices out, and it logs why CUDA does not start instead of
saying so. Functions and numbers are those of the CUDA Driver API reference.
"""

import ctypes
import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from app.engine.runtime.runtime import ort
from app.errors import DeviceFailed

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_LONGEST_NAME = 256
_NO_DEVICE = 100
_UPDATE = "Update the NVIDIA driver, or choose the CPU."


def load_driver() -> Any:
    """The driver's library.

    Raises:
        DeviceFailed: there is none.
    """
    try:
        return ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise DeviceFailed(
            "There is no NVIDIA driver on this computer.", "Install it, or choose the CPU."
        ) from error


def driver_devices(driver: Any) -> tuple[tuple[str, int], ...]:
    """Name and memory in bytes of every device, in the order of CUDA's own numbers.

    Raises:
        DeviceFailed: the driver does not start, has no device, or is older than the runtime.
    """
    status = driver.cuInit(0)
    if status == _NO_DEVICE:
        raise DeviceFailed("The NVIDIA driver finds no device.", "Choose the CPU.")
    if status:
        raise DeviceFailed(f"The NVIDIA driver does not start (error {status}).", _UPDATE)
    _check_version(driver)
    count = ctypes.c_int()
    driver.cuDeviceGetCount(ctypes.byref(count))
    return tuple(_describe(driver, number) for number in range(count.value))


def load_libraries() -> None:
    """Load CUDA's libraries from where the pack has them, before the first session needs them.

    Raises:
        DeviceFailed: one of them cannot be loaded.
    """
    said = StringIO()
    with redirect_stdout(said):  # failures are printed, not raised
        ort.preload_dlls()
    failures = [line for line in said.getvalue().splitlines() if line.startswith("Failed")]
    if failures:
        library = failures[0].removeprefix("Failed to load ").partition(":")[0]
        raise DeviceFailed(
            f"CUDA's library {library} cannot be loaded.",
            "Make the CUDA pack again, or choose the CPU.",
        )


def _check_version(driver: Any) -> None:
    version = ctypes.c_int()
    driver.cuDriverGetVersion(ctypes.byref(version))
    has = version.value // 1000
    needs = int((ort.cuda_version or "0").partition(".")[0])
    if has < needs:
        raise DeviceFailed(f"The NVIDIA driver is made for CUDA {has}; {needs} is needed.", _UPDATE)


def _describe(driver: Any, number: int) -> tuple[str, int]:
    device = ctypes.c_int()
    driver.cuDeviceGet(ctypes.byref(device), number)
    name = ctypes.create_string_buffer(_LONGEST_NAME)
    driver.cuDeviceGetName(name, _LONGEST_NAME, device)
    memory = ctypes.c_size_t()
    driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    return name.value.decode(errors="replace"), memory.value
