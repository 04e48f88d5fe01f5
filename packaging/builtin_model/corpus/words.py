"""Plain words by kind, from `phrases/words.txt`: material for letters, labels, names and JSON."""

from .phrasebook import PHRASES, read_lists

LISTS = read_lists(PHRASES / "words.txt")
KINDS = {
    kind: words for kind, words in LISTS.items() if kind not in ("name", "city", "word", "syllable")
}
ANIMALS, FRUITS, COLOURS = KINDS["animal"], KINDS["fruit"], KINDS["colour"]
NAMES, CITIES = LISTS["name"], LISTS["city"]
ALL_WORDS = tuple(
    dict.fromkeys([*LISTS["word"], *(word for kind in KINDS.values() for word in kind)])
)
