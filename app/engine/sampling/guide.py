"""What the form of an answer allows behind every token of a sequence.

In: the tokens, thought and markers included. Out: those that may come next. Only the answer is
held to the form: what comes before it is free, but it must not be the end.
"""

from collections.abc import Iterable, Sequence
from copy import copy, deepcopy

import numpy as np

from app.domain.tokens import Channel
from app.engine.sampling.grammar import Grammars, Matcher
from app.engine.sampling.record import TokenBytes
from app.engine.text.channels import ChannelSplitter, Skip
from app.engine.text.textstream import TextStream


class Guide:
    """Follows one sequence with a `matcher`; `splitter` stands where the prompt ends.

    `signs` are the tokens that may come before the answer; of them, those in `once` open a thought,
    and no other follows one that is over. `spaced` says that white space ends the prompt.
    """

    def __init__(
        self,
        grammars: Grammars,
        matcher: Matcher,
        splitter: ChannelSplitter,
        text_bytes: TokenBytes,
        signs: Sequence[int],
        once: Sequence[int],
        spaced: bool,
    ) -> None:
        self._grammars = grammars
        self._matcher = matcher
        self._splitter = splitter
        self._text_bytes = text_bytes
        self._signs = np.zeros(grammars.size, dtype=bool)
        self._signs[list(signs)] = True
        self._once = list(once)
        self._spaced = spaced
        self._stream = TextStream()
        self._begun = False

    def allowed(self, size: int) -> np.ndarray:
        """The tokens that may come next, of those below `size`: rising ids, integers [n].

        Raises:
            InvalidRequest: the grammar is too complex to be followed further.
        """
        if self._begun:
            mask = self._matcher.mask()
        elif self._at_answer:
            mask = self._matcher.mask() | self._free()
        else:
            mask = np.ones(self._grammars.size, dtype=bool)
            mask[list(self._grammars.ends)] = False
        return np.flatnonzero(mask[:size])

    def add(self, token: int) -> None:
        """Go on by a token.

        Raises:
            InvalidRequest: the grammar does not allow it.
        """
        if token in self._grammars.ends:
            return
        if self._begun or (self._at_answer and not self._free()[token]):
            self._begun = True
            self._matcher.add([token])
        else:
            self._pass(token)

    def check(self, tokens: Iterable[int]) -> None:
        """Refuse what cannot come next, without going on.

        Raises:
            InvalidRequest: the grammar does not allow it.
        """
        ahead = self.fork()
        for token in tokens:
            ahead.add(token)

    def fork(self) -> "Guide":
        """A copy that goes its own way."""
        other = copy(self)
        other._matcher = self._matcher.fork()
        other._splitter, other._stream = copy(self._splitter), deepcopy(self._stream)
        return other

    @property
    def _at_answer(self) -> bool:
        return self._splitter.channel is Channel.ANSWER and not self._splitter.held

    def _free(self) -> np.ndarray:
        """What may come between a marker and the answer, bool [V]: one token of white space."""
        skip = Skip.NOTHING if self._spaced else self._splitter.skip
        match skip:
            case Skip.WHITESPACE:
                return self._signs | self._grammars.blank
            case Skip.LINE_BREAK:
                return self._signs | self._grammars.line_break
            case Skip.NOTHING:
                return self._signs

    def _pass(self, token: int) -> None:
        """Read a token before the answer, behind whose end in it the answer may begin."""
        text, _ = self._stream.push(self._text_bytes(token))
        self._spaced = text[-1:].isspace()
        thought = self._splitter.channel is Channel.REASONING
        segments = self._splitter.push(text)
        if thought and self._splitter.channel is Channel.ANSWER:
            self._signs = self._signs.copy()
            self._signs[self._once] = False
        answer = [each.text for each in segments if each.shown and each.channel is Channel.ANSWER]
        if answer:
            self._begun = True
            self._matcher.add_text("".join(answer) + self._splitter.held)
