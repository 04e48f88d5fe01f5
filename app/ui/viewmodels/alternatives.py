"""The chosen token's alternatives as rows to draw: what else the model could have said there."""

import math

from msgspec import Struct
from msgspec.structs import replace

from app.domain.events import Alternative, Replayed
from app.domain.tokens import TokenRecord
from app.ui.viewmodels.wording import probability, tokens, visible

MOST = 8
REST = "all others"
BLANKS = {" ": "space", "\n": "new line", "\t": "tab", "\r": "carriage return"}
CONTROLS = {
    "<|im_start|>": "start of turn",
    "<|im_end|>": "end of turn",
    "<|eot_id|>": "end of turn",
    "<end_of_turn>": "end of turn",
    "<|end|>": "end of turn",
    "<|endoftext|>": "end of text",
    "<|end_of_text|>": "end of text",
    "</s>": "end of text",
    "<eos>": "end of text",
}


class Row(Struct, frozen=True, kw_only=True):
    """Paired bars: shares of the whole distribution, 0 to 1, raw and after sampling.

    `sampled` is None where it is not known. `chosen` is the token that was said, `rest` all those
    that have no row, which have no `id`, `word` the token as one says it. A `rank` is told of where
    the row is not in its place among the likeliest.
    """

    text: str
    word: str
    share: float
    sampled: float | None = None
    chosen: bool = False
    rest: bool = False
    id: int | None = None
    rank: int | None = None

    @property
    def number(self) -> str:
        """The raw share."""
        return probability(self.share)

    @property
    def sampled_number(self) -> str:
        """The share after sampling, or that sampling cuts the token; empty if not known."""
        if self.sampled is None:
            return ""
        return probability(self.sampled) if self.sampled else "cut"

    @property
    def spoken(self) -> str:
        """The row as a screen reader says it."""
        said = f"{self.word}, {percent(self.share)}"
        if self.rank is not None:
            said = f"{said}, rank {self.rank:,}"
        if self.sampled is None:
            return said
        after = f"{percent(self.sampled)} after sampling" if self.sampled else "cut by sampling"
        return f"{said}, {after}"


def rows(token: TokenRecord, replayed: Replayed | None = None) -> list[Row]:
    """At most `MOST` tokens, the chosen one among them, and all the others together."""
    listed = _stored(token) if replayed is None else _replayed(token, replayed)
    tail = token.tail if replayed is None else replayed.tail
    shown = _largest(listed)
    if tail is None:
        return shown
    left = [row for row in listed if row not in shown]
    rest = Row(text=REST, word=REST, share=tail + math.fsum(row.share for row in left), rest=True)
    if replayed is None:
        # The stored tail lies outside the stored candidates, so it holds a token not among them.
        own = math.fsum(row.share for row in listed[len(token.top) :])
        return [*shown, replace(rest, share=max(0.0, rest.share - own))]
    sampled = replayed.sampled_tail + math.fsum(row.sampled or 0.0 for row in left)
    return [*shown, replace(rest, sampled=sampled)]


def found_rows(token: TokenRecord, replayed: Replayed) -> list[Row]:
    """The tokens that a search met, the best match first."""
    return [replace(_told(each, token), rank=each.rank) for each in replayed.found]


def matches(replayed: Replayed) -> str:
    """How many tokens a search met."""
    shown, whole = len(replayed.found), replayed.matches
    if not whole:
        return "No token of the vocabulary matches."
    return tokens(whole) if shown == whole else f"The best {shown} of {tokens(whole)}"


def token_name(data: bytes, id: int, control: str = "") -> str:
    """A token's text with its white space drawn; a control token in words."""
    if not data and control:
        return f"⟨{CONTROLS.get(control, control)}⟩"
    return visible(data.decode("utf-8", errors="replace"), id)


def percent(share: float) -> str:
    """A share, 0 to 1, in words."""
    if 0 < share < 0.00005:
        return "under 0.01 percent"
    if 0.99995 <= share < 1:
        return "over 99.99 percent"
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " percent"


def _stored(token: TokenRecord) -> list[Row]:
    """The record's candidates, and the token itself at the end where it is not among them.

    Only of the token itself it is stored how sampling changed it.
    """
    found = [_row(each.data, each.id, each.logprob, token) for each in token.top]
    if token.logprob is not None and not any(row.chosen for row in found):
        found.append(_row(token.data, token.id, token.logprob, token))
    if token.sampled_logprob is None:
        return found
    drawn = math.exp(token.sampled_logprob)
    return [replace(row, sampled=drawn) if row.chosen else row for row in found]


def _replayed(token: TokenRecord, replayed: Replayed) -> list[Row]:
    return [_told(each, token) for each in replayed.alternatives]


def _told(each: Alternative, token: TokenRecord) -> Row:
    sampled = 0.0 if each.sampled_logprob is None else math.exp(each.sampled_logprob)
    return replace(_row(each.data, each.id, each.logprob, token, each.name), sampled=sampled)


def _row(data: bytes, id: int, logprob: float, token: TokenRecord, control: str = "") -> Row:
    text = token_name(data, id, control)
    return Row(
        text=text,
        word=_word(data) or text.strip("⟨⟩"),
        share=math.exp(logprob),
        chosen=id == token.id,
        id=id,
    )


def _word(data: bytes) -> str:
    text = data.decode("utf-8", errors="replace")
    return text.strip() or ", ".join(BLANKS.get(sign, "blank") for sign in text)


def _largest(listed: list[Row]) -> list[Row]:
    """The rows with the longest bars, the chosen one in any case, in their order."""
    ranked = sorted(listed, key=lambda row: (not row.chosen, -max(row.share, row.sampled or 0.0)))
    kept = ranked[:MOST]
    return [row for row in listed if row in kept]
