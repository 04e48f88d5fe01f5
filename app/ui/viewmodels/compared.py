"""What is said of a comparison; pure functions of its pieces."""

import math

from app.domain.comparison import Alignment, Piece, Summary
from app.domain.events import Compared
from app.domain.tokens import Channel, Source, TokenRecord
from app.ui.viewmodels import wording
from app.ui.viewmodels.heat import FULL_BITS

FULL_NATS = 1.0
MEANINGS = {
    "Divergence, mean": "Kullback-Leibler divergence of the second model's distribution from the"
    " first's, over the whole vocabulary, in nats. 0 says that both are the same.",
    "Divergence, worst": "The largest divergence at any one token.",
    "Same likeliest token": "How often both models would have said the same next, without chance.",
    "Mean change": "By how much likelier the second model finds the text, in nats for each token.",
}

Named = list[tuple[str, str]]


def overview(found: Summary) -> Named:
    """The numbers of the whole comparison by their names."""
    agreement = wording.NOTHING if found.agreement is None else f"{found.agreement:.1%}"
    return [
        ("Divergence, mean", _nats(found.kl_mean)),
        ("Divergence, worst", _nats(found.kl_max)),
        ("Same likeliest token", agreement),
        ("Mean change", wording.signed(found.delta_mean)),
        ("Compared", f"{found.count:,} pieces"),
    ]


def verdict(compared: Compared) -> str:
    """The comparison in a sentence or two."""
    found = compared.summary
    names = f"{_name(compared, 0)} and {_name(compared, 1)}"
    if found.kl_mean is None or found.agreement is None:
        return f"{names}: {found.note}"
    changed = 1 - found.agreement
    much = (
        "are the same here"
        if found.kl_max is not None and found.kl_max < 1e-6
        else "hardly differ"
        if found.kl_mean < 0.001
        else "differ a little"
        if found.kl_mean < 0.05
        else "differ clearly"
    )
    said = f"{names} {much}: the likeliest token is another one at {changed:.1%} of the places."
    return f"{said} {found.note}".rstrip()


def piece_words(piece: Piece) -> str:
    """A piece in one line of a list."""
    apart = piece.delta if piece.kl is None else piece.kl
    return f"{wording.signed(apart)}   {wording.visible(piece.text, (*piece.first, 0)[0])}"


def piece_facts(piece: Piece) -> Named:
    """The numbers of one piece by their names."""
    agrees = {None: wording.NOTHING, True: "yes", False: "no"}
    return [
        ("First model", wording.logprob_probability(piece.logprob)),
        ("Second model", wording.logprob_probability(piece.other)),
        ("Change in logprob", wording.signed(piece.delta)),
        ("Divergence", _nats(piece.kl)),
        ("Same likeliest token", agrees[piece.agreeing]),
    ]


def coloured(piece: Piece, alignment: Alignment) -> TokenRecord:
    """A record whose surprise stands for how far the models are apart: all of it at 1 nat."""
    apart = abs(piece.delta or 0.0) if alignment is Alignment.BYTES else piece.kl or 0.0
    return TokenRecord(
        id=(*piece.first, 0)[0],
        data=piece.data,
        start=piece.start,
        end=piece.end,
        logprob=-min(apart / FULL_NATS, 1.0) * FULL_BITS * math.log(2),
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


def _name(compared: Compared, side: int) -> str:
    model, other = (compared.first, compared.second)[:: 1 if side == 0 else -1]
    parts = [model.name]
    if model.name == other.name:
        parts += [model.variant] if model.variant != other.variant else []
        parts += [model.preparation.precision.value]
    return " ".join(parts)
