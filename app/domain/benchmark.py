"""What a benchmark of a model is told to do, and what it found."""

from msgspec import Struct

from app.domain.devices import Device, Placement

WAITING_TOLERATED = 0.05


class Size(Struct, frozen=True, kw_only=True):
    """How long the prompt and the answer of a round are (tokens), and how many rounds."""

    prompt_tokens: int = 256
    completion_tokens: int = 64
    rounds: int = 5


class Spread(Struct, frozen=True):
    """Median, least and most of one number over the rounds."""

    median: float
    least: float
    most: float


class Round(Struct, frozen=True):
    """One measurement.

    `cores` is the worker's processor time over wall time, `waiting` the share of its threads'
    ready time that they spent waiting for a core; None where the system does not tell.
    """

    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    first_token_s: float
    cores: float | None
    waiting: float | None

    @property
    def disturbed(self) -> bool | None:
        """Whether other programs held the cores noticeably; None if that is unknown."""
        return None if self.waiting is None else self.waiting > WAITING_TOLERATED


class Verification(Struct, frozen=True):
    """One run over `tokens` with the logits of them all, as a draft is verified.

    `cost` is its time beside that of one token.
    """

    tokens: int
    seconds: float
    cost: float


class Batch(Struct, frozen=True):
    """`rows` answers generated side by side; `gain` is their speed together beside one alone."""

    rows: int
    tokens_per_s: float
    gain: float


class Roof(Struct, frozen=True):
    """How near decoding comes to reading its bytes from memory as fast as this computer can.

    `bytes_per_token` are the weights that a token needs, and its context's keys and values.
    """

    read_bytes_per_s: float
    bytes_per_token: int
    fraction: float


class BenchmarkReport(Struct, frozen=True, kw_only=True):
    """What a benchmark found.

    `disturbed_rounds` and `peak_memory_bytes` (of the worker, as its rounds ended) are None where
    the system does not tell.
    """

    model: str
    providers: tuple[str, ...]
    device: Device
    placements: tuple[Placement, ...]
    prompt_tokens: int
    completion_tokens: int
    prefill_tokens_per_s: Spread
    decode_tokens_per_s: Spread
    first_token_s: Spread
    disturbed_rounds: int | None
    peak_memory_bytes: int | None
    rounds: tuple[Round, ...]
    verification: tuple[Verification, ...]
    batches: tuple[Batch, ...]
    roof: Roof
