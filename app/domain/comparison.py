"""Two models, or two samplings of one, on the same text: what each gave every piece of it, and how
far they are apart."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from app.domain.sampling import SamplerStage


class Alignment(StrEnum):
    """What a piece of the text is: a token of a vocabulary that both share, or the bytes between
    two places where tokens of both end."""

    TOKENS = "tokens"
    BYTES = "bytes"


class Parted(Struct, frozen=True, array_like=True, gc=False):
    """How far two samplings of one distribution are apart.

    `distance` is the total variation distance, the least share of draws that must differ. `lost` is
    the probability under the first of all that the second removes, the likeliest of it by the stage
    `lost_by`; `gained` and `gained_by` are the same the other way round. `cut` has the stage of
    each that removes the piece itself.
    """

    distance: float
    lost: float
    lost_by: SamplerStage | None
    gained: float
    gained_by: SamplerStage | None
    cut: tuple[SamplerStage | None, SamplerStage | None]


class Piece(Struct, frozen=True, array_like=True, gc=False):
    """A piece of the text, `data` in bytes, from code point `start` to `end`.

    `first` and `second` are the ids that it is made of for each model, `logprob` and `other` their
    joint log-probability (nats), None where one has no distribution before it. `kl` is the
    Kullback-Leibler divergence of the second model from the first there (nats, over the whole
    vocabulary), None where the vocabularies differ. `agreeing` says whether the likeliest token
    at the piece's beginning is the same, by its bytes where the vocabularies differ. Where two
    samplings are compared, the numbers are those after sampling: a logprob is None where the token
    is removed, `kl` where it is infinite because `parted` loses something.
    """

    data: bytes
    start: int
    end: int
    first: tuple[int, ...]
    second: tuple[int, ...]
    logprob: float | None
    other: float | None
    kl: float | None
    agreeing: bool | None
    parted: Parted | None = None

    @property
    def delta(self) -> float | None:
        """By how much likelier the second model finds it, in nats."""
        if self.logprob is None or self.other is None:
            return None
        return self.other - self.logprob

    @property
    def text(self) -> str:
        """The bytes as text; a part of a character shows as the replacement sign."""
        return self.data.decode("utf-8", errors="replace")


class Summary(Struct, frozen=True, kw_only=True):
    """All pieces together; `count` of them have numbers of both.

    `kl_mean` and `kl_max` are in nats, None where the vocabularies differ, which `note` then
    explains. `agreement` is the share of likeliest tokens that are the same, `delta_mean` the mean
    of the differences in logprob for a piece. Where the text was longer than a context, it was
    read in windows, each `stride` tokens further on. Of two samplings, `distance_mean` and
    `distance_max` say how far they part, and at `infinite` places the divergence is infinite, which
    its mean and maximum leave out.
    """

    alignment: Alignment
    count: int
    kl_mean: float | None
    kl_max: float | None
    agreement: float | None
    delta_mean: float | None
    stride: int | None = None
    note: str = ""
    distance_mean: float | None = None
    distance_max: float | None = None
    infinite: int = 0


def summary(
    pieces: Iterable[Piece], alignment: Alignment, stride: int | None = None, note: str = ""
) -> Summary:
    """What the pieces come to."""
    known = [piece for piece in pieces if _is_known(piece)]
    distances = [piece.parted.distance for piece in known if piece.parted is not None]
    kls = [piece.kl for piece in known if piece.kl is not None]
    votes = [piece.agreeing for piece in known if piece.agreeing is not None]
    deltas = [piece.delta for piece in known if piece.delta is not None]
    return Summary(
        alignment=alignment,
        count=len(known),
        kl_mean=_mean(kls),
        kl_max=max(kls, default=None),
        agreement=_mean([float(vote) for vote in votes]),
        delta_mean=_mean(deltas),
        stride=stride,
        note=note,
        distance_mean=_mean(distances),
        distance_max=max(distances, default=None),
        infinite=sum(piece.parted is not None and piece.kl is None for piece in known),
    )


def worst(pieces: Iterable[Piece], count: int) -> list[Piece]:
    """The pieces where the models are furthest apart: by divergence, or else by logprob."""
    known = [piece for piece in pieces if _is_known(piece)]
    return sorted(known, key=_apart, reverse=True)[:count]


def _is_known(piece: Piece) -> bool:
    return piece.delta is not None or piece.parted is not None


def _apart(piece: Piece) -> float:
    if piece.parted is not None:
        return piece.parted.distance
    return abs(piece.delta or 0.0) if piece.kl is None else piece.kl


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
