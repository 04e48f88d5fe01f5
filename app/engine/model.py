"""A path on disk becomes a model that is ready to run: folder, files, contract, session, cache,
tokenizer and template, each checked before the next one is made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from app import paths
from app.domain.devices import Device
from app.domain.models import ModelInfo
from app.domain.preparation import KvCache, Precision
from app.domain.requests import Provider
from app.engine.cache.caches import lone_cache
from app.engine.cache.pool import KvPool
from app.engine.cache.room import Room, room
from app.engine.files.defaults import eos_ids
from app.engine.files.fingerprint import fingerprint, text_fingerprint
from app.engine.forward import Forward
from app.engine.prepare.choice import Choice, choose_graph, original
from app.engine.prepare.digest import model_files
from app.engine.prepare.store import PreparedStore
from app.engine.runtime.batch import BatchRuns
from app.engine.runtime.devices import find_device
from app.engine.runtime.network import Network, open_network
from app.engine.sampling.grammar import Grammars
from app.engine.sampling.rows import RowStore
from app.engine.text import jinja
from app.engine.text.template import ChatTemplate, Renderer
from app.engine.text.tokenizer import Tokenizer
from app.engine.understood import Understood, check_fit, understand
from app.errors import DeviceFailed, ModelUnsupported

_STEPS = 3  # files, session, first run


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model: what is known about it, and its parts.

    `tokenizer` and `template` are None where the folder has none; `rows` has its latest logits.
    """

    info: ModelInfo
    tokenizer: Tokenizer | None
    template: ChatTemplate | None
    forward: Forward
    eos_ids: frozenset[int]
    rows: RowStore
    grammars: Grammars


def open_model(
    path: Path,
    variant: str | None,
    provider: Provider,
    on_progress: Callable[[int, int], None],
    *,
    device: int = 0,
    precision: Precision = Precision.AUTO,
    kv: KvCache = KvCache.MODEL,
    renderer: Renderer = jinja,
    parallel: int | None = None,
) -> Model:
    """Open the model at `path`, a folder or an .onnx file, on the provider's device `device`.

    `precision` and `kv` choose among the graphs that may stand for the file's own; `on_progress`
    gets the steps done and their total; `renderer` runs the chat template; `parallel` is how many
    conversations shall fit at once.

    Raises:
        ModelNotFound, ModelDamaged, ModelUnsupported: the files cannot be used.
        InvalidRequest: there is no such variant, device or precision, or too many are asked for.
        DeviceFailed: the device cannot be used, or not for this model.
        OutOfMemory: the model or its cache does not fit.
    """
    on_progress(0, _STEPS)
    model = understand(path, variant, provider, renderer)
    # Before a choice is made, which may spell the places of weights from another folder.
    content = fingerprint(model_files(model.folder.chosen.file, model.graph))
    on_progress(1, _STEPS)
    choice = choose_graph(model, precision, provider, PreparedStore(paths.prepared()), kv)
    network, choice = _open_network(model, choice, provider, device)
    on_progress(2, _STEPS)
    space = room(network.contract, model.configs, parallel)
    forward = _open_forward(network, space, model.folder.advice(provider))
    rows = _vocabulary(forward, model.tokenizer, provider)
    info = replace(
        _describe(model, choice, network, forward, rows, find_device(provider, device)),
        fingerprint=content,
    )
    on_progress(_STEPS, _STEPS)
    ends = eos_ids(model.configs, model.tokenizer)
    signs = model.template.format.words() if model.template else ()
    grammars = Grammars(model.tokenizer, rows, ends, signs)
    return Model(info, model.tokenizer, model.template, forward, ends, RowStore(), grammars)


def _describe(
    model: Understood, choice: Choice, network: Network, forward: Forward, rows: int, device: Device
) -> ModelInfo:
    folder, template = model.folder, model.template
    return ModelInfo(
        name=folder.name,
        path=str(folder.path),
        layout=folder.chosen.layout,
        variant=folder.chosen.name,
        variants=tuple(each.name for each in folder.variants),
        context_length=forward.capacity,
        slots=len(forward.slots),
        rows_per_run=forward.rows_per_run,
        vocabulary_size=rows,
        has_tokenizer=model.tokenizer is not None,
        has_template=template is not None,
        reasoning_switch=template.reasoning_switch if template else None,
        effort_switch=template.effort_switch if template else None,
        effort_levels=template.effort_levels if template else (),
        history_switch=template.history_switch if template else None,
        reasoning_format=template.reasoning_format if template else "",
        providers=network.session.providers,
        sampling=model.sampling,
        template_hash=text_fingerprint(model.configs.template or ""),
        device=device,
        placements=network.placements,
        notes=(network.note,) if network.note else (),
        preparation=choice.preparation,
    )


def _open_network(
    model: Understood, choice: Choice, provider: Provider, device: int
) -> tuple[Network, Choice]:
    """The network of the chosen graph, or of the file as it is where that does not open."""
    variant, most = model.folder.chosen, model.configs.optimisation
    try:
        return open_network(variant, model.plan, provider, device, most, choice.source), choice
    except ModelUnsupported as error:
        if choice.source is None:
            raise
        reason = f"The changed graph does not open, so the file runs as it is: {error.message}"
        return open_network(variant, model.plan, provider, device, most), original(reason)


def _open_forward(network: Network, space: Room, advice: str) -> Forward:
    contract = network.contract
    if contract.in_place and network.opening is None:
        pool = KvPool(contract, space.slots, space.capacity)
        batch = BatchRuns(network, pool) if contract.rope_switch is None else None
        return Forward(network, pool.caches, space.capacity, advice, batch)
    bare = network.opening is not None
    caches = [lone_cache(contract, space.capacity, opens_bare=bare) for _ in range(space.slots)]
    return Forward(network, caches, space.capacity, advice)


@contextmanager
def _blamed_on(provider: Provider) -> Iterator[None]:
    """Where the first run fails on another device, the CPU may do."""
    try:
        yield
    except ModelUnsupported as error:
        if provider is Provider.CPU:
            raise
        raise DeviceFailed(error.message, "Choose the CPU, or another variant.") from error


def _vocabulary(forward: Forward, tokenizer: Tokenizer | None, provider: Provider) -> int:
    """How many tokens the model tells apart; a broken one fails here."""
    with _blamed_on(provider):
        rows = _probe(forward)
    check_fit(tokenizer, rows)
    if tokenizer is not None:
        forward.vocabulary = rows = tokenizer.vocabulary_size
    return rows


def _probe(forward: Forward) -> int:
    """Run one token, so that a broken model fails while it is opened, and count its logits."""
    rows = forward.run([0]).shape[-1]
    forward.clear()
    return rows
