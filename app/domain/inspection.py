"""What Candor understood of a model folder, and why it would or would not run it."""

from msgspec import Struct

from app.domain.models import Layout
from app.domain.sampling import SamplingParams


class VariantReport(Struct, frozen=True):
    """A variant, its graph file below the model's folder, and bytes on disk, weights included.

    `refusal` is the reason why it cannot run, as far as its files tell, empty if it can.
    """

    name: str
    layout: Layout
    file: str
    bytes: int
    refusal: str


class Weights(Struct, frozen=True):
    """The weights of one element type: how many tensors, and their bytes."""

    dtype: str
    tensors: int
    bytes: int


class StateReport(Struct, frozen=True):
    """States of one kind that the model carries from token to token, such as keys and values."""

    count: int
    dtype: str
    shape: str


class Graph(Struct, frozen=True, kw_only=True):
    """The chosen variant's graph.

    `quantization` says how weights are packed, empty where they are not.
    """

    weights: tuple[Weights, ...]
    quantization: str
    states: tuple[StateReport, ...]
    logits_dtype: str
    vocabulary_size: int | None


class NamedToken(Struct, frozen=True):
    """A token by its number and how the vocabulary writes it, empty without a tokenizer."""

    id: int
    text: str


class TemplateReport(Struct, frozen=True, kw_only=True):
    """What a chat template reads and writes.

    `reasoning_switch`, `effort_switch` and `history_switch`, which keeps or drops earlier thoughts,
    are None where it has none; `effort_levels` are the efforts that it tells apart itself;
    `variables` are the others that it reads. `reasoning_format` and `tool_format` name the way in
    which the model writes thoughts and calls, empty where it is told of none.
    """

    reasoning_switch: str | None
    effort_switch: str | None
    variables: tuple[str, ...]
    takes_tools: bool
    takes_documents: bool
    reasoning_format: str
    tool_format: str
    effort_levels: tuple[str, ...] = ()
    history_switch: str | None = None


class TextReport(Struct, frozen=True, kw_only=True):
    """Tokenizer and template.

    `typed_controls` says what becomes of a control token that a person types in a message.
    """

    tokens: int
    template: TemplateReport | None
    typed_controls: str


class MemoryForecast(Struct, frozen=True, kw_only=True):
    """Bytes: the weights, what one more token takes in the cache, the cache of the whole context
    with all that does not grow, the largest logits, and what this computer has installed."""

    weights: int
    cache_per_token: int
    cache: int
    logits: int
    installed: int

    @property
    def total(self) -> int:
        """What a full context needs."""
        return self.weights + self.cache + self.logits


class DeviceReport(Struct, frozen=True):
    """An execution provider, and why it cannot run the model; `obstacle` is empty if it can."""

    name: str
    obstacle: str


class ModelReport(Struct, frozen=True, kw_only=True):
    """Everything that can be said of a model without running it.

    `refusals` are the sentences for which it would not run, none where it would. What lies behind
    a refusal stays None or empty. `variant` is the chosen one and `choice` the reason for it.
    `model_context` is what the files state, `context_length` what this computer can hold.
    """

    name: str
    path: str
    variants: tuple[VariantReport, ...]
    variant: str
    choice: str
    architecture: str
    graph: Graph | None
    text: TextReport | None
    model_context: int | None
    context_length: int | None
    ends: tuple[NamedToken, ...]
    sampling: SamplingParams | None
    memory: MemoryForecast | None
    devices: tuple[DeviceReport, ...]
    refusals: tuple[str, ...]

    @property
    def runs(self) -> bool:
        """Whether Candor would run it."""
        return not self.refusals
