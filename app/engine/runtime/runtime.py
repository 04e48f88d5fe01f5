"""ONNX Runtime itself, imported in one place: it reads its environment while it is imported."""

import os

# It reports home without this. `app.__main__` sets it too; this line holds when the engine is
# imported without it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort
import onnxruntime.capi.onnxruntime_pybind11_state as native

SILENT = 4  # only fatal errors are printed; everything else reaches us as an exception
ort.set_default_logger_severity(SILENT)


def _threads() -> int:
    """0, the runtime's own choice of one thread per physical core, unless we were given fewer.

    The runtime pins its threads to cores, which fails on cores that are not ours.
    """
    if not hasattr(os, "sched_getaffinity"):
        return 0
    mine = len(os.sched_getaffinity(0))
    return mine if mine < (os.cpu_count() or mine) else 0


SHARED_THREADS = hasattr(ort, "set_global_thread_pool_sizes")
"""Whether all sessions compute on the same threads.

With threads of their own, those of one session still spin, waiting for its next run, while another
computes: a draft beside its model then costs up to twice its time.
"""
if SHARED_THREADS:
    ort.set_global_thread_pool_sizes(_threads(), 1)


def session_threads(options: ort.SessionOptions) -> None:
    """Let a session compute on the shared threads, or on its own where there are none."""
    options.use_per_session_threads = not SHARED_THREADS
    if not SHARED_THREADS:
        options.intra_op_num_threads = _threads()


__all__ = ["SILENT", "native", "ort", "session_threads"]
