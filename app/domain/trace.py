"""How a token came out of the model's distribution: what every sampling stage did, and the draw."""

from msgspec import Struct

from app.domain.sampling import SamplerStage


class Cut(Struct, frozen=True, kw_only=True):
    """What is left at one position by a stage or by the answer's grammar.

    It `removed` so many tokens, which had together the probability `removed_mass` before it, and
    left `kept`. `logprobs` (nats) are those after it of the tokens that are told of, None for one
    that is cut.
    """

    kept: int
    removed: int
    removed_mass: float
    logprobs: tuple[float | None, ...]


class StageTrace(Cut, frozen=True, kw_only=True):
    """One stage of the sampler at one position.

    An `active` stage is not switched off by its parameters. `line` is the probability,
    before the stage, at which it cuts: kept tokens have at least that much (removed ones do, for
    XTC); None where nothing was cut, or not by probability. `number` is the random number that
    decided whether XTC acts.
    """

    stage: SamplerStage
    active: bool
    line: float | None
    number: float | None


class Draw(Struct, frozen=True):
    """The random choice: `number` lies in [low, high), the part of the cumulative distribution,
    by rising id, that belongs to `token`."""

    number: float
    low: float
    high: float
    token: int


class SamplerTrace(Struct, frozen=True):
    """All stages in their order; `draw` is None where nothing is random or the seed is not known.

    The logprobs of the stages stand in the order of the replay's alternatives, whose own raw
    logprobs are those before the first stage. The `grammar` of the answer cuts before all stages;
    None where there is none.
    """

    stages: tuple[StageTrace, ...]
    draw: Draw | None
    grammar: Cut | None = None
