"""How long a thought may last: counts its tokens, and ends it by tokens that are forced.

In: each token of a sequence and the channel that it leads to. Out: what is to be forced next, and
the token that the sampler shall favour. Records keep the model's own numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.domain.requests import ThoughtLimit
from app.domain.tokens import Channel
from app.engine.text.channels import Format
from app.engine.text.tokenizer import Tokenizer
from app.errors import InvalidRequest

LANDING_TOKENS = 128
"""Before its limit, a thought is invited to end over at most so many tokens,"""
LANDING_PART = 4
"""and over at most one part in so many of its limit."""
LANDING_NATS = 20.0
"""What the sign that ends a thought gains at the limit, at the end of a sentence."""

_SENTENCE_ENDS = (b".", b"!", b"?", b":", "。".encode(), "！".encode(), "？".encode())

Favour = tuple[int, float]
"""A token and what is added to its logit, in nats."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The tokens that end a thought: a sentence, then what the model itself would write.

    `sign` is the one token that ends a thought, None where that takes several.
    """

    sentence: tuple[int, ...] = ()
    ending: tuple[int, ...] = ()
    sign: int | None = None


class Budget:
    """The thought of one sequence: at most `limit` tokens without its signs and its closing.

    `spent` has the tokens that the model thought so far; white space before them does not count.
    """

    def __init__(
        self, limit: ThoughtLimit, closing: Closing, token_bytes: Callable[[int], bytes]
    ) -> None:
        self.spent = 0
        self._limit = limit.tokens
        self._soft = limit.soft
        self._closing = closing
        self._token_bytes = token_bytes
        self._thinking = False
        self._waived = False

    def begin(self, channel: Channel) -> Sequence[int]:
        """What is forced first, behind a prompt that leads to `channel`."""
        self._thinking = channel is Channel.REASONING
        return self._end() if self._thinking and self._is_spent() else ()

    def add(self, token: int, channel: Channel) -> Sequence[int]:
        """Count a token of the model's own, which leads to `channel`; what is forced behind it."""
        was, self._thinking = self._thinking, channel is Channel.REASONING
        if was and self._thinking:
            self.spent += bool(self.spent or self._token_bytes(token).strip())
        return self._end() if self._thinking and self._is_spent() else ()

    def forced(self, channel: Channel) -> None:
        """Note where a forced token has led to."""
        self._thinking = channel is Channel.REASONING

    def answer_now(self) -> Sequence[int]:
        """Leave no more thought; what is forced next where one is under way."""
        self._waived = True
        return self._end() if self._thinking else ()

    def favour(self, last: int) -> Favour | None:
        """What the sampler shall favour behind the token `last`."""
        sign, limit = self._closing.sign, self._limit
        if not self._thinking or not self._soft or sign is None or limit is None:
            return None
        length = min(LANDING_TOKENS, limit // LANDING_PART)
        left = limit - self.spent
        if not 0 < left < length or not self._ends_sentence(last):
            return None
        return sign, LANDING_NATS * (1 - left / length)

    def _is_spent(self) -> bool:
        return self._waived or (self._limit is not None and self.spent >= self._limit)

    def _end(self) -> tuple[int, ...]:
        """A thought of no tokens ends without a word on it."""
        sentence = self._closing.sentence if self.spent else ()
        return (*sentence, *self._closing.ending)

    def _ends_sentence(self, token: int) -> bool:
        data = self._token_bytes(token)
        return b"\n" in data or data.rstrip().endswith(_SENTENCE_ENDS)


def closing(tokenizer: Tokenizer, format: Format, sentence: str) -> Closing:
    """The tokens that end a thought in `format`, after `sentence`, which may be empty.

    Raises:
        InvalidRequest: the sentence has no tokens, or holds a sign of the model's.
    """
    sign = next((tokenizer.id_of(each) for each in format.ends() if each in format.closing), None)
    ending = tokenizer.encode(format.closing, add_special=False)
    return Closing(_sentence(tokenizer, format, sentence), tuple(ending), sign)


def _sentence(tokenizer: Tokenizer, format: Format, sentence: str) -> tuple[int, ...]:
    text = sentence.strip()
    if not text:
        return ()
    hint = "Write another closing sentence."
    if tokenizer.controls.typed(text) or any(word in text for word in format.words()):
        raise InvalidRequest("The closing sentence holds one of the model's own signs.", hint)
    ids = tokenizer.encode(f"\n{text}", add_special=False)
    if tokenizer.decode(ids).strip() != text:
        raise InvalidRequest("The model's vocabulary cannot write the closing sentence.", hint)
    return tuple(ids)
