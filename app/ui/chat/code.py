"""Source code as pieces of text, each of a kind that has a colour; joined they are the code.

In: code and the language that a model named, if any. Out: pieces.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String
from pygments.util import ClassNotFound

Kind = Literal["plain", "keyword", "string", "number", "comment", "name"]
Piece = tuple[Kind, str]

LONGEST = 20_000  # beyond it, colours are not worth the time
KINDS: tuple[tuple[object, Kind], ...] = (
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Function, "name"),
    (Name.Class, "name"),
    (Name.Tag, "name"),
)


def pieces(code: str, language: str) -> Iterator[Piece]:
    """The code in pieces; one plain piece where the language is unknown or the code is long."""
    lexer = _lexer(language)
    if lexer is None or len(code) > LONGEST or "\r" in code:  # which a lexer would swallow
        yield "plain", code
        return
    for kind, text in lexer.get_tokens(code):
        yield _kind(kind), text


def _kind(token: object) -> Kind:
    return next((kind for parent, kind in KINDS if token in parent), "plain")  # type: ignore[operator]


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    """Looked for once: an unknown name makes Pygments look through all that is installed."""
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
