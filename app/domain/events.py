"""What the worker says: one tagged union, in the order Hello, then per request
Progress*, Delta*, ComparedPart*, and exactly one of Loaded, Replayed, Classified, Compared,
Measured, Inspected, Rendered, Prepared, Copies, Finished, Failed."""

from enum import StrEnum

from msgspec import Struct

from app.domain.classification import LabelScore
from app.domain.comparison import Piece, Summary
from app.domain.devices import Device
from app.domain.drafting import DraftReport
from app.domain.inspection import ModelReport
from app.domain.models import ModelInfo
from app.domain.preparation import PreparationReport, PreparedCopy
from app.domain.tokens import Channel, TokenRecord
from app.domain.trace import SamplerTrace


class Hello(Struct, frozen=True, tag="hello"):
    """First event of a worker: its protocol and library versions, the execution providers that it
    has and Candor knows how to use, and the real devices that these find, or the `problem` why one
    of them finds none; `network` says whether the kernel keeps it off the network, or why not."""

    protocol: int
    pid: int
    versions: dict[str, str]
    providers: tuple[str, ...]
    network: str
    devices: tuple[Device, ...] = ()
    problem: str = ""


class Heartbeat(Struct, frozen=True, tag="heartbeat"):
    """Sent every second, also while the model computes."""


class Stage(StrEnum):
    """What a Progress event counts."""

    LOAD = "load"
    DIGEST = "digest"
    PROVE = "prove"
    COMPARE = "compare"
    STORE = "store"
    PREFILL = "prefill"
    SCORE = "score"
    MEASURE = "measure"


class Progress(Struct, frozen=True, tag="progress"):
    """`done` of `total` units: tokens, steps, bytes of a digest or layers proven."""

    stage: Stage
    done: int
    total: int


class Loaded(Struct, frozen=True, tag="loaded"):
    """The model is ready."""

    model: ModelInfo


class Delta(Struct, frozen=True, tag="delta"):
    """New text of one channel and the tokens that carry it.

    Tokens arrive with the text that completes their characters, so spans always lie inside the
    channel's text received so far.
    """

    channel: Channel
    text: str
    tokens: tuple[TokenRecord, ...]


class FinishReason(StrEnum):
    """Why a request ended."""

    STOP = "stop"
    LENGTH = "length"
    CONTEXT = "context"
    CANCELLED = "cancelled"


class Usage(Struct, frozen=True):
    """Token counts; `cached_tokens` of the prompt were reused, not computed."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int


class Timings(Struct, frozen=True):
    """Seconds and tokens per second; 0 where nothing was measured."""

    first_token_s: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float


class Finished(Struct, frozen=True, tag="finished"):
    """The request ended; `seed` reproduces it (None where nothing was drawn).

    `drafting` says what drafts did, where they were asked for.
    """

    reason: FinishReason
    usage: Usage
    timings: Timings
    seed: int | None
    drafting: DraftReport | None = None


class Alternative(Struct, frozen=True, array_like=True, gc=False):
    """A token at a replayed position, raw and after sampling.

    Both logprobs are in nats, `sampled_logprob` is None where the token is cut. `rank` is 1 + the
    number of strictly likelier tokens, before sampling. `data` has the token's bytes, empty for a
    control token, which has a `name` instead.
    """

    id: int
    data: bytes
    logprob: float
    sampled_logprob: float | None
    rank: int
    name: str = ""


class Replayed(Struct, frozen=True, tag="replayed", kw_only=True):
    """A position once more, exact over the whole vocabulary, raw and after sampling.

    `alternatives` are sorted by falling raw logprob; `tail` and `sampled_tail` are the
    probabilities outside them, before and after sampling. `kept` tokens can be drawn, with an
    `entropy` in bits; `raw_entropy` is that of all tokens before sampling. `recomputed` says that
    the logits were not those of the generation itself but computed again. `token` is the one that
    stands there in the prompt; None behind the end of the ids. Of `matches` tokens that a search
    met, `found` has the best. `trace` is how sampling came there, where that was asked for.
    """

    alternatives: tuple[Alternative, ...]
    tail: float
    sampled_tail: float
    kept: int
    entropy: float
    raw_entropy: float
    recomputed: bool
    token: int | None = None
    found: tuple[Alternative, ...] = ()
    matches: int = 0
    trace: SamplerTrace | None = None


class Classified(Struct, frozen=True, tag="classified"):
    """How likely each label is as an answer, in the order that was asked."""

    scores: tuple[LabelScore, ...]


class ComparedPart(Struct, frozen=True, tag="compared_part"):
    """The next pieces of a text that two models were compared on."""

    pieces: tuple[Piece, ...]


class Compared(Struct, frozen=True, tag="compared"):
    """Two models were compared on a whole text."""

    first: ModelInfo
    second: ModelInfo
    summary: Summary


class Measured(Struct, frozen=True, tag="measured", kw_only=True):
    """How fast the graph itself is: `seconds` is the median for each of the asked widths.

    A token needs `weight_bytes` and, for each token before it, `cache_bytes_per_token` read.
    """

    seconds: tuple[float, ...]
    read_bytes_per_s: float
    weight_bytes: int
    cache_bytes_per_token: int


class Inspected(Struct, frozen=True, tag="inspected"):
    """What is understood of a model folder."""

    report: ModelReport


class Prepared(Struct, frozen=True, tag="prepared"):
    """A prepared copy of a model is there."""

    report: PreparationReport


class Copies(Struct, frozen=True, tag="copies"):
    """The prepared copies that there are, or that were there before they were removed."""

    copies: tuple[PreparedCopy, ...]


class Rendered(Struct, frozen=True, tag="rendered"):
    """The text that a chat template made."""

    text: str


class Failed(Struct, frozen=True, tag="failed"):
    """The request ended in an error of the tree in `app.errors`, named by `code`."""

    code: str
    message: str
    hint: str


Event = (
    Hello
    | Heartbeat
    | Progress
    | Loaded
    | Delta
    | Replayed
    | Classified
    | ComparedPart
    | Compared
    | Measured
    | Inspected
    | Rendered
    | Prepared
    | Copies
    | Finished
    | Failed
)
