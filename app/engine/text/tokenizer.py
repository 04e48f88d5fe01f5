"""Text to token ids, and token ids to the exact bytes they stand for.

Reads tokenizer.json through the `tokenizers` library; the bytes of a single token are our own
work, since the library decodes only whole texts.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as NativeTokenizer

from app.engine.files import checked
from app.engine.text.controls import ControlTokens, Marks
from app.errors import ContextExceeded, InvalidRequest, ModelDamaged, ModelUnsupported

_SPACE = "\u2581"  # sentencepiece's visible space


class Tokenizer:
    """A model's vocabulary; `controls` are its control tokens as text.

    Args:
        path: a tokenizer.json.
        bos: the token that begins a text, where the file may leave it out and the model wants it.

    Raises:
        ModelDamaged: the file cannot be read.
        ModelUnsupported: its decoder has no rule.
    """

    def __init__(self, path: Path, bos: str | None = None) -> None:
        description = checked.read_json(path)
        self._native = _native(path)
        self._native.no_truncation()
        self._native.no_padding()
        vocabulary = self._native.get_vocab(with_added_tokens=True)
        self.vocabulary_size = max(vocabulary.values(), default=-1) + 1
        self._longest = max(map(len, vocabulary), default=1)
        self._bos = None if bos is None else self._native.token_to_id(bos)
        self._added = self._native.get_added_tokens_decoder()
        self._bytes_of = _byte_rule(description)
        self._cache: dict[int, bytes] = {}
        self.controls = ControlTokens(self._native)

    def encode(self, text: str, add_special: bool, limit: int | None = None) -> list[int]:
        """Token ids of `text`, with the tokenizer's own special tokens around it if asked.

        Special tokens written out in the text become those tokens.

        Raises:
            ContextExceeded: there are more than `limit` tokens. A text that is too long whatever
                its tokens is refused unread.
            InvalidRequest: the text holds a lone surrogate.
        """
        self.check_length(len(text), limit)
        try:
            # A batch of one: unlike `encode`, it lets other threads run, such as the heartbeat.
            ids = self._native.encode_batch([text], add_special_tokens=add_special)[0].ids
        except (UnicodeEncodeError, TypeError) as error:
            raise InvalidRequest("The text holds a character that is not valid Unicode.") from error
        if add_special and self._bos is not None and ids[:1] != [self._bos]:
            ids = [self._bos, *ids]
        return _within(ids, limit)

    def encode_marked(self, marked: str, marks: Marks, limit: int | None = None) -> list[int]:
        """Token ids of a prompt whose typed control tokens are marked and stay text.

        Raises:
            ContextExceeded: there are more than `limit` tokens.
            InvalidRequest: a typed token cannot be kept apart.
        """
        return _within(self.controls.encode(marked, marks), limit)

    def check_length(self, characters: int, limit: int | None) -> None:
        """Refuse a text that is too long for `limit` tokens whatever they are.

        Raises:
            ContextExceeded: it is.
        """
        if limit is not None and characters > limit * self._longest:
            raise ContextExceeded(
                f"The text has {characters:,} characters; this model holds {limit:,} tokens of at "
                f"most {self._longest} characters each.",
                "Shorten the text.",
            )

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; control tokens give nothing, broken characters U+FFFD."""
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", errors="replace")

    def token_bytes(self, id: int) -> bytes:
        """The bytes of one token; empty for control tokens and for ids that no token has."""
        if id not in self._cache:
            self._cache[id] = self._read_bytes(id)
        return self._cache[id]

    @property
    def added(self) -> list[str]:
        """The tokens that are found in a text before anything else, as they are written."""
        return [token.content for token in self._added.values()]

    def is_special(self, id: int) -> bool:
        """Whether the token is a control token, such as the end of a turn."""
        added = self._added.get(id)
        return added is not None and added.special

    def name(self, id: int) -> str:
        """How a control token is written in the vocabulary; empty for every other token."""
        return self._added[id].content if self.is_special(id) else ""

    @cached_property
    def searchable(self) -> tuple[str, ...]:
        """Every token's text, or its name if it is a control token, as a search compares it."""
        ids = range(self.vocabulary_size)
        texts = (self.token_bytes(id).decode("utf-8", "replace") or self.name(id) for id in ids)
        return tuple(text.casefold() for text in texts)

    def written(self, id: int) -> str | None:
        """How any token is written in the vocabulary; None for ids that no token has."""
        return self._native.id_to_token(id)

    def id_of(self, token: str) -> int | None:
        """The id of the token that is written `token` in the vocabulary."""
        return self._native.token_to_id(token)

    def _read_bytes(self, id: int) -> bytes:
        added = self._added.get(id)
        if added is not None:
            return b"" if added.special else added.content.encode()
        token = self._native.id_to_token(id) if 0 <= id < self.vocabulary_size else None
        return self._bytes_of(token) if token is not None else b""


def _within(ids: list[int], limit: int | None) -> list[int]:
    if limit is not None and len(ids) > limit:
        raise ContextExceeded(
            f"The text needs {len(ids):,} tokens; this model holds {limit:,}.",
            "Shorten the text.",
        )
    return ids


def _native(path: Path) -> NativeTokenizer:
    try:
        return NativeTokenizer.from_file(str(path))
    except Exception as error:
        raise ModelDamaged(
            f"{path.name} cannot be read: {error}.", "Download the model again."
        ) from error


def _byte_rule(description: dict[str, Any]) -> Callable[[str], bytes]:
    """How a token's written form becomes bytes, by the kind of the tokenizer's decoder."""
    kinds = _decoder_kinds(description.get("decoder"))
    if "ByteLevel" in kinds:
        return _from_byte_level
    if kinds & {"Metaspace", "ByteFallback", "Replace"}:
        return _from_sentencepiece
    named = ", ".join(sorted(kinds)) or "none"
    raise ModelUnsupported(
        f"Candor has no rule for this model's tokenizer (decoder: {named}).",
        "Choose a model with a byte-level or sentencepiece tokenizer.",
    )


def _decoder_kinds(decoder: dict[str, Any] | None) -> set[str]:
    if not decoder:
        return set()
    if decoder.get("type") == "Sequence":
        return {each.get("type", "") for each in decoder.get("decoders", [])}
    return {decoder.get("type", "")}


def _byte_alphabet() -> dict[str, int]:
    """The 256 printable characters by which byte-level BPE writes bytes (GPT-2, 2019)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    written = {chr(byte): byte for byte in printable}
    return written | {chr(256 + place): byte for place, byte in enumerate(others)}


_BYTES = _byte_alphabet()


def _from_byte_level(token: str) -> bytes:
    if all(character in _BYTES for character in token):
        return bytes(_BYTES[character] for character in token)
    return token.encode()


def _from_sentencepiece(token: str) -> bytes:
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return bytes([int(token[3:5], 16)])
    return token.replace(_SPACE, " ").encode()
