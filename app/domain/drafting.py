"""Speculative decoding as a request asks for it, and what came of it in an answer."""

from enum import StrEnum

from msgspec import Struct

from app.errors import InvalidRequest

MOST_DRAFT_TOKENS = 16
"""The longest draft: more tokens cost more to check than the last of them ever bring."""


class DraftKind(StrEnum):
    """Where drafts come from.

    `auto` takes the draft model that lies beside the model, as `NAME-draft`, and looks tokens up
    in the text so far where there is none.
    """

    OFF = "off"
    AUTO = "auto"
    LOOKUP = "lookup"
    MODEL = "model"


class Drafting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to draft: `path` is the folder of a draft model, for the kind `model` alone.

    `tokens` is a fixed length of every draft, which is never switched off; None adapts it.

    Raises:
        InvalidRequest: the fields do not go together, or the length is out of range.
    """

    kind: DraftKind = DraftKind.OFF
    path: str | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        if (self.kind is DraftKind.MODEL) != (self.path is not None):
            raise InvalidRequest("A draft model needs its folder, and nothing else does.")
        if self.tokens is not None and not 1 <= self.tokens <= MOST_DRAFT_TOKENS:
            raise InvalidRequest(
                f"The number of draft tokens must lie between 1 and {MOST_DRAFT_TOKENS}, "
                f"not {self.tokens}."
            )


NO_DRAFTS = Drafting()


class DraftReport(Struct, frozen=True, kw_only=True):
    """What drafting did for one answer.

    `model` is the draft model's name, empty for looked-up tokens. `positions` has, for each place
    in a draft, how many tokens were proposed there and how many of them were kept; `drafts` counts
    the runs that checked one. `speedup` is the speed of the whole answer against plain decoding,
    whose `plain_tokens_per_s` was timed on steps within it; None where too few were. `notes` say
    in sentences what did not go as asked, and why.
    """

    kind: DraftKind
    model: str = ""
    positions: tuple[tuple[int, int], ...] = ()
    drafts: int = 0
    speedup: float | None = None
    plain_tokens_per_s: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def proposed(self) -> int:
        """Tokens proposed at any place."""
        return sum(proposed for proposed, _ in self.positions)

    @property
    def kept(self) -> int:
        """Tokens kept at any place."""
        return sum(kept for _, kept in self.positions)
