"""A path on disk becomes a model that is ready to run: folder, files, contract, session, cache,
tokenizer and template, each checked before the next one is made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.domain.models import ModelInfo
from app.domain.requests import Provider
from app.engine import files, jinja
from app.engine.batch import BatchRuns
from app.engine.caches import lone_cache
from app.engine.config import Configs, read_configs
from app.engine.defaults import eos_ids, sampling_defaults
from app.engine.devices import find_device
from app.engine.folder import ModelFolder, find_model
from app.engine.forward import Forward
from app.engine.network import Network, open_network
from app.engine.plan import read_plan
from app.engine.pool import KvPool
from app.engine.room import Room, room
from app.engine.rows import RowStore
from app.engine.template import ChatTemplate, Renderer
from app.engine.tokenizer import Tokenizer
from app.errors import DeviceFailed, ModelDamaged, ModelNotFound, ModelUnsupported

_OTHER_TOKENIZERS = ("vocab.json", "merges.txt", "tokenizer.model", "spiece.model", "vocab.txt")
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


def open_model(
    path: Path,
    variant: str | None,
    provider: Provider,
    on_progress: Callable[[int, int], None],
    *,
    device: int = 0,
    renderer: Renderer = jinja,
    parallel: int | None = None,
) -> Model:
    """Open the model at `path`, a folder or an .onnx file, on the provider's device `device`.

    `on_progress` gets the steps done and their total; `renderer` runs the chat template; `parallel`
    is how many conversations shall fit at once.

    Raises:
        ModelNotFound, ModelDamaged, ModelUnsupported: the files cannot be used.
        InvalidRequest: there is no such variant or device, or too many are asked for.
        DeviceFailed: the device cannot be used, or not for this model.
        OutOfMemory: the model or its cache does not fit.
    """
    on_progress(0, _STEPS)
    with readable(path):
        folder = find_model(path, variant, provider)
        configs = read_configs(folder)
        sampling = sampling_defaults(configs)
        proto = files.read_graph(folder.chosen.file)
        plan = read_plan(folder.chosen, proto, configs.names, configs.geometry)
        tokenizer, template = open_text(folder, configs, renderer)
    on_progress(1, _STEPS)
    del proto  # it may hold the weights, which the session loads for itself
    network = open_network(folder.chosen, plan, provider, device, configs.optimisation)
    on_progress(2, _STEPS)
    space = room(network.contract, configs, parallel)
    forward = _open_forward(network, space, folder.advice(provider))
    rows = _vocabulary(forward, tokenizer, provider)
    info = ModelInfo(
        name=folder.name,
        path=str(folder.path),
        layout=folder.chosen.layout,
        variant=folder.chosen.name,
        variants=tuple(each.name for each in folder.variants),
        context_length=forward.capacity,
        slots=len(forward.slots),
        rows_per_run=forward.rows_per_run,
        vocabulary_size=rows,
        has_tokenizer=tokenizer is not None,
        has_template=template is not None,
        reasoning_switch=template.reasoning_switch if template else None,
        effort_switch=template.effort_switch if template else None,
        providers=network.session.providers,
        sampling=sampling,
        device=find_device(provider, device),
        placements=network.placements,
        notes=(network.note,) if network.note else (),
    )
    on_progress(_STEPS, _STEPS)
    return Model(info, tokenizer, template, forward, eos_ids(configs, tokenizer), RowStore())


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Name the file that the system does not let us read."""
    try:
        yield
    except OSError as error:
        raise ModelNotFound(
            f"{error.filename or path} cannot be read: {error.strerror or error}.",
            "Check the path and its permissions.",
        ) from error


def open_text(
    folder: ModelFolder, configs: Configs, renderer: Renderer
) -> tuple[Tokenizer | None, ChatTemplate | None]:
    """The tokenizer and the chat template, None where the folder has none."""
    file = folder.find("tokenizer.json")
    if file is None:
        _refuse_other_tokenizers(folder)
        return None, None
    bos = configs.special_tokens.get("bos_token") if configs.adds_bos else None
    tokenizer = Tokenizer(file, bos)
    if configs.template is None:
        return tokenizer, None
    tokens, tools = configs.special_tokens, configs.tool_template
    return tokenizer, ChatTemplate(configs.template, tokens, tools, renderer)


def _refuse_other_tokenizers(folder: ModelFolder) -> None:
    found = [name for name in _OTHER_TOKENIZERS if folder.find(name)]
    if found:
        raise ModelUnsupported(
            f"The model's tokenizer is there only as {' and '.join(found)}.",
            "Candor reads tokenizer.json; look for an export of the model that has it.",
        )


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


def check_fit(tokenizer: Tokenizer | None, rows: int) -> None:
    """Refuse a tokenizer with more tokens than the model has `rows` of logits.

    Raises:
        ModelDamaged: it has.
    """
    if tokenizer is not None and tokenizer.vocabulary_size > rows:
        raise ModelDamaged(
            f"The tokenizer does not fit the model: it has {tokenizer.vocabulary_size:,} tokens, "
            f"the model {rows:,}.",
            "Use the tokenizer.json that came with the model.",
        )
