"""A text with the numbers that a model gave each of its tokens."""

from msgspec import Struct

from app.domain.tokens import TokenRecord


class ScoredText(Struct, frozen=True, kw_only=True):
    """`tokens` cover `text` from its first character on; `model` is the name of who scored it."""

    title: str
    model: str
    text: str
    tokens: tuple[TokenRecord, ...]
