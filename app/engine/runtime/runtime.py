"""ONNX Runtime itself, imported in one place: it reads its environment while it is imported."""

import os

# It reports home without this. `app.__main__` sets it too; this line holds when the engine is
# imported without it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort
import onnxruntime.capi.onnxruntime_pybind11_state as native

SILENT = 4  # only fatal errors are printed; everything else reaches us as an exception
ort.set_default_logger_severity(SILENT)

__all__ = ["SILENT", "native", "ort"]
