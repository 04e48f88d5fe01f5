"""Domain values as the objects of an export: every field by its name, nothing lost.

They inherit the fields of the domain, so that a new one is exported too; only what is written
differently is spelled here.
"""

from msgspec import Struct, structs

from app.domain.conversation import Turn
from app.domain.tokens import LEAST_LOGPROB, Candidate, TokenRecord

RULED_OUT = float("-inf")
READABLE = {"readable": "text"}


class CandidateObject(
    Candidate, frozen=True, array_like=False, gc=False, forbid_unknown_fields=True, rename=READABLE
):
    """A candidate, with its bytes as text for whoever reads the file."""

    readable: str = ""


class TokenObject(
    TokenRecord,
    frozen=True,
    array_like=False,
    gc=False,
    forbid_unknown_fields=True,
    rename=READABLE,
):
    """A token's record, with its bytes as text for whoever reads the file."""

    top: tuple[CandidateObject, ...]
    refused: CandidateObject | None = None
    readable: str = ""


class MessageObject(Turn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A turn in its place; `written_at` is when it was begun, in Unix seconds."""

    tokens: tuple[TokenObject, ...] = ()  # pyright: ignore[reportIncompatibleVariableOverride]
    parent: int | None
    written_at: float


class ChatObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A chat; `leaf` is the message that it ends with where it is opened."""

    title: str
    leaf: int
    changed_at: float
    messages: tuple[MessageObject, ...]


class TextObject(Struct, frozen=True, forbid_unknown_fields=True):
    """A scored text."""

    title: str
    model: str
    text: str
    tokens: tuple[TokenObject, ...]


def token_object(token: TokenRecord) -> TokenObject:
    """The record as an object; minus infinity, which JSON lacks, becomes `LEAST_LOGPROB`."""
    values = {
        **structs.asdict(token),
        "logprob": None if token.logprob is None else _finite(token.logprob),
        "sampled_logprob": None
        if token.sampled_logprob is None
        else _finite(token.sampled_logprob),
        "top": tuple(_candidate_object(each) for each in token.top),
        "refused": None if token.refused is None else _candidate_object(token.refused),
    }
    return TokenObject(**values, readable=token.text)


def token_record(found: TokenObject) -> TokenRecord:
    """The record that `token_object` was given."""
    values = {
        **{name: getattr(found, name) for name in TokenRecord.__struct_fields__},
        "logprob": None if found.logprob is None else _exact(found.logprob),
        "sampled_logprob": None if found.sampled_logprob is None else _exact(found.sampled_logprob),
        "top": tuple(_candidate(each) for each in found.top),
        "refused": None if found.refused is None else _candidate(found.refused),
    }
    return TokenRecord(**values)


def _candidate_object(candidate: Candidate) -> CandidateObject:
    logprob = _finite(candidate.logprob)
    return CandidateObject(candidate.id, candidate.data, logprob, candidate.text)


def _candidate(found: CandidateObject) -> Candidate:
    return Candidate(found.id, found.data, _exact(found.logprob))


def _finite(logprob: float) -> float:
    return LEAST_LOGPROB if logprob == RULED_OUT else logprob


def _exact(logprob: float) -> float:
    return RULED_OUT if logprob == LEAST_LOGPROB else logprob
