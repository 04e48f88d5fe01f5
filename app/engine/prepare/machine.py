"""What a stored graph depends on besides the model: the runtime and the processor."""

import hashlib
import platform
from pathlib import Path

from app.engine.runtime.runtime import ort

_CPUINFO = Path("/proc/cpuinfo")
_TELLING = ("model name", "flags", "Features", "CPU part")


def runtime_version() -> str:
    """The version of ONNX Runtime."""
    return ort.__version__


def processor() -> str:
    """A short name for what the processor can do; packed weights differ with it."""
    seen = [platform.system(), platform.machine(), platform.processor()]
    if _CPUINFO.is_file():
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
        seen += sorted({line for line in lines if line.startswith(_TELLING)})
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]
