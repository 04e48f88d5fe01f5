"""How much memory this computer has, and memory that is taken only as far as it is written."""

import ctypes
import math
import mmap
import os
import sys

import numpy as np


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("physical", ctypes.c_uint64),
        ("others", ctypes.c_uint64 * 6),
    ]


def physical_memory() -> int:
    """Bytes of installed memory."""
    if sys.platform == "win32":
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            raise ctypes.WinError()
        return status.physical
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def unwritten_zeros(shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    """Zeros of `shape` that take memory page by page, as they are written.

    On Linux numpy asks for huge pages, and one position of a cache touches one for every head: a
    first token would take what hundreds need.

    Raises:
        MemoryError: the system does not promise so much.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if sys.platform != "linux" or size == 0:
        return np.zeros(shape, dtype=dtype)
    try:
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"{size} bytes cannot be reserved") from error
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, dtype=dtype).reshape(shape)
