"""The text over which graphs are compared: our own, then sums, until there are enough tokens."""

import random
from collections.abc import Iterator

from app import paths
from app.engine.text.tokenizer import Tokenizer

POSITIONS = 2048
_SEED = 0


def sample_ids(tokenizer: Tokenizer | None, vocabulary: int) -> list[int]:
    """At least `POSITIONS` token ids: those of the text, or any where there is no tokenizer."""
    numbers = random.Random(_SEED)
    if tokenizer is None:
        return numbers.choices(range(vocabulary), k=POSITIONS)
    text = (paths.resources() / "measure" / "text.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text, add_special=True)
    for line in _sums(numbers):
        if len(ids) >= POSITIONS:
            break
        ids += tokenizer.encode(line, add_special=False)
    return ids


def _sums(numbers: random.Random) -> Iterator[str]:
    while True:
        a, b = numbers.randrange(1000), numbers.randrange(1000)
        yield f"{a} + {b} = {a + b}\n"
