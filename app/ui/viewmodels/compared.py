"""What is said of a comparison; pure functions of its pieces."""

import math

from app.domain.comparison import Alignment, Parted, Piece, Summary
from app.domain.events import Compared
from app.domain.sampling import SamplerStage
from app.domain.tokens import Channel, Source, TokenRecord
from app.ui.viewmodels import wording
from app.ui.viewmodels.heat import FULL_BITS
from app.ui.viewmodels.sampler_trace import STAGES

FULL_NATS = 1.0
MEANINGS = {
    "Divergence, mean": "Kullback-Leibler divergence of the second model's distribution from the"
    " first's, over the whole vocabulary, in nats. 0 says that both are the same.",
    "Divergence, worst": "The largest divergence at any one token.",
    "Same likeliest token": "How often both models would have said the same next, without chance.",
    "Draws apart, mean": "The share of draws that must come out differently: the total variation"
    " distance of the two distributions. 0 says that both are the same.",
    "Draws apart, worst": "The largest such share at any one token.",
    "Mean change": "By how much likelier the second model finds the text, in nats for each token.",
}

Named = list[tuple[str, str]]


def overview(found: Summary) -> Named:
    """The numbers of the whole comparison by their names."""
    agreement = wording.NOTHING if found.agreement is None else f"{found.agreement:.1%}"
    apart = [
        ("Draws apart, mean", _share(found.distance_mean)),
        ("Draws apart, worst", _share(found.distance_max)),
    ]
    return [
        *(apart if found.distance_mean is not None else []),
        ("Divergence, mean", _nats(found.kl_mean)),
        ("Divergence, worst", _nats(found.kl_max)),
        ("Same likeliest token", agreement),
        ("Mean change", wording.signed(found.delta_mean)),
        ("Compared", f"{found.count:,} pieces"),
    ]


def verdict(compared: Compared) -> str:
    """The comparison in a sentence or two."""
    found = compared.summary
    if found.distance_mean is not None:
        return _sampled_verdict(found, found.distance_mean)
    names = f"{_name(compared, 0)} and {_name(compared, 1)}"
    if found.kl_mean is None or found.agreement is None:
        return f"{names}: {found.note}"
    much = (
        "are the same here"
        if found.kl_max is not None and found.kl_max < 1e-6
        else "hardly differ"
        if found.kl_mean < 0.001
        else "differ a little"
        if found.kl_mean < 0.05
        else "differ clearly"
    )
    return f"{names} {much}: {_disagreement(found.agreement)} {found.note}".rstrip()


def _sampled_verdict(found: Summary, distance: float) -> str:
    if found.distance_max is not None and found.distance_max < 1e-6:
        return "Both samplings are the same here."
    said = f"At least {distance:.1%} of draws differ: {_disagreement(found.agreement or 0.0)}"
    if found.infinite:
        said += (
            f" At {found.infinite:,} of {found.count:,} places the second removes what the first"
            " can say, so there the divergence is infinite."
        )
    return said


def _disagreement(agreement: float) -> str:
    return f"the likeliest token is another one at {1 - agreement:.1%} of the places."


def piece_words(piece: Piece) -> str:
    """A piece in one line of a list."""
    if piece.parted is not None:
        apart = _share(piece.parted.distance)
    else:
        apart = wording.signed(piece.delta if piece.kl is None else piece.kl)
    return f"{apart}   {wording.visible(piece.text, (*piece.first, 0)[0])}"


def piece_facts(piece: Piece) -> Named:
    """The numbers of one piece by their names."""
    if piece.parted is not None:
        return _sampled_facts(piece, piece.parted)
    agrees = {None: wording.NOTHING, True: "yes", False: "no"}
    return [
        ("First model", wording.logprob_probability(piece.logprob)),
        ("Second model", wording.logprob_probability(piece.other)),
        ("Change in logprob", wording.signed(piece.delta)),
        ("Divergence", _nats(piece.kl)),
        ("Same likeliest token", agrees[piece.agreeing]),
    ]


def _sampled_facts(piece: Piece, parted: Parted) -> Named:
    return [
        ("First sampling", _left(piece.logprob, parted.cut[0])),
        ("Second sampling", _left(piece.other, parted.cut[1])),
        ("Draws apart", _share(parted.distance)),
        ("Divergence", "infinite" if piece.kl is None else _nats(piece.kl)),
        ("Same likeliest token", "yes" if piece.agreeing else "no"),
        ("Only in the first", _removed(parted.lost, parted.lost_by)),
        ("Only in the second", _removed(parted.gained, parted.gained_by)),
    ]


def _left(logprob: float | None, cut: SamplerStage | None) -> str:
    if cut is not None:
        return f"removed by {STAGES[cut]}"
    return wording.logprob_probability(logprob)


def _removed(share: float, stage: SamplerStage | None) -> str:
    return "nothing" if stage is None else f"{_share(share)}, removed by {STAGES[stage]}"


def coloured(piece: Piece, alignment: Alignment) -> TokenRecord:
    """A record whose surprise stands for how far the two are apart: all of it at 1 nat, or where
    all draws differ."""
    if piece.parted is not None:
        return _with_surprise(piece, piece.parted.distance)
    apart = abs(piece.delta or 0.0) if alignment is Alignment.BYTES else piece.kl or 0.0
    return _with_surprise(piece, apart / FULL_NATS)


def _with_surprise(piece: Piece, share: float) -> TokenRecord:
    return TokenRecord(
        id=(*piece.first, 0)[0],
        data=piece.data,
        start=piece.start,
        end=piece.end,
        logprob=-min(share, 1.0) * FULL_BITS * math.log(2),
        sampled_logprob=None,
        rank=None,
        entropy=None,
        top=(),
        tail=None,
        channel=Channel.PROMPT,
        source=Source.FORCED,
    )


def _nats(value: float | None) -> str:
    return wording.NOTHING if value is None else f"{wording.probability(max(value, 0.0))} nats"


def _share(value: float | None) -> str:
    return wording.NOTHING if value is None else f"{value:.1%}"


def _name(compared: Compared, side: int) -> str:
    model, other = (compared.first, compared.second)[:: 1 if side == 0 else -1]
    parts = [model.name]
    if model.name == other.name:
        parts += [model.variant] if model.variant != other.variant else []
        parts += [model.preparation.precision.value]
    return " ".join(parts)
