"""Keeps control tokens that somebody typed apart from those that a chat template wrote.

`<|im_start|>` in a message is text, not the start of a turn. Before a template sees the messages,
what is typed in them is put between two marks; in the prompt, tokens outside of marks are replaced
by aliases with the same id and flags, and the rest is encoded as text. One call encodes the whole,
so that every other token comes out as it does without marks.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tokenizers import AddedToken
from tokenizers import Tokenizer as NativeTokenizer

from app.errors import InvalidRequest

_WRITTEN_AS_TEXT = re.compile(r"</?(think|tool_call|tool_response|tools|answer)>|\[/?THINK\]")
_PRIVATE = range(0x100000, 0x10FFFE)  # the last plane of private characters


@dataclass(frozen=True, slots=True)
class Marks:
    """Two characters that no message holds, around what was typed."""

    start: str
    end: str

    def remove(self, text: str) -> str:
        """The text as it was before it was marked."""
        return text.replace(self.start, "").replace(self.end, "")


class ControlTokens:
    """A tokenizer's control tokens as text.

    Markers of reasoning and tool calls are no part of them: templates and models treat those as
    text. `guarded` are the tokens that are kept apart.
    """

    def __init__(self, native: NativeTokenizer) -> None:
        self._native = native
        self._tokens = {
            token.content: (id, token)
            for id, token in native.get_added_tokens_decoder().items()
            if _is_control(token)
        }
        self._ids = {id for id, _ in self._tokens.values()}
        self._pattern = re.compile(_pattern(self._tokens))
        self._aliases: dict[str, str] = {}
        self._meant: dict[int, int] = {}

    @property
    def guarded(self) -> frozenset[str]:
        """The tokens as they are written."""
        return frozenset(self._tokens)

    @property
    def literal(self) -> bool:
        """Whether the tokenizer finds them only where they are written letter by letter."""
        normalized = any(token.normalized for _, token in self._tokens.values())
        return self._native.normalizer is None or not normalized

    def typed(self, value: object) -> bool:
        """Whether any text in `value` holds a control token."""
        return any(self._pattern.search(text) for text in _texts(value))

    def marks(self, value: object) -> Marks:
        """Marks that can be told from everything in `value`."""
        used = {character for text in _texts(value) for character in text if character > "\uffff"}
        free = (chr(code) for code in _PRIVATE if chr(code) not in used)
        return Marks(next(free), next(free))

    def mark(self, value: Any, marks: Marks) -> Any:
        """`value` with marks around every control token in its texts; names stay as they are."""
        if isinstance(value, str):
            return self._pattern.sub(rf"{marks.start}\g<0>{marks.end}", value)
        if isinstance(value, Mapping):
            return {key: self.mark(each, marks) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.mark(each, marks) for each in value]
        return value

    def encode(self, marked: str, marks: Marks) -> list[int]:
        """Token ids of a prompt, what lies between marks as text.

        Raises:
            InvalidRequest: this tokenizer makes a control token even of text.
        """
        parts = re.split(f"({marks.start}.*?{marks.end})", marked, flags=re.DOTALL)
        for part in parts:
            self._prepare(self._pattern.findall(part))
        parts[::2] = [self._pattern.sub(self._alias, part) for part in parts[::2]]
        ids = self._encode_as_text(marks.remove("".join(parts)))
        found = [id for id in ids if id in self._ids]
        if found:
            text = self._native.id_to_token(found[0])
            raise InvalidRequest(
                f'A message holds "{text}", which this model cannot tell from its own sign.',
                "Write it differently.",
            )
        return [self._meant.get(id, id) for id in ids]

    def typable(self) -> list[str]:
        """The tokens that stay text when they are typed; the others are refused in messages."""
        marks = self.marks("")
        return [each for each in self._tokens if self._stays_text(self.mark(each, marks), marks)]

    def _stays_text(self, marked: str, marks: Marks) -> bool:
        try:
            self.encode(marked, marks)
        except InvalidRequest:
            return False
        return True

    def _prepare(self, contents: Iterable[str]) -> None:
        """Give tokens their aliases, which live beside them in the vocabulary from now on."""
        new = [each for each in dict.fromkeys(contents) if each not in self._aliases]
        for content in new:
            self._aliases[content] = f"\U0010fffd{secrets.token_hex(16)}\U0010fffd"
        # Only special tokens can be switched off, so the guarded ones all become special here.
        tokens = [self._tokens[each][1] for each in new]
        self._native.add_special_tokens([_copy(each, each.content, True) for each in tokens])
        self._native.add_tokens([_copy(each, self._aliases[each.content]) for each in tokens])
        for content in new:
            alias = self._native.token_to_id(self._aliases[content])
            assert alias is not None
            self._meant[alias] = self._tokens[content][0]

    def _alias(self, match: re.Match[str]) -> str:
        return self._aliases[match[0]]

    def _encode_as_text(self, text: str) -> list[int]:
        self._native.encode_special_tokens = True
        try:
            return self._native.encode_batch([text], add_special_tokens=False)[0].ids
        finally:
            self._native.encode_special_tokens = False


def _is_control(token: AddedToken) -> bool:
    shaped = token.content.startswith("<|") and token.content.endswith("|>")
    one_sign = len(token.content.strip()) < 2
    return (
        (token.special or shaped) and not one_sign and not _WRITTEN_AS_TEXT.fullmatch(token.content)
    )


def _copy(token: AddedToken, content: str, special: bool = False) -> AddedToken:
    """The token with its flags under another text."""
    return AddedToken(
        content,
        single_word=token.single_word,
        lstrip=token.lstrip,
        rstrip=token.rstrip,
        normalized=token.normalized,
        special=special,
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _pattern(words: Iterable[str]) -> str:
    """A pattern of the longest of `words`, letter by letter, since there may be thousands."""
    branches: dict[str, list[str]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    ends = branches.pop("", None) is not None
    if not branches:
        return "" if ends else "(?!)"
    rest = "|".join(re.escape(first) + _pattern(tails) for first, tails in branches.items())
    return f"(?:{rest})?" if ends else f"(?:{rest})"
