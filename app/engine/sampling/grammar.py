"""A grammar over a model's tokens: which of them may come next.

In: a form as a person writes it. Out: a mask over the vocabulary behind every token. Parsing is
llguidance's (Moskal et al., https://github.com/guidance-ai/llguidance): an Earley parser over
derivatives of regular expressions, walked along a trie of the vocabulary's bytes.
"""

import json
import re
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from llguidance import LLMatcher, LLTokenizer, regex_to_lark

from app.domain.grammar import Grammar, GrammarKind
from app.engine.text.tokenizer import Tokenizer
from app.errors import InvalidRequest

_SPACE = {"x-guidance": {"whitespace_pattern": r"[ \n\r\t]{0,20}"}}
"""Between the parts of JSON, so that no answer is spaces without end."""

_ANY_CUT = '%llguidance {"no_forcing": true}'
"""Leaves every cut of a text into tokens to the model, not only the tokenizer's own."""

_WHERE = re.compile(r"^at \d+\(\d+\): (failed to compile JSON schema: )?")
"""Places in what is written around a person's text."""

_NAMES = {
    GrammarKind.JSON: "JSON",
    GrammarKind.JSON_SCHEMA: "JSON schema",
    GrammarKind.REGEX: "regular expression",
    GrammarKind.LARK: "grammar",
}


class Matcher:
    """How far one answer has come in its grammar, over a vocabulary of `size` tokens."""

    def __init__(self, vocabulary: LLTokenizer, native: LLMatcher, size: int) -> None:
        self._vocabulary = vocabulary
        self._native = native
        self._size = size

    def mask(self) -> np.ndarray:
        """Which tokens may come next, bool [V]; those that end the answer where it is complete.

        Raises:
            InvalidRequest: the grammar is too complex to be followed further.
        """
        bits = np.frombuffer(self._native.compute_bitmask(), dtype=np.uint8)
        if self._native.is_error():
            raise self._stuck()
        return np.unpackbits(bits, count=self._size, bitorder="little").view(bool)

    def _stuck(self) -> InvalidRequest:
        reason = _reason(self._native.get_error())
        if reason.startswith("NoExtension"):
            return InvalidRequest("No answer fits the grammar from here on.", "Change the grammar.")
        return InvalidRequest(
            f"The grammar cannot be followed any further: {reason}.", "Choose a simpler one."
        )

    def add(self, tokens: Iterable[int]) -> None:
        """Go on by these tokens.

        Raises:
            InvalidRequest: they are not what the grammar allows.
        """
        ids = list(tokens)
        if self._native.validate_tokens(ids) < len(ids):
            text = self._vocabulary.decode_str(ids)
            raise InvalidRequest(
                f"The given answer does not fit the grammar, which does not allow {text!r} there.",
                "Change what the answer begins with, or the grammar.",
            )
        self._native.consume_tokens(ids)

    def add_text(self, text: str) -> None:
        """Go on by this text, however it is cut into tokens.

        Raises:
            InvalidRequest: it is not what the grammar allows.
        """
        self.add(self._vocabulary.greedy_tokenize(text))

    def fork(self) -> "Matcher":
        """A copy that goes its own way."""
        return Matcher(self._vocabulary, self._native.deep_copy(), self._size)


class Grammars:
    """Makes matchers for one model, with `size` tokens of which those in `ends` end an answer.

    `signs` are tokens that are no text, as they are written, beside the control tokens.
    """

    def __init__(
        self, tokenizer: Tokenizer | None, size: int, ends: frozenset[int], signs: Iterable[str]
    ) -> None:
        self.size = size
        self.ends = ends
        self._tokenizer = tokenizer
        self._signs = tuple(signs)

    def matcher(self, grammar: Grammar) -> Matcher:
        """A matcher that stands at the beginning.

        Raises:
            InvalidRequest: the grammar cannot be used, or not with this model.
        """
        vocabulary = self._vocabulary
        native = LLMatcher(vocabulary, _written(grammar), log_level=0)
        if native.is_error():
            raise _refused(grammar, native.get_error())
        return Matcher(vocabulary, native, self.size)

    @cached_property
    def blank(self) -> np.ndarray:
        """Which tokens are white space, bool [V]."""
        return np.array([each.isspace() for each in self._bytes])

    @cached_property
    def line_break(self) -> np.ndarray:
        """Which tokens are one line break, bool [V]."""
        return np.array([each == b"\n" for each in self._bytes])

    @cached_property
    def _bytes(self) -> list[bytes]:
        if self._tokenizer is None:
            raise InvalidRequest("A grammar needs a tokenizer, which this model folder lacks.")
        return [self._tokenizer.token_bytes(id) for id in range(self.size)]

    @cached_property
    def _vocabulary(self) -> LLTokenizer:
        if not self.ends:
            raise InvalidRequest("This model has no token that would end an answer with a grammar.")
        return LLTokenizer(
            _Vocabulary(self._bytes, self._control_ids(), min(self.ends)),  # type: ignore[arg-type]
            eos_token=sorted(self.ends),
        )

    def _control_ids(self) -> list[int]:
        assert self._tokenizer is not None
        signs = {self._tokenizer.id_of(each) for each in self._signs}
        ids = range(self.size)
        return [id for id in ids if id in signs or self._tokenizer.is_special(id)]


class _Vocabulary:
    """The tokens as llguidance reads them from Python; grammars force no text, so that it never
    asks how one is encoded."""

    is_tokenizer_wrapper = True
    bos_token_id = None

    def __init__(self, tokens: list[bytes], control_ids: list[int], end: int) -> None:
        self.tokens = tokens
        self.special_token_ids = control_ids
        self.eos_token_id = end

    def __call__(self, text: bytes | str) -> list[int]:
        raise NotImplementedError


def _written(grammar: Grammar) -> str:
    """The grammar as llguidance reads it."""
    match grammar.kind:
        case GrammarKind.JSON:
            return _json({"type": "object"})
        case GrammarKind.JSON_SCHEMA:
            return _json(_schema(grammar))
        case GrammarKind.REGEX:
            return f"{_ANY_CUT}\nstart: /{regex_to_lark(grammar.text)}/"
        case GrammarKind.LARK:
            return f"{grammar.text}\n{_ANY_CUT}"


def _json(schema: dict[str, object]) -> str:
    return f"{_ANY_CUT}\nstart: %json {json.dumps({**schema, **_SPACE})}"


def _schema(grammar: Grammar) -> dict[str, object]:
    try:
        schema = json.loads(grammar.text)
    except ValueError as error:
        raise _refused(grammar, f"it is not JSON ({error})") from error
    if not isinstance(schema, dict):
        raise _refused(grammar, "it is not a JSON object")
    return schema


def _refused(grammar: Grammar, reason: str) -> InvalidRequest:
    said = reason if grammar.kind is GrammarKind.LARK else _WHERE.sub("", reason)
    return InvalidRequest(f"The {_NAMES[grammar.kind]} cannot be used: {_reason(said)}.")


def _reason(said: str) -> str:
    """What is wrong, of all that llguidance says of it."""
    lines = [each.strip() for each in said.splitlines()] or [""]
    errors = [each.removeprefix("error: ") for each in lines if each.startswith("error: ")]
    return (errors or lines)[0].rstrip(".")
