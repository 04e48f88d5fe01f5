"""Prepares a model: changes its graph, proves and measures the changes, and stores the result.

The long way, asked for by name; what a load does by itself is in `choice`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.domain.events import Stage
from app.domain.preparation import Divergence, KvCache, Precision, PreparationReport
from app.domain.requests import Provider
from app.engine.cache.room import room
from app.engine.contract import read_contract
from app.engine.files import checked
from app.engine.forward import Forward
from app.engine.prepare import recipe, verdict
from app.engine.prepare.calibration import largest_values
from app.engine.prepare.comparison import compare, window_forward
from app.engine.prepare.digest import model_files
from app.engine.prepare.fusion import cache_of
from app.engine.prepare.machine import processor, runtime_version
from app.engine.prepare.payload import Payload
from app.engine.prepare.recipe import VERSION, Draft
from app.engine.prepare.sample import sample_ids
from app.engine.prepare.saving import save_optimised, save_reading
from app.engine.prepare.store import GRAPH, READING, Entry, PreparedStore, Record
from app.engine.prepare.verdict import Verdict
from app.engine.runtime.network import Network, Source, open_network
from app.engine.understood import Understood, understand
from app.errors import ModelUnsupported

OnProgress = Callable[[Stage, int, int], None]
_COPIES = 2.2  # a prepared copy is about twice as large as the weights, packed and unpacked
_STORE_STEPS = 2
_PROBE = (0, 1, 2, 3)


def prepare_model(
    path: Path,
    variant: str | None,
    precision: Precision,
    store: PreparedStore,
    on_progress: OnProgress,
    kv: KvCache = KvCache.MODEL,
) -> PreparationReport:
    """Prepare the model at `path` for this computer's processor.

    Raises:
        ModelNotFound, ModelDamaged, ModelUnsupported: the files cannot be used.
        InvalidRequest: there is no such variant.
        DiskFull: there is no room for the copy; nothing has changed.
        OutOfMemory: the graphs that are compared do not fit side by side.
    """
    model = understand(path, variant, Provider.CPU)
    return _Preparer(model, precision, store, kv, on_progress).report()


@dataclass(frozen=True, slots=True)
class _Measured:
    """A draft, and how far it is from the original."""

    draft: Draft
    divergence: Divergence


class _Preparer:
    def __init__(
        self,
        model: Understood,
        precision: Precision,
        store: PreparedStore,
        kv: KvCache,
        on_progress: OnProgress,
    ) -> None:
        self._kv = kv
        self._model = model
        self._precision = precision
        self._store = store
        self._on_progress = on_progress
        self._file = model.folder.chosen.file
        self._files = model_files(self._file, model.graph)
        self._payload = Payload(model.graph, self._file.parent)
        self._seconds: dict[str, float] = {}

    def report(self) -> PreparationReport:
        if self._model.plan.opening:
            raise ModelUnsupported(
                "This layout has two decoders, which run as they are.",
                "Prepare a variant that has one, if there is any.",
            )
        self._store.open()
        size = sum(file.stat().st_size for file in self._files)
        with self._timed("reading"):
            digest = self._store.digests.of(self._files, self._stage(Stage.DIGEST))
        entry, found = self._present(digest), True
        deviation = entry.record.exact_deviation if entry else 0.0
        if entry is None:
            self._store.check_room(int(size * _COPIES))
            chosen, found = self._decide(), False
            deviation = chosen.exact_deviation
            entry = self._put(digest, chosen)
        else:
            self._store.moved(entry, str(self._file))
        return PreparationReport(
            name=self._model.folder.name,
            path=str(self._model.folder.path),
            variant=self._model.folder.chosen.name,
            preparation=entry.record.preparation,
            exact_deviation=deviation,
            original_bytes=size,
            prepared_bytes=entry.bytes,
            folder=str(entry.folder),
            seconds={name: round(each, 3) for name, each in self._seconds.items()},
            renewed=not found,
        )

    def _present(self, digest: str) -> Entry | None:
        if self._kv is KvCache.INT8:
            return self._store.rounded(digest, self._precision)
        return self._store.best(digest, self._precision, strict=True)

    def _decide(self) -> Verdict:
        """The graph to store, by what each of them costs."""
        with self._timed("proving"):
            fused = self._fused()
        with self._timed("measuring"):
            original = self._forward(None)
            exact = costly = self._measured(original, recipe.fed(fused))
            change = exact.divergence.deviation
            if change > verdict.MOST_DEVIATION:
                exact = self._measured(original, recipe.fed(Draft(self._model.graph)))
                fused = fused.marked_inexact(f"changes a logit by up to {change:.2g}")
                costly = _Measured(recipe.fed(fused), costly.divergence)
            fast = recipe.rounded(recipe.fed(fused))
            if fast.steps[-1].applied:
                costly = self._measured(original, fast)
            chosen = verdict.decide(
                self._precision,
                (exact.draft, exact.divergence),
                (costly.draft, costly.divergence),
            )
            return self._rounded(original, chosen) if self._kv is KvCache.INT8 else chosen

    def _rounded(self, original: Forward, chosen: Verdict) -> Verdict:
        """The chosen graph with a cache of 8 bits, its cost measured like that of any other."""
        network = self._network(self._source(chosen.draft))
        if not network.contract.in_place:
            raise ModelUnsupported("This model's cache cannot be stored in 8 bits.")
        ids = self._sample(original)
        largest = largest_values(network, ids, self._longest, self._stage(Stage.COMPARE))
        draft = recipe.with_int8_cache(chosen.draft, largest)
        if not draft.steps[-1].applied:
            raise ModelUnsupported(
                f"This model's cache cannot be stored in 8 bits: {draft.steps[-1].note}."
            )
        return verdict.rounded(chosen, draft, self._measured(original, draft).divergence)

    def _fused(self) -> Draft:
        contract = self._model.plan.contract
        cache = cache_of(contract, self._longest)
        stage = self._stage(Stage.PROVE)
        return recipe.fused(self._model.graph, cache, self._payload.read, stage)

    def _measured(self, original: Forward, draft: Draft) -> _Measured:
        other = self._forward(draft)
        stage = self._stage(Stage.COMPARE)
        return _Measured(draft, compare(original, other, self._sample(other), stage))

    def _sample(self, forward: Forward) -> list[int]:
        """The text, by ids that the model has."""
        forward.clear()
        return sample_ids(self._model.tokenizer, forward.run([0]).shape[-1])

    def _forward(self, draft: Draft | None) -> Forward:
        """A forward pass of the file as it is, or of a draft."""
        return window_forward(
            self._network(None if draft is None else self._source(draft)), self._longest
        )

    @property
    def _longest(self) -> int:
        return room(self._model.plan.contract, self._model.configs).capacity

    def _network(self, source: Source | None) -> Network:
        model = self._model
        most = model.configs.optimisation
        return open_network(model.folder.chosen, model.plan, Provider.CPU, 0, most, source)

    def _source(self, draft: Draft) -> Source:
        configs = self._model.configs
        contract = read_contract(draft.model, configs.names, configs.geometry)
        return Source(self._file, self._payload.session_graph(draft.model), False, contract)

    def _put(self, digest: str, chosen: Verdict) -> Entry:
        record = Record(
            model=digest,
            runtime=runtime_version(),
            processor=processor(),
            recipe=VERSION,
            path=str(self._file),
            exact_deviation=chosen.exact_deviation,
            preparation=chosen.preparation,
        )
        stage = self._stage(Stage.STORE)

        def make(folder: Path) -> None:
            stage(0, _STORE_STEPS)
            save_optimised(self._payload.session_graph(chosen.draft.model), folder)
            if chosen.whole is not None:
                save_reading(folder, self._model.plan.contract.states[0].dtype)
            stage(1, _STORE_STEPS)
            self._check_saved(folder, chosen)
            stage(_STORE_STEPS, _STORE_STEPS)

        with self._timed("storing"):
            return self._store.put(record, make)

    def _check_saved(self, folder: Path, chosen: Verdict) -> None:
        """Compare a few tokens of what was saved with what it was made of."""
        file = folder / GRAPH
        reading = folder / READING if chosen.whole else None
        configs = self._model.configs
        contract = read_contract(checked.read_graph(file), configs.names, configs.geometry)
        network = self._network(Source(file, None, True, contract, reading))
        self._check_same(network, chosen.draft)
        if network.reading and chosen.whole:  # from an empty cache it gives exact numbers
            self._check_same(network.reading, chosen.whole)

    def _check_same(self, saved: Network, draft: Draft) -> None:
        given = window_forward(saved, len(_PROBE)).run(_PROBE)
        change = np.abs(given - self._forward(draft).run(_PROBE)).max()
        if change > verdict.MOST_DEVIATION:
            raise ModelUnsupported(
                f"The prepared copy gives other numbers than it should (by {change:.2g}).",
                "The model runs as it is.",
            )

    def _stage(self, stage: Stage) -> Callable[[int, int], None]:
        return lambda done, total: self._on_progress(stage, done, total)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[name] = time.perf_counter() - start
