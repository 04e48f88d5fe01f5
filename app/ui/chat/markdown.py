"""Markdown cut into its blocks, each with where it begins in the source; no HTML, ever.

In: text of a model's. Out: nodes of markdown-it. Tags stay text, and so does a link that is not to
the web or to a mail address: nothing here can name a file or a script.
"""

from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from msgspec import Struct

LINKED = {"http", "https", "mailto"}


class Block(Struct, frozen=True):
    """A block of the outermost level, and where it begins in the source, in code points."""

    node: SyntaxTreeNode
    start: int


def blocks(source: str) -> list[Block]:
    """The blocks of a text."""
    offsets = [0]
    for line in source.split("\n"):
        offsets.append(offsets[-1] + len(line) + 1)
    found: list[Block] = []
    for node in SyntaxTreeNode(_PARSER.parse(source)).children:
        first, _ = node.map or (0, 0)
        found.append(Block(node, offsets[first]))
    return found


def may_link(url: str) -> bool:
    """Whether an address is of a kind that may be shown as a link."""
    try:
        return urlsplit(url).scheme.lower() in LINKED
    except ValueError:
        return False


_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_PARSER.validateLink = may_link
