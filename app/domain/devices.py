"""Where a model can run, and where its parts really run."""

from collections.abc import Sequence

from msgspec import Struct

from app.domain.requests import Provider

MOST_OPERATORS = 3
LABELS = {Provider.CPU: "the CPU", Provider.CUDA: "CUDA", Provider.DIRECTML: "DirectML"}
EXECUTION_PROVIDERS = {
    Provider.CPU: "CPUExecutionProvider",
    Provider.CUDA: "CUDAExecutionProvider",
    Provider.DIRECTML: "DmlExecutionProvider",
}


class Device(Struct, frozen=True):
    """A piece of hardware that a provider can run on.

    `index` is the provider's own number for it, `name` what its driver calls it; `memory_bytes`
    is None where that is not told.
    """

    provider: Provider
    index: int
    name: str
    memory_bytes: int | None = None

    @property
    def label(self) -> str:
        """How it is chosen, such as `cuda:0`; the CPU has no number."""
        return device_label(self.provider, self.index)


class Placement(Struct, frozen=True):
    """What one execution provider got of a graph: `nodes` in all, and how many of each operator.

    Counted after the basic optimizations and before the later ones, which fuse nodes.
    """

    provider: str
    nodes: int
    operators: dict[str, int]


def device_label(provider: Provider, index: int) -> str:
    """How a device is chosen, such as `cuda:0`; the CPU has no number."""
    return provider.value if provider is Provider.CPU else f"{provider.value}:{index}"


def fallen_back(provider: Provider, placements: Sequence[Placement]) -> dict[str, int]:
    """The operators that run on the CPU although `provider` was chosen, and how many of each."""
    name = EXECUTION_PROVIDERS[Provider.CPU]
    elsewhere = provider is not Provider.CPU
    return next((each.operators for each in placements if elsewhere and each.provider == name), {})


def fallback_sentence(provider: Provider, placements: Sequence[Placement]) -> str:
    """How many nodes have fallen back, and which; empty where none have."""
    operators = fallen_back(provider, placements)
    if not operators:
        return ""
    total = sum(each.nodes for each in placements)
    return (
        f"{sum(operators.values()):,} of {total:,} nodes run on the CPU, not on {LABELS[provider]}:"
        f" {_most_frequent(operators)}."
    )


def _most_frequent(operators: dict[str, int]) -> str:
    ranked = sorted(operators.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count} {name}" for name, count in ranked[:MOST_OPERATORS]]
    rest = sum(count for _, count in ranked[MOST_OPERATORS:])
    return ", ".join([*named, f"{rest} others"] if rest else named)
