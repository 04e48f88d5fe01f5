"""The graphs of a variant at work: ids in, logits out. Most variants have one graph; some split it
in two, and all look alike from here on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.domain.devices import Placement
from app.domain.requests import Provider
from app.engine.contract import Contract, Embedding, Role
from app.engine.files.plan import Plan
from app.engine.layouts.variant import Variant
from app.engine.runtime.ladder import fallback_note, open_session
from app.engine.runtime.providers import merged
from app.engine.runtime.session import MemoryGraph, Optimisation, Session
from app.errors import DeviceFailed

_TOKENS_PER_RUN = 8  # that are read at once in the time of a run for one token, about
_WRITTEN = 16
"""Tokens at most in a run that goes on with an answer; longer runs read a prompt."""


class Embedder:
    """Makes vectors of ids."""

    def __init__(self, session: Session, embedding: Embedding) -> None:
        self.session = session
        self._embedding = embedding

    def embed(self, ids: np.ndarray) -> Mapping[Role, np.ndarray]:
        """The vectors of int64 [rows, count] ids, by the role they play in the decoder."""
        spec, binding = self._embedding, self.session.binding()
        binding.bind_cpu_input(spec.ids, ids.astype(spec.ids_dtype))
        for each in spec.absent:
            binding.bind_cpu_input(each.name, np.zeros(each.shape, dtype=each.dtype))
        for name in spec.outputs.values():
            binding.bind_output(name)
        self.session.run(binding)
        found = (output.numpy() for output in binding.get_outputs())
        return dict(zip(spec.outputs, found, strict=True))


@dataclass(frozen=True, slots=True)
class Network:
    """A decoder and what it needs around it.

    `embedder` is None for decoders that take ids. `opening` runs in place of the decoder while
    the cache is empty, `reading` where many tokens are read at once. `appends` says that a run
    gives only the new positions of the cache. `note` says what had to be left out to open it.
    """

    session: Session
    contract: Contract
    embedder: Embedder | None = None
    opening: "Network | None" = None
    reading: "Network | None" = None
    appends: bool = False
    note: str | None = None

    @property
    def placements(self) -> tuple[Placement, ...]:
        """What each execution provider was given of all the graphs."""
        sessions = [self.session]
        sessions += [self.embedder.session] if self.embedder else []
        others = (self.opening, self.reading)
        sessions += [each.session for each in others if each]
        return merged(each.placements for each in sessions)

    def at(self, past: int, count: int, *, written: bool) -> "Network":
        """What runs `count` tokens behind `past` cached ones; `written` are those of an answer."""
        if self.reading is not None and count > _WRITTEN and not written:
            return self.reading
        return self if past or self.opening is None else self.opening

    def pieces(self, ids: Sequence[int], past: int) -> list[Sequence[int]]:
        """The runs that `ids` take behind `past` cached tokens."""
        if self.contract.one_by_one:
            first = 1
        elif self._traced_with_one:
            first = 1 if past else len(ids)
        else:
            return [ids]
        return [ids[:first], *([id] for id in ids[first:])]

    @property
    def _traced_with_one(self) -> bool:
        """Whether runs behind a past take a single token.

        The halves and branches of old exports that go on from a past were traced with one token,
        so their attention knows no order among several.
        """
        return self.opening is not None or self.contract.feed(Role.CACHE_BRANCH) is not None

    def rereads(self, past: int, count: int) -> bool:
        """Whether a run of `count` tokens has to read the `past` cached tokens again.

        That is so for models without a cache, where the angles of the cached keys change, and
        where reading all at once takes less time than one run per token.
        """
        if not self.contract.states:
            return past > 0
        if self._traced_with_one and count > 1 and 0 < past < _TOKENS_PER_RUN * count:
            return True
        switch = self.contract.rope_switch
        return switch is not None and 0 < past <= switch < past + count

    def keeps(self, past: int, length: int) -> int:
        """How many of `past` cached tokens may stay when all from `length` on are forgotten."""
        switch = self.contract.rope_switch
        return 0 if switch is not None and length <= switch < past else length


@dataclass(frozen=True, slots=True)
class Source:
    """What runs in place of the decoder in a variant's file.

    `graph` in place of what is in `file`, which is `optimised` where the runtime itself saved it.
    `reading` is the file of a graph with the same inputs and weights that reads prompts for it.
    """

    file: Path
    graph: MemoryGraph | None
    optimised: bool
    contract: Contract
    reading: Path | None = None


def open_network(
    variant: Variant,
    plan: Plan,
    provider: Provider,
    device: int,
    most: Optimisation,
    source: Source | None = None,
) -> Network:
    """Open every graph of a variant on the provider's device `device`, optimised as `most` allows.

    With `source` that runs in place of the decoder.

    Raises:
        DeviceFailed: the device cannot be used, or not for this model.
        InvalidRequest: there is no such device.
        ModelDamaged, ModelUnsupported, OutOfMemory: the runtime cannot open a file.
    """
    embedder = opening = None
    if plan.embedding and variant.embedder:
        session = open_session(variant.embedder, provider, device, most)
        embedder = Embedder(session, plan.embedding)
    if plan.opening and variant.opening:
        opening = Network(open_session(variant.opening, provider, device, most), plan.opening)
    source = source or Source(variant.file, None, False, plan.contract)
    asked = Optimisation.NONE if source.optimised else most
    session = open_session(source.file, provider, device, asked, source.graph)
    contract = _fitting(source.contract) if session.copies_inputs else source.contract
    reading = None
    if source.reading is not None:
        other = Session(source.reading, provider, device, Optimisation.NONE, lean=True)
        reading = Network(other, contract, embedder, appends=True)
    note = fallback_note(session, asked)
    return Network(session, contract, embedder, opening, reading, note=note)


def _fitting(contract: Contract) -> Contract:
    """The contract for a device that copies what is bound to it."""
    if contract.cache_length:
        raise DeviceFailed(
            "This model writes into a cache of a fixed length, which Candor does on the CPU only.",
            "Choose the CPU.",
        )
    return contract.copied()
