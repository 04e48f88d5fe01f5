"""Finds tokens of a vocabulary by their text or id."""

from app.domain.requests import TokenSearch
from app.engine.sampling.statistics import Distribution
from app.engine.text.tokenizer import Tokenizer
from app.errors import InvalidRequest

MOST_FOUND = 1000


class Search:
    """A search that can be made, as `TokenSearch` describes it.

    Raises:
        InvalidRequest: more tokens are asked for than can be told of, or none.
    """

    def __init__(self, asked: TokenSearch) -> None:
        if not 1 <= asked.most <= MOST_FOUND:
            raise InvalidRequest(
                f"A search finds between 1 and {MOST_FOUND:,} tokens, not {asked.most}."
            )
        self._whole = asked.text.casefold()
        self._text = self._whole.strip()
        self._id = int(self._text) if self._text.isascii() and self._text.isdigit() else None
        self._most = asked.most

    def best(self, tokenizer: Tokenizer | None, row: Distribution) -> tuple[list[int], int]:
        """Ids of the best matches, and how many there are; a model without text has ids only."""
        matches = self._matches(tokenizer) if tokenizer else []
        if self._id is not None and self._id < row.logits.size and self._id not in matches:
            matches.append(self._id)

        def order(token: int) -> tuple[int, float, int]:
            closeness = self._closeness(tokenizer.searchable[token] if tokenizer else "", token)
            return closeness, -float(row.logits[token]), token

        return sorted(matches, key=order)[: self._most], len(matches)

    def _matches(self, tokenizer: Tokenizer) -> list[int]:
        """White space alone is looked for as it is; an empty text meets nothing."""
        wanted = self._text or self._whole
        if not wanted:
            return []
        return [id for id, text in enumerate(tokenizer.searchable) if wanted in text]

    def _closeness(self, text: str, token: int) -> int:
        if token == self._id or self._whole in (text, text.strip()) or text.strip() == self._text:
            return 0
        return 1 if text.lstrip().startswith(self._text) else 2
