"""Sessions of ONNX Runtime: an .onnx file and a device in, a session out, and every failure of the
runtime turned into an error of our tree."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path

import numpy as np

from app.domain.devices import EXECUTION_PROVIDERS, LABELS
from app.domain.requests import Provider
from app.engine.runtime.providers import check_provider, placements, provider_entry, session_options
from app.engine.runtime.runtime import native, ort
from app.errors import DeviceFailed, ModelDamaged, ModelUnsupported, OutOfMemory

OrtValue = ort.OrtValue
IOBinding = ort.IOBinding


class Optimisation(StrEnum):
    """How much the runtime may rewrite a graph, most first."""

    ALL = auto()
    WITHOUT_NORM_FUSION = auto()
    """Some f16 graphs break when this one is fused (onnxruntime issues 26717 and 29153)."""
    BASIC = auto()
    NONE = auto()


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
_DISABLED = {Optimisation.WITHOUT_NORM_FUSION: ["SimplifiedLayerNormFusion"]}
_LEVELS = {
    Optimisation.ALL: ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    Optimisation.WITHOUT_NORM_FUSION: ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    Optimisation.BASIC: ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    Optimisation.NONE: ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"
_ALLOCATION_WORDS = ("failed to allocate", "bad allocation", "bad_alloc", "out of memory")


@dataclass(frozen=True, slots=True)
class MemoryGraph:
    """A serialised model, and the folder that the weights lie in which it has elsewhere."""

    model: bytes
    weights: Path


class Session:
    """A graph that is ready to run on device `index` of a provider.

    With `graph` that runs in place of what is in the file. A `lean` one keeps no memory between
    operators, which long runs hardly notice.
    `providers` are the execution providers it really has, the preferred one first, and
    `placements` what each of them was given. `copies_inputs` says that binding an input copies it
    to the device, so that a later change of the bound memory is not seen.

    Raises:
        DeviceFailed: the provider cannot be used here, or not for this graph.
        InvalidRequest: the provider has no such device.
        ModelDamaged, ModelUnsupported, OutOfMemory: the runtime cannot open the file.
    """

    def __init__(
        self,
        path: Path,
        provider: Provider,
        index: int = 0,
        optimisation: Optimisation = Optimisation.ALL,
        graph: MemoryGraph | None = None,
        *,
        lean: bool = False,
    ) -> None:
        check_provider(provider, index)
        self._provider = provider
        self.optimisation = optimisation
        self.copies_inputs = provider is not Provider.CPU
        device = provider_entry(provider, index)
        with self._failures(f"{path.name} cannot be opened"):
            options = _options(provider, optimisation)
            options.enable_cpu_mem_arena = not lean
            disabled = _DISABLED.get(optimisation, [])
            self._session = _create(path, graph, options, device, disabled)
        self.providers = tuple(self._session.get_providers())
        self.placements = placements(self._session.get_provider_graph_assignment_info())
        if EXECUTION_PROVIDERS[provider] not in self.providers:
            raise DeviceFailed(
                f"{LABELS[provider]} could not be started on this computer.",
                "Check its driver, or choose the CPU.",
            )

    def binding(self) -> IOBinding:
        """An empty set of bound inputs and outputs."""
        return self._session.io_binding()

    def run(self, binding: IOBinding) -> None:
        """Run the graph once over what is bound.

        Raises:
            DeviceFailed: the device fails, or runs out of memory.
            ModelUnsupported: the graph refuses its inputs.
            OutOfMemory: a tensor does not fit.
        """
        with self._failures("The model failed while it computed"):
            self._session.run_with_iobinding(binding)

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        """Translate the runtime's exceptions; any but the CPU may itself be the reason."""
        try:
            with translated_errors(doing):
                yield
        except (ModelUnsupported, OutOfMemory) as error:
            if self._provider is Provider.CPU:
                raise
            raise DeviceFailed(
                f"{LABELS[self._provider]} cannot run this model. {error.message}",
                "Choose the CPU, or another variant of the model.",
            ) from error


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


def _create(
    path: Path,
    graph: MemoryGraph | None,
    options: ort.SessionOptions,
    device: tuple[str, dict[str, str]],
    disabled: list[str],
) -> ort.InferenceSession:
    """The runtime's session; it may not fall back to the CPU by itself when the provider fails."""
    if graph is not None:
        options.add_session_config_entry(WEIGHTS_FOLDER, str(graph.weights))
    return ort.InferenceSession(
        str(path) if graph is None else graph.model,
        sess_options=options,
        providers=[device],
        enable_fallback=0,
        disabled_optimizers=disabled,
    )


def _options(provider: Provider, optimisation: Optimisation) -> ort.SessionOptions:
    options = session_options(provider)
    options.graph_optimization_level = _LEVELS[optimisation]
    return options
