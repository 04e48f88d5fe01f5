"""What each execution provider asks of a session: its name, options and libraries."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any

from app.domain.devices import EXECUTION_PROVIDERS, LABELS, Placement
from app.domain.requests import Provider
from app.engine.runtime import cuda
from app.engine.runtime.runtime import SILENT, ort, session_threads
from app.errors import DeviceFailed, InvalidRequest

RECORD_PLACEMENT = "session.record_ep_graph_assignment_info"
_OPTIONS: dict[Provider, dict[str, str]] = {
    Provider.CPU: {},
    # Memory grows by what is asked for, not by doubling; convolutions are not timed before the
    # first token; products of f32 keep f32's precision.
    Provider.CUDA: {
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "0",
    },
    Provider.DIRECTML: {},
}


def available_providers() -> tuple[Provider, ...]:
    """The providers that this installation has, CPU first."""
    names = ort.get_available_providers()
    return tuple(each for each, name in EXECUTION_PROVIDERS.items() if name in names)


def check_provider(provider: Provider, index: int) -> None:
    """Have a provider's driver and libraries ready.

    Raises:
        DeviceFailed: why it cannot be used here.
        InvalidRequest: it has no device `index`.
    """
    if provider not in available_providers():
        present = ", ".join(LABELS[each] for each in available_providers())
        raise DeviceFailed(
            f"The runtime that was started cannot use {LABELS[provider]}.",
            f"It can use: {present}.",
        )
    if provider is Provider.CPU and index:
        raise InvalidRequest("The CPU is one device and has no number.")
    if provider is Provider.CUDA:
        _check_index(index, len(cuda.driver_devices(cuda.load_driver())))
        cuda.load_libraries()


def provider_entry(provider: Provider, index: int) -> tuple[str, dict[str, str]]:
    """A provider's name and options, as a session takes them."""
    number = {} if provider is Provider.CPU else {"device_id": str(index)}
    return EXECUTION_PROVIDERS[provider], number | _OPTIONS[provider]


def session_options(provider: Provider) -> ort.SessionOptions:
    """Options that every session needs, and those that `provider` demands."""
    options = ort.SessionOptions()
    options.log_severity_level = SILENT
    session_threads(options)
    options.add_session_config_entry(RECORD_PLACEMENT, "1")
    if provider is Provider.DIRECTML:
        # DirectML demands both; see the runtime's page on that provider.
        options.enable_mem_pattern = False
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    return options


def placements(assigned: Iterable[Any]) -> tuple[Placement, ...]:
    """The nodes of each provider, most first, from what the runtime says it assigned."""
    operators: dict[str, Counter[str]] = {}
    for part in assigned:
        names = (node.op_type for node in part.get_nodes())
        operators.setdefault(part.ep_name, Counter()).update(names)
    return _counted(operators)


def merged(groups: Iterable[Iterable[Placement]]) -> tuple[Placement, ...]:
    """The placements of several graphs as those of one."""
    operators: dict[str, Counter[str]] = {}
    for placement in chain.from_iterable(groups):
        operators.setdefault(placement.provider, Counter()).update(placement.operators)
    return _counted(operators)


def _counted(operators: dict[str, Counter[str]]) -> tuple[Placement, ...]:
    found = [Placement(name, each.total(), dict(each)) for name, each in operators.items()]
    return tuple(sorted(found, key=lambda each: -each.nodes))


def _check_index(index: int, count: int) -> None:
    if index >= count:
        raise InvalidRequest(
            f"There is no device {index}; this computer has {count}.",
            "Count from 0, or see `candor doctor`.",
        )
