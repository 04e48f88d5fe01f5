"""Markdown cut into its blocks, which know where they stand in the source; no HTML, ever.

In: text of a model's. Out: nodes of markdown-it. Tags stay text, and so does a link that is not to
the web or to a mail address: nothing here can name a file or a script.
"""

from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from app.ui.chat.source_map import TEXTS, locate, note_ends

LINKED = {"http", "https", "mailto"}


def blocks(source: str) -> list[SyntaxTreeNode]:
    """The blocks of a text; the `span` in the `meta` of each is where it stands in it."""
    tokens = _PARSER.parse(source)
    locate(tokens, source)
    return SyntaxTreeNode(tokens).children


def is_aligned(node: SyntaxTreeNode) -> bool:
    """Whether all words and code in a block are known to stand where they do."""
    if node.type in TEXTS:
        return "aligned" in node.meta
    return all(map(is_aligned, node.children))


def may_link(url: str) -> bool:
    """Whether an address is of a kind that may be shown as a link."""
    try:
        return urlsplit(url).scheme.lower() in LINKED
    except ValueError:
        return False


_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_PARSER.validateLink = may_link
note_ends(_PARSER)
