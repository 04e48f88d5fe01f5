"""The chosen token's alternatives as rows to draw: what else the model could have said there."""

import math

from msgspec import Struct

from app.domain.tokens import TokenRecord
from app.ui.viewmodels.wording import probability, token_text, visible


class Row(Struct, frozen=True):
    """One bar: `share` of the whole distribution, 0 to 1; `chosen` is the token that was said."""

    text: str
    share: float
    number: str
    chosen: bool = False
    rest: bool = False


def rows(token: TokenRecord) -> list[Row]:
    """The likeliest tokens, the token itself where it is not among them, and all the others."""
    listed = [_row(visible(c.text, c.id), c.logprob, c.id == token.id) for c in token.top]
    rest = token.tail
    if token.logprob is not None and not any(row.chosen for row in listed):
        own = _row(token_text(token), token.logprob, chosen=True)
        listed.append(own)
        rest = None if rest is None else max(0.0, rest - own.share)
    if rest is not None:
        listed.append(Row("all others", rest, probability(rest), rest=True))
    return listed


def _row(text: str, logprob: float, chosen: bool) -> Row:
    share = math.exp(logprob)
    return Row(text, share, probability(share), chosen)
