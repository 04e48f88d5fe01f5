"""Reads the hand-written phrasings: blocks of plain text, one phrasing a line.

A block begins with `# key`. `@ term | term` and `+ action | action` give nouns and verbs for
composed questions, `= text` an answer; a line with `~` is held out for the evaluation, every other
one is trained on. A list file has one `kind: item, item` a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .source import Forms

PHRASES = Path(__file__).parent / "phrases"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a file."""

    key: str
    terms: tuple[str, ...]
    actions: tuple[str, ...]
    answers: tuple[str, ...]
    forms: Forms


@cache
def read_blocks(file: Path) -> tuple[Block, ...]:
    """The blocks of a file, in order."""
    return tuple(_block(text) for text in f"\n{file.read_text('utf-8')}".split("\n# ")[1:])


def read_forms(name: str) -> dict[str, Forms]:
    """The phrasings in `phrases/name.txt` by key."""
    return {block.key: block.forms for block in read_blocks(PHRASES / f"{name}.txt")}


@cache
def read_lists(file: Path) -> dict[str, tuple[str, ...]]:
    """The lists of a file by kind."""
    lines = [line.split(": ", 1) for line in file.read_text("utf-8").splitlines() if line]
    return {kind: tuple(items.split(", ")) for kind, items in lines}


def _block(text: str) -> Block:
    lines = [line.strip().replace("\\n", "\n") for line in text.splitlines() if line.strip()]
    key, *lines = lines
    return Block(
        key=key,
        terms=_listed(lines, "@ "),
        actions=_listed(lines, "+ "),
        answers=tuple(_marked(lines, "= ")),
        forms=Forms(
            tuple(line for line in lines if line[:2] not in ("@ ", "+ ", "= ", "~ ")),
            tuple(_marked(lines, "~ ")),
        ),
    )


def _listed(lines: list[str], mark: str) -> tuple[str, ...]:
    return tuple(item for line in _marked(lines, mark) for item in line.split(" | "))


def _marked(lines: list[str], mark: str) -> list[str]:
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]
