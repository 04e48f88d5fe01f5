"""What was done to a model's graph before it runs, and what that costs in exactness."""

from enum import StrEnum

from msgspec import Struct

MOST_MEAN = 1e-3  # nats
MOST_WORST = 0.05  # nats
SURE_MARGIN = 0.1  # nats between the likeliest and the second likeliest token


class Precision(StrEnum):
    """Which graph a person asks for.

    `auto` is fast where its measured cost is small enough, and exact otherwise; `fast` takes the
    cost as it is; `exact` keeps the original's numbers.
    """

    AUTO = "auto"
    FAST = "fast"
    EXACT = "exact"


class KvCache(StrEnum):
    """How keys and values are stored.

    `model` as the graph has it; `int8` rounded to 8 bits, with steps calibrated on the model's own
    text, which must have been prepared.
    """

    MODEL = "model"
    INT8 = "int8"


class Step(Struct, frozen=True):
    """A change of the graph; `note` says what came of it, or why it was left out."""

    name: str
    applied: bool
    exact: bool
    note: str = ""


class Divergence(Struct, frozen=True):
    """How far another graph's distributions are from the original's.

    `mean` and `worst` are the Kullback-Leibler divergence from the original in nats over
    `positions`; of the `sure` positions, where the original's likeliest token leads by more than
    `SURE_MARGIN`, `agreeing` have the same likeliest token. `deviation` is the largest difference
    of a logit.
    """

    positions: int
    mean: float
    worst: float
    sure: int
    agreeing: int
    deviation: float

    @property
    def is_small(self) -> bool:
        """Whether a graph that diverges so far may run where nobody asked for it."""
        close = self.mean <= MOST_MEAN and self.worst <= MOST_WORST
        return close and self.agreeing == self.sure


class Preparation(Struct, frozen=True, kw_only=True):
    """How the graph that runs differs from the file.

    `stored` says that it is the prepared copy on disk, `precision` is `fast` or `exact`, `kv` is
    how the cache is stored, and `reason` is a sentence on why it is this one. `divergence` is what
    the steps that change numbers cost, None where there are none or it was not measured.
    """

    precision: Precision
    stored: bool
    steps: tuple[Step, ...]
    divergence: Divergence | None
    reason: str
    kv: KvCache = KvCache.MODEL


class PreparedCopy(Struct, frozen=True, kw_only=True):
    """A prepared copy on the disk: `path` is the graph file that it was made of, empty where its
    record cannot be read; `problem` says why no model runs it any more, empty where one would.
    """

    folder: str
    path: str
    preparation: Preparation | None
    bytes: int
    problem: str = ""


class PreparationReport(Struct, frozen=True, kw_only=True):
    """What preparing a model did: sizes in bytes, times in seconds by what was done.

    `exact_deviation` is the largest difference of a logit that the exact steps make.
    """

    name: str
    path: str
    variant: str
    preparation: Preparation
    exact_deviation: float
    original_bytes: int
    prepared_bytes: int
    folder: str
    seconds: dict[str, float]
    renewed: bool
