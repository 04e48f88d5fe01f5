"""Source code as pieces of text, each of a kind that has a colour; joined they are the code.

In: code and the language that a model named, if any. Out: pieces. Pygments is imported with the
first block of code.
"""

from collections.abc import Iterator
from typing import Literal

Kind = Literal["plain", "keyword", "string", "number", "comment", "name"]
Piece = tuple[Kind, str]

LONGEST = 20_000  # beyond it, colours are not worth the time


def pieces(code: str, language: str) -> Iterator[Piece]:
    """The code in pieces; one plain piece where the language is unknown or the code is long."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = None
    if lexer is None or len(code) > LONGEST or "\r" in code:  # which a lexer would swallow
        yield "plain", code
        return
    for kind, text in lexer.get_tokens(code):
        yield _kind(kind), text


def _kind(token: object) -> Kind:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    kinds: tuple[tuple[object, Kind], ...] = (
        (Comment, "comment"),
        (String, "string"),
        (Number, "number"),
        (Keyword, "keyword"),
        (Operator.Word, "keyword"),
        (Name.Function, "name"),
        (Name.Class, "name"),
        (Name.Tag, "name"),
    )
    return next((kind for parent, kind in kinds if token in parent), "plain")  # type: ignore[operator]
