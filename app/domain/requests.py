"""What can be asked of the worker: one tagged union, validated when it is decoded."""

from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct

from app.domain.drafting import Drafting
from app.domain.grammar import Grammar
from app.domain.messages import Message
from app.domain.preparation import KvCache, Precision
from app.domain.sampling import SamplingParams

MOST_PARALLEL = 16
"""Conversations that a model can be asked to hold at once."""


class Provider(StrEnum):
    """An execution provider a person can pick."""

    CPU = "cpu"
    CUDA = "cuda"
    DIRECTML = "directml"

    @property
    def needs_pack(self) -> bool:
        """Whether its worker is not part of the program but in a pack."""
        return self is not Provider.CPU


class Priority(IntEnum):
    """Who waits for a request: the lower, the sooner it is computed."""

    INTERACTIVE = 0
    API = 1
    BATCH = 2


Variables = dict[str, str | bool | int | float]

CLOSING = "That is enough thinking. I give the answer now."
"""Ends a thought that has used up its tokens."""


class ThoughtLimit(Struct, frozen=True):
    """The most `tokens` of thought; None sets no limit, 0 leaves no thought.

    `closing` is the sentence that ends a thought before its own end. Near the limit the sign that
    ends a thought is favoured, unless `soft` is off.
    """

    tokens: int | None = None
    closing: str = CLOSING
    soft: bool = True


class ChatPrompt(Struct, frozen=True, tag="chat"):
    """Messages for the model's chat template.

    `reasoning` None leaves the template's own default; `variables` reach the template as they are.
    """

    messages: tuple[Message, ...]
    reasoning: bool | None = None
    variables: Variables = {}


class TextPrompt(Struct, frozen=True, tag="text"):
    """Plain text, without a template; the tokenizer adds its own special tokens."""

    text: str


class IdsPrompt(Struct, frozen=True, tag="ids"):
    """Token ids as they are; needs no tokenizer."""

    ids: tuple[int, ...]


Prompt = ChatPrompt | TextPrompt | IdsPrompt


class Load(Struct, frozen=True, tag="load"):
    """Open the model at `path` (a folder or an .onnx file) in place of the present one.

    It runs on the provider's device number `device`; `variant` None leaves the choice to what
    suits that provider. `parallel` is how many conversations shall fit at once, for which each
    gets a shorter context where memory is short; None keeps the context whole. `precision` chooses
    among the graphs that may stand for the file's own, `kv` how they store keys and values.
    """

    path: str
    variant: str | None = None
    provider: Provider = Provider.CPU
    device: int = 0
    parallel: int | None = None
    precision: Precision = Precision.AUTO
    kv: KvCache = KvCache.MODEL


class Generate(Struct, frozen=True, tag="generate", kw_only=True):
    """Continue a prompt.

    `max_tokens` None generates until the model stops or the context is full; `stop` strings are
    matched in the answer and not shown; `top_logprobs` is the number of candidates per record;
    `thought` limits the reasoning of a chat.
    The answer begins with the ids of `prefix`, which `max_tokens` does not count: the last of them
    gets a record with numbers, those before it were said elsewhere and get none. Requests run side
    by side, but not beside those of a more important `priority`. Drafts change the speed,
    never the answer; a `grammar` holds the answer to a form.
    """

    prompt: Prompt
    sampling: SamplingParams = SamplingParams()
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    top_logprobs: int = 5
    prefix: tuple[int, ...] = ()
    priority: Priority = Priority.INTERACTIVE
    drafting: Drafting = Drafting()
    thought: ThoughtLimit = ThoughtLimit()
    grammar: Grammar | None = None


class Score(Struct, frozen=True, tag="score", kw_only=True):
    """Give every token of a text its record, generating nothing.

    The first `context` tokens get none. A text that is longer than the model's context is refused
    unless there is a `stride`: then it is read in windows of the context's length, each beginning
    `stride` tokens behind the one before it, so that every token but the first window's has at
    least the context's length less `stride` tokens before it. A chat is never cut into windows.
    """

    prompt: Prompt
    top_logprobs: int = 5
    context: int = 0
    stride: int | None = None
    priority: Priority = Priority.INTERACTIVE


class TokenSearch(Struct, frozen=True):
    """Which tokens of a vocabulary are looked for: the best `most` that hold `text`.

    Digits also name a token by its id. Best are the tokens that are the text (or its id), then
    those that begin with it, the likelier ones first; case and outer spaces do not matter.
    """

    text: str
    most: int = 20


class Classify(Struct, frozen=True, tag="classify"):
    """Say how likely each of `labels` is as the answer to `prompt`, whole and exact.

    In a chat, the end of the answer behind it counts as part of a label; a text has no end, so
    there no label may begin another.
    """

    prompt: Prompt
    labels: tuple[str, ...]


class Compare(Struct, frozen=True, tag="compare"):
    """Let two models, in place of the present one, read the same text and set them side by side.

    A text that is longer than a context is read in windows of it that overlap by half. With
    `sampling`, both are the same model, and what is compared is what two samplings leave of its
    distributions.
    """

    first: Load
    second: Load
    prompt: TextPrompt | IdsPrompt
    sampling: tuple[SamplingParams, SamplingParams] | None = None


class Replay(Struct, frozen=True, tag="replay", kw_only=True):
    """Say how the token behind `prompt` and `answer` comes about under `sampling`.

    `prompt` is what the answer was asked with and `answer` the ids of its own tokens up to the
    one in question, so that nothing is taken from text again. With `at` the token in question is
    the prompt's own at that index (from 1: no distribution precedes the first), and there is no
    answer. The `top` likeliest tokens before and after sampling are told of, and those in `tokens`
    in any case; `search` looks for others, and with `trace` every stage of the sampler tells what
    it did; the draw too, where `sampling` has the answer's seed. `grammar` is what the answer
    was held to. A newer replay takes the place of one that is still waiting, which ends as if it
    had been cancelled.
    """

    prompt: Prompt
    answer: tuple[int, ...]
    sampling: SamplingParams
    at: int | None = None
    top: int = 8
    tokens: tuple[int, ...] = ()
    search: TokenSearch | None = None
    trace: bool = False
    grammar: Grammar | None = None


class Measure(Struct, frozen=True, tag="measure", kw_only=True):
    """Time the graph itself: runs of each of `widths` tokens behind `context` others, with the
    logits of all of them, `repeats` times; and how fast this computer reads memory.
    """

    context: int
    widths: tuple[int, ...]
    repeats: int = 5


class Inspect(Struct, frozen=True, tag="inspect"):
    """Say what is understood of the model at `path`, without loading it."""

    path: str
    variant: str | None = None


class Render(Struct, frozen=True, tag="render", kw_only=True):
    """Fill the chat template of the model at `path`, without loading it.

    Messages and tools are JSON objects with any fields; `variables` reach the template as they are.
    """

    path: str
    variant: str | None = None
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None = None
    variables: dict[str, Any] = {}


class Prepare(Struct, frozen=True, tag="prepare"):
    """Make and store a graph that runs faster in place of the one at `path`, and measure it."""

    path: str
    variant: str | None = None
    precision: Precision = Precision.AUTO
    kv: KvCache = KvCache.MODEL


class ListCopies(Struct, frozen=True, tag="list_copies"):
    """Say which prepared copies there are of models at or below `path`; empty for all."""

    path: str = ""


class RemoveCopies(Struct, frozen=True, tag="remove_copies"):
    """Delete those copies from the disk; the models' own files stay."""

    path: str = ""


class Cancel(Struct, frozen=True, tag="cancel"):
    """End request `target` within one token; it finishes with the reason `cancelled`."""

    target: int


class AnswerNow(Struct, frozen=True, tag="answer_now"):
    """End the thought of request `target` within one token, and let it answer."""

    target: int


Computation = Generate | Score | Replay | Classify | Measure
"""What needs a loaded model."""

Query = Inspect | Render | ListCopies | RemoveCopies
"""What is answered by one event and needs no model."""

Command = Load | Computation | Query | Prepare | Compare | Cancel | AnswerNow
