"""The one place that touches ONNX Runtime: an .onnx file and a provider in, a session out, and
every failure of the runtime turned into an error of our tree."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from app.domain.requests import Provider
from app.errors import InvalidRequest, ModelDamaged, ModelUnsupported, OutOfMemory

# The runtime reads this once, while it is imported, and reports home without it. `app.__main__`
# sets it too; this line holds when the engine is imported without it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort
import onnxruntime.capi.onnxruntime_pybind11_state as native

OrtValue = ort.OrtValue
IOBinding = ort.IOBinding

EXECUTION_PROVIDERS = {
    Provider.CPU: "CPUExecutionProvider",
    Provider.CUDA: "CUDAExecutionProvider",
    Provider.DIRECTML: "DmlExecutionProvider",
}
_SILENT = 4  # only fatal errors are printed; everything else reaches us as an exception
ort.set_default_logger_severity(_SILENT)
_RUNTIME_ERRORS = (
    native.EPFail,
    native.EngineError,
    native.Fail,
    native.InvalidArgument,
    native.InvalidGraph,
    native.InvalidProtobuf,
    native.ModelRequiresCompilation,
    native.NoModel,
    native.NoSuchFile,
    native.NotFound,
    native.NotImplemented,
    native.RuntimeException,
    RuntimeError,  # what a run over a binding raises
)
_ALLOCATION_WORDS = ("failed to allocate", "bad allocation", "bad_alloc", "out of memory")


class Session:
    """A graph that is ready to run.

    `providers` are the execution providers it really has, the preferred one first.

    Raises:
        InvalidRequest: the provider is not part of this installation.
        ModelDamaged, ModelUnsupported, OutOfMemory: the runtime cannot open the file.
    """

    def __init__(self, path: Path, provider: Provider) -> None:
        wanted = _execution_provider(provider)
        with translated_errors(f"{path.name} cannot be opened"):
            self._session = ort.InferenceSession(
                str(path), sess_options=_options(provider), providers=[wanted]
            )
        self.providers = tuple(self._session.get_providers())
        if wanted not in self.providers:
            raise InvalidRequest(
                f"{_label(provider)} could not be started on this computer.",
                "Choose another device, or check its driver.",
            )

    def binding(self) -> IOBinding:
        """An empty set of bound inputs and outputs."""
        return self._session.io_binding()

    def run(self, binding: IOBinding) -> None:
        """Run the graph once over what is bound.

        Raises:
            ModelUnsupported: the graph refuses its inputs.
            OutOfMemory: a tensor does not fit.
        """
        with translated_errors("The model failed while it computed"):
            self._session.run_with_iobinding(binding)


def available_providers() -> tuple[Provider, ...]:
    """The providers that this installation has, CPU first."""
    names = ort.get_available_providers()
    return tuple(each for each, name in EXECUTION_PROVIDERS.items() if name in names)


def tensor(array: np.ndarray) -> OrtValue:
    """A runtime value over the memory of `array`, which it keeps alive."""
    return OrtValue.ortvalue_from_numpy(array)


@contextmanager
def translated_errors(doing: str) -> Iterator[None]:
    """Turn the runtime's exceptions into ours; `doing` opens the sentence."""
    try:
        yield
    except MemoryError as error:
        raise _out_of_memory() from error
    except _RUNTIME_ERRORS as error:
        raise _translate(doing, error) from error


def _translate(doing: str, error: Exception) -> Exception:
    reason = _first_line(error)
    if any(words in str(error).lower() for words in _ALLOCATION_WORDS):
        return _out_of_memory()
    if isinstance(error, native.InvalidProtobuf | native.NoSuchFile | native.NoModel):
        return ModelDamaged(f"{doing}: {reason}", "Download the model again.")
    return ModelUnsupported(f"{doing}: {reason}", "Try another variant of the model.")


def _out_of_memory() -> OutOfMemory:
    return OutOfMemory(
        "There is not enough memory for this model.",
        "Close other programs, or choose a smaller model or variant.",
    )


def _first_line(error: Exception) -> str:
    """The runtime's own words, without its error code and its later lines."""
    line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return (
        re.sub(r"^(\[ONNXRuntimeError\] : \d+ : \w+ : |Error in execution: )", "", line).rstrip(".")
        + "."
    )


def _execution_provider(provider: Provider) -> str:
    name = EXECUTION_PROVIDERS[provider]
    if provider not in available_providers():
        present = ", ".join(_label(each) for each in available_providers())
        raise InvalidRequest(
            f"This installation of Candor cannot use {_label(provider)}.",
            f"It can use: {present}.",
        )
    return name


def _label(provider: Provider) -> str:
    return {Provider.CPU: "the CPU", Provider.CUDA: "CUDA", Provider.DIRECTML: "DirectML"}[provider]


def _options(provider: Provider) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = _threads()
    if provider is Provider.DIRECTML:
        # DirectML demands both; see the runtime's page on that provider.
        options.enable_mem_pattern = False
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    return options


def _threads() -> int:
    """0, the runtime's own choice of one thread per physical core, unless we were given fewer.

    The runtime pins its threads to cores, which fails on cores that are not ours.
    """
    if not hasattr(os, "sched_getaffinity"):
        return 0
    mine = len(os.sched_getaffinity(0))
    return mine if mine < (os.cpu_count() or mine) else 0
