"""Which graph a load runs: the prepared copy where there is one, else the file's graph after the
exact steps that take no time, else the file as it is."""

from dataclasses import dataclass

from app.domain.preparation import KvCache, Precision, Preparation
from app.domain.requests import Provider
from app.engine.contract import read_contract
from app.engine.files import checked
from app.engine.prepare.digest import model_files
from app.engine.prepare.payload import Payload
from app.engine.prepare.recipe import Draft, fed, rounded
from app.engine.prepare.store import Entry, PreparedStore
from app.engine.runtime.network import Source
from app.engine.understood import Understood
from app.errors import CandorError, InvalidRequest

_MOST_INSIDE = 512 * 1024 * 1024  # bytes of weights inside an .onnx file that are copied in memory


@dataclass(frozen=True, slots=True)
class Choice:
    """A graph to open, None for the file as it is, and what is told of it."""

    source: Source | None
    preparation: Preparation


def choose_graph(
    model: Understood,
    precision: Precision,
    provider: Provider,
    store: PreparedStore,
    kv: KvCache = KvCache.MODEL,
) -> Choice:
    """The graph for a load.

    Raises:
        InvalidRequest: there is no such graph for this device, or none has been prepared.
    """
    if kv is KvCache.INT8:
        return _rounded(model, precision, provider, store)
    if provider is not Provider.CPU:
        if precision is Precision.FAST:
            raise InvalidRequest(
                "The fast graph is for the CPU only.", "Choose the CPU, or leave the precision out."
            )
        return original("Graphs are prepared for the CPU only.")
    if model.plan.opening:
        return original("This layout has two decoders, which run as they are.")
    entry = _stored(model, precision, store)
    return _light(model, precision) if entry is None else _copy(model, entry)


def original(reason: str) -> Choice:
    """The file as it is."""
    preparation = Preparation(
        precision=Precision.EXACT, stored=False, steps=(), divergence=None, reason=reason
    )
    return Choice(None, preparation)


def _rounded(
    model: Understood, precision: Precision, provider: Provider, store: PreparedStore
) -> Choice:
    """The copy with a cache of 8 bits, whose steps cannot be made up while a model is loaded."""
    if provider is not Provider.CPU:
        raise InvalidRequest("A cache of 8 bits is for the CPU only.", "Choose the CPU.")
    digest = store.digests.remembered(model_files(model.folder.chosen.file, model.graph))
    entry = store.rounded(digest, precision) if digest else None
    if entry is None:
        raise InvalidRequest(
            "This model has not been prepared for a cache of 8 bits.",
            "Run `candor models prepare --kv int8` with it first.",
        )
    return _copy(model, entry)


def _stored(model: Understood, precision: Precision, store: PreparedStore) -> Entry | None:
    """The prepared copy that this precision asks for, if the files are known and unchanged."""
    digest = store.digests.remembered(model_files(model.folder.chosen.file, model.graph))
    if digest is None:
        return None
    return store.best(digest, precision)


def _copy(model: Understood, entry: Entry) -> Choice:
    graph = checked.read_graph(entry.graph)
    contract = read_contract(graph, model.configs.names, model.configs.geometry)
    return Choice(
        Source(entry.graph, None, True, contract, entry.reading), entry.record.preparation
    )


def _light(model: Understood, precision: Precision) -> Choice:
    """The steps that only look at names and move a few nodes."""
    file = model.folder.chosen.file
    payload = Payload(model.graph, file.parent)
    if payload.bytes > _MOST_INSIDE:
        return original("Its weights are inside the .onnx file: prepare it to run it faster.")
    draft = fed(Draft(model.graph))
    if precision is Precision.FAST:
        draft = rounded(draft)
    if not draft.changed:
        return original("There is nothing to change without measuring first.")
    try:
        contract = read_contract(draft.model, model.configs.names, model.configs.geometry)
    except CandorError as error:
        return original(f"The changed graph is not understood: {error.message}")
    return Choice(Source(file, payload.session_graph(draft.model), False, contract), _told(draft))


def _told(draft: Draft) -> Preparation:
    fast = any(step.applied and not step.exact for step in draft.steps)
    reason = (
        "You asked for it; what it costs has not been measured."
        if fast
        else "It has not been prepared for this computer, which could make it faster."
    )
    return Preparation(
        precision=Precision.FAST if fast else Precision.EXACT,
        stored=False,
        steps=draft.steps,
        divergence=None,
        reason=reason,
    )
