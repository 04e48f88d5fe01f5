"""Prompt lookup: what followed the last tokens when they came before is proposed again.

Source: Saxena 2023, prompt lookup decoding; also Yang et al. 2023, Inference with Reference.
"""

from collections.abc import Sequence

from app.engine.sampling.proposal import Proposal
from app.engine.speculation.proposer import Drawn

_KEY = 2  # tokens that have to come again
_PLACES = 8  # of the same key that are compared, the latest ones
_LONGEST = 32  # a longer match says no more


class Lookup:
    """Finds the place that shares the longest stretch of tokens before it with the end."""

    name = ""
    behind = False

    def __init__(self) -> None:
        self._places: dict[tuple[int, ...], list[int]] = {}
        self._read = _KEY

    def propose(self, sequence: Drawn, count: int, floor: float) -> list[Proposal]:
        """At most `count` tokens, fewer behind a short match, which is more often chance."""
        ids = sequence.ids
        self._index(ids)
        place, length = self._longest(ids)
        found: list[int] = []
        for at in range(place, place + min(count, 2 * length - 2)):
            found.append(ids[at] if at < len(ids) else found[at - len(ids)])
        return [Proposal(token) for token in found]

    def close(self) -> None:
        """Nothing is held."""

    def _index(self, ids: Sequence[int]) -> None:
        """Note where each key of `ids` ends."""
        for end in range(self._read, len(ids) + 1):
            places = self._places.setdefault(tuple(ids[end - _KEY : end]), [])
            places.append(end)
            del places[:-_PLACES]
        self._read = max(self._read, len(ids) + 1)

    def _longest(self, ids: Sequence[int]) -> tuple[int, int]:
        """Where the longest match ends, the latest of several, and its length; 0 for none."""
        places = [each for each in self._places.get(tuple(ids[-_KEY:]), ()) if each < len(ids)]
        matches = [(_shared(ids, place), place) for place in places]
        length, place = max(matches, default=(0, 0))
        return place, length


def _shared(ids: Sequence[int], place: int) -> int:
    """How many tokens before `place` are those before the end."""
    most = min(place, _LONGEST)
    return next((n for n in range(most) if ids[place - 1 - n] != ids[-1 - n]), most)
