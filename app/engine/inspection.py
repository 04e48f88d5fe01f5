"""Looks at a model folder without running it: what was understood, and why it would not run.

Every part is tried, also behind a refusal, so that one look tells all there is to say.
"""

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import TypeVar

import numpy as np
from msgspec import structs

from app.domain.inspection import (
    DeviceReport,
    Graph,
    MemoryForecast,
    ModelReport,
    NamedToken,
    StateReport,
    TemplateReport,
    TextReport,
    VariantReport,
)
from app.engine.cache.room import room
from app.engine.contract import Contract, read_contract
from app.engine.files import checked, weights
from app.engine.files.config import Configs, read_configs
from app.engine.files.defaults import eos_ids, sampling_defaults
from app.engine.files.folder import ModelFolder, Variant, find_model
from app.engine.files.plan import read_plan
from app.engine.forward import CHUNK
from app.engine.runtime.memory import physical_memory
from app.engine.runtime.providers import available_providers
from app.engine.text import formats
from app.engine.text.controls import ControlTokens
from app.engine.text.template import ChatTemplate, Renderer
from app.engine.text.tokenizer import Tokenizer
from app.engine.understood import check_fit, open_template, open_tokenizer, readable
from app.errors import CandorError

Part = TypeVar("Part")
_LOGIT_BYTES = 4
_MOST_READ = 256 * 1024 * 1024  # bytes of a graph file that is read only to look at it


def inspect(path: Path, variant: str | None, renderer: Renderer) -> ModelReport:
    """The report on the model at `path`, with `variant` or the one that would be chosen.

    Raises:
        ModelNotFound: there is no ONNX model at this place.
        InvalidRequest: the model has no such variant.
    """
    with readable(path):
        folder = find_model(path, variant)
        return _Look(folder, renderer, asked=variant is not None).report()


class _Look:
    """One look at a folder; `refusals` collects the sentences."""

    def __init__(self, folder: ModelFolder, renderer: Renderer, asked: bool) -> None:
        self._folder = folder
        self._renderer = renderer
        self._asked = asked
        self._refusals: list[str] = []

    def report(self) -> ModelReport:
        folder = self._folder
        configs = self._try(lambda: read_configs(folder))
        graph, contract = (None, None) if configs is None else self._graph(configs)
        tokenizer, template = self._text(configs)
        if contract and tokenizer and contract.logits.vocabulary:
            self._try(lambda: check_fit(tokenizer, contract.logits.vocabulary or 0))
        sampling = self._try(lambda: sampling_defaults(configs)) if configs else None
        capacity = self._capacity(contract, configs)
        return ModelReport(
            name=folder.name,
            path=str(folder.path),
            variants=tuple(self._variant(each) for each in folder.variants),
            variant=folder.chosen.name,
            choice=self._choice(),
            architecture=_architecture(configs),
            graph=graph,
            text=_text(tokenizer, template),
            model_context=configs.context_length if configs else None,
            context_length=capacity,
            ends=_ends(configs, tokenizer),
            sampling=sampling,
            memory=_memory(graph, contract, capacity),
            devices=_devices(),
            refusals=tuple(dict.fromkeys(self._refusals)),
        )

    def _variant(self, variant: Variant) -> VariantReport:
        """Another variant than the chosen one is told to be refused where its graph would be."""
        refusal, chosen = variant.refusal or "", self._folder.chosen.name
        if not refusal and variant.name != chosen and variant.file.stat().st_size <= _MOST_READ:
            refusal = _obstacle(self._folder.path, variant.name)
        return _report(self._folder, variant, refusal)

    def _try(self, read: Callable[[], Part]) -> Part | None:
        try:
            return read()
        except CandorError as error:
            self._refusals.append(str(error))
            return None

    def _graph(self, configs: Configs) -> tuple[Graph | None, Contract | None]:
        proto = self._try(lambda: checked.read_graph(self._folder.chosen.file))
        if proto is None:
            return None, None
        contract = self._try(lambda: read_contract(proto, configs.names, configs.geometry))
        self._try(lambda: read_plan(self._folder.chosen, proto, configs.names, configs.geometry))
        graph = Graph(
            weights=weights.weights(proto),
            quantization=weights.quantization(proto),
            states=_states(contract) if contract else (),
            logits_dtype=contract.logits.dtype.__name__ if contract else "",
            vocabulary_size=contract.logits.vocabulary if contract else None,
        )
        return graph, contract

    def _text(self, configs: Configs | None) -> tuple[Tokenizer | None, ChatTemplate | None]:
        if configs is None:
            return None, None
        tokenizer = self._try(lambda: open_tokenizer(self._folder, configs))
        return tokenizer, self._try(lambda: open_template(configs, self._renderer))

    def _capacity(self, contract: Contract | None, configs: Configs | None) -> int | None:
        if contract is None or configs is None:
            return None
        return self._try(lambda: room(contract, configs).capacity)

    def _choice(self) -> str:
        if self._asked:
            return "you asked for it"
        return "the best one for a CPU" if len(self._folder.variants) > 1 else "the only one"


def _obstacle(path: Path, name: str) -> str:
    """Why the graph of a variant would not run, empty where it would."""
    try:
        folder = find_model(path, name)
        configs = read_configs(folder)
        proto = checked.read_graph(folder.chosen.file)
        read_plan(folder.chosen, proto, configs.names, configs.geometry)
    except CandorError as error:
        return str(error)
    return ""


def _report(folder: ModelFolder, variant: Variant, refusal: str) -> VariantReport:
    found = {
        each
        for file in variant.files
        for each in (file, *file.parent.glob(f"{file.name}[._]data*"))
        if each.is_file()
    }
    return VariantReport(
        name=variant.name,
        layout=variant.layout,
        file=variant.file.relative_to(folder.root).as_posix(),
        bytes=sum(each.stat().st_size for each in found),
        refusal=refusal,
    )


def _architecture(configs: Configs | None) -> str:
    if configs is None:
        return ""
    kinds = (configs.model.get("model_type"), configs.genai.get("type"))
    return next((kind for kind in kinds if isinstance(kind, str)), "")


def _states(contract: Contract) -> tuple[StateReport, ...]:
    """States that are alike, counted."""
    counts: dict[tuple[str, str], int] = {}
    for state in contract.states:
        sizes = enumerate(state.shape)
        shape = " x ".join("tokens" if axis == state.axis else str(size) for axis, size in sizes)
        kind = state.dtype.__name__, shape
        counts[kind] = counts.get(kind, 0) + 1
    return tuple(StateReport(count, *kind) for kind, count in counts.items())


def _text(tokenizer: Tokenizer | None, template: ChatTemplate | None) -> TextReport | None:
    if tokenizer is None:
        return None
    return TextReport(
        tokens=tokenizer.vocabulary_size,
        template=_template(template, tokenizer) if template else None,
        typed_controls=_typed_controls(tokenizer.controls),
    )


def _template(template: ChatTemplate, tokenizer: Tokenizer) -> TemplateReport:
    """The template's report; where it tells not how calls are written, the vocabulary may."""
    report = template.report()
    if report.tool_format or not report.takes_tools:
        return report
    return structs.replace(report, tool_format=formats.tools("\n".join(tokenizer.added)))


def _typed_controls(controls: ControlTokens) -> str:
    refused = sorted(controls.guarded - set(controls.typable()))
    if refused:
        return f"a message that holds one of {', '.join(refused[:5])} is refused"
    if not controls.literal:
        return "stay text as they are spelled; other spellings may not, as the tokenizer is"
    return "stay text"


def _ends(configs: Configs | None, tokenizer: Tokenizer | None) -> tuple[NamedToken, ...]:
    ids = sorted(eos_ids(configs, tokenizer)) if configs else []
    return tuple(NamedToken(id, tokenizer.name(id) if tokenizer else "") for id in ids)


def _memory(
    graph: Graph | None, contract: Contract | None, capacity: int | None
) -> MemoryForecast | None:
    if graph is None or contract is None or capacity is None:
        return None
    return MemoryForecast(
        weights=sum(each.bytes for each in graph.weights),
        cache_per_token=contract.bytes_per_token,
        cache=contract.bytes_per_token * capacity + _fixed_bytes(contract),
        logits=CHUNK * (graph.vocabulary_size or 0) * _LOGIT_BYTES,
        installed=physical_memory(),
    )


def _fixed_bytes(contract: Contract) -> int:
    """What the states take that keep only what came last."""
    fixed = (each for each in contract.states if each.axis is None)
    return sum(prod(each.shape) * np.dtype(each.dtype).itemsize for each in fixed)


def _devices() -> tuple[DeviceReport, ...]:
    """The providers of this worker; others have workers of their own."""
    return tuple(DeviceReport(each.value, "") for each in available_providers())
