"""How much memory this computer has, asked of the system itself."""

import ctypes
import os
import sys


def physical_memory() -> int:
    """Bytes of installed memory."""
    if sys.platform == "win32":
        return _windows_memory()
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _windows_memory() -> int:
    kilobytes = ctypes.c_ulonglong()
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    if not kernel.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes)):
        raise OSError(ctypes.get_last_error())  # type: ignore[attr-defined]
    return kilobytes.value * 1024
