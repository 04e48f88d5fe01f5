"""What is read of a model before anything is run: its folder, configs, graphs, tokenizer and
template, each checked before the next one is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onnx import ModelProto

from app.domain.requests import Provider
from app.domain.sampling import SamplingParams
from app.engine.files import checked
from app.engine.files.config import Configs, read_configs
from app.engine.files.defaults import sampling_defaults
from app.engine.files.folder import ModelFolder, find_model
from app.engine.files.plan import Plan, read_plan
from app.engine.text import jinja
from app.engine.text.template import ChatTemplate, Renderer
from app.engine.text.tokenizer import Tokenizer
from app.errors import ModelDamaged, ModelNotFound, ModelUnsupported

_OTHER_TOKENIZERS = ("vocab.json", "merges.txt", "tokenizer.model", "spiece.model", "vocab.txt")


@dataclass(frozen=True, slots=True)
class Understood:
    """A model's files, understood.

    `graph` is the decoder and may hold its weights; `tokenizer` and `template` are None where the
    folder has none.
    """

    folder: ModelFolder
    configs: Configs
    sampling: SamplingParams
    graph: ModelProto
    plan: Plan
    tokenizer: Tokenizer | None
    template: ChatTemplate | None


def understand(
    path: Path, variant: str | None, provider: Provider, renderer: Renderer = jinja
) -> Understood:
    """Read the model at `path`, a folder or an .onnx file; `renderer` runs the chat template.

    Raises:
        ModelNotFound, ModelDamaged, ModelUnsupported: the files cannot be used.
        InvalidRequest: there is no such variant.
    """
    with readable(path):
        folder = find_model(path, variant, provider)
        configs = read_configs(folder)
        sampling = sampling_defaults(configs)
        graph = checked.read_graph(folder.chosen.file)
        plan = read_plan(folder.chosen, graph, configs.names, configs.geometry)
        tokenizer = open_tokenizer(folder, configs)
        template = open_template(configs, renderer) if tokenizer else None
    return Understood(folder, configs, sampling, graph, plan, tokenizer, template)


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


def open_tokenizer(folder: ModelFolder, configs: Configs) -> Tokenizer | None:
    """The tokenizer, None where the folder has none.

    Raises:
        ModelDamaged, ModelUnsupported: it cannot be used.
    """
    file = folder.find("tokenizer.json")
    if file is None:
        _refuse_other_tokenizers(folder)
        return None
    return Tokenizer(file, configs.special_tokens.get("bos_token") if configs.adds_bos else None)


def open_template(configs: Configs, renderer: Renderer) -> ChatTemplate | None:
    """The chat template, None where there is none.

    Raises:
        ModelDamaged: it cannot be used.
    """
    if configs.template is None:
        return None
    return ChatTemplate(configs.template, configs.special_tokens, configs.tool_template, renderer)


def _refuse_other_tokenizers(folder: ModelFolder) -> None:
    found = [name for name in _OTHER_TOKENIZERS if folder.find(name)]
    if found:
        raise ModelUnsupported(
            f"The model's tokenizer is there only as {' and '.join(found)}.",
            "Candor reads tokenizer.json; look for an export of the model that has it.",
        )


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
