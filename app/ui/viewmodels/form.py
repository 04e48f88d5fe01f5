"""The form that an answer is held to: what a person typed as a grammar, and grammars in words."""

from app.domain.grammar import Grammar, GrammarKind, json_schema
from app.errors import InvalidRequest
from app.services.asking import require_unicode

NAME = "Answer's form"
NAMES = {
    None: "Free",
    GrammarKind.JSON: "JSON object",
    GrammarKind.JSON_SCHEMA: "JSON schema",
    GrammarKind.REGEX: "Regular expression",
}
"""The forms that can be chosen, by what a person calls them."""

WRITTEN = {
    GrammarKind.JSON_SCHEMA: "Write a JSON schema, an object in braces.",
    GrammarKind.REGEX: "Write a regular expression.",
}
"""Those that need a text, and what is said while there is none."""

SHOWN = 60


def read_form(kind: GrammarKind | None, text: str) -> Grammar | None:
    """The form of a kind that `text` writes down; None leaves answers free.

    Raises:
        InvalidRequest: why the text cannot be used.
    """
    if kind is None:
        return None
    if kind not in WRITTEN:
        return Grammar(kind)
    if not text.strip():
        raise InvalidRequest(WRITTEN[kind])
    if kind is GrammarKind.JSON_SCHEMA:
        return json_schema(text)
    require_unicode(text)
    return Grammar(kind, text)


def words(grammar: Grammar) -> str:
    """A form as its kind and the beginning of its text."""
    name, text = NAMES.get(grammar.kind, grammar.kind.value), " ".join(grammar.text.split())
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f"{name} {shown}".rstrip()
