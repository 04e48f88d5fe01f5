"""Rendered Markdown with colours: every character where its token is, or as it was written."""

import random
from collections.abc import Iterator
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QRegion, QTextTable
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.heat import HeatMode
from app.domain.tokens import TokenRecord
from app.ui.chat.heat import Heat
from app.ui.chat.markdown import blocks
from app.ui.chat.markdown_looks import AS_WRITTEN
from app.ui.chat.markdown_text import MarkdownText
from app.ui.chat.source_map import IMAGE, TEXTS, image_text
from app.ui.chat.spans import SourceMap, shown
from app.ui.theme.palette import LIGHT, heat_colour
from app.ui.viewmodels.heat import heat_step
from tests.ui.records import record
from tests.ui.test_markdown import SAMPLE

WORDS = st.sampled_from(
    ["alpha", "b", "🙂 c", "x_y", "3 * 4", "a\\*b", "&lt;d", "e | f", "\\", "q`"]
)
INLINE = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.builds("**{}**".format, inner),
        st.builds("*{}*".format, inner),
        st.builds("~~{}~~".format, inner),
        st.builds("`{}`".format, inner),
        st.builds("[{}](https://example.org/?a=1&b=2 'title')".format, inner),
        st.builds("![{}](https://example.org)".format, inner),
        st.builds("{} <https://example.org> {}".format, inner, inner),
        st.builds("{} {}".format, inner, inner),
        st.builds("{}\n{}".format, inner, inner),
        st.builds("{}  \n {}".format, inner, inner),
    ),
    max_leaves=6,
)
LEAF = st.one_of(
    INLINE,
    st.builds("# {} #".format, WORDS),
    st.builds("{}\n===".format, WORDS),
    st.builds("```python\n{}\n\tif x:\n```".format, INLINE),
    st.builds("    {}\n".format, INLINE),
    st.builds("| {} | {} |\n|---|:-:|\n| {} | x \\| y\n| {} |".format, WORDS, WORDS, WORDS, WORDS),
    st.just("---"),
    st.just("[ref]: https://example.org"),
)


def within(mark: str, inner: str, indent: str) -> str:
    return mark + inner.replace("\n", f"\n{indent}")


BLOCK = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(lambda text: within("> ", text, "> "), inner),
        st.builds(lambda text: within("- ", text, "  "), inner),
        st.builds(lambda text: within("1. ", text, "   "), inner),
        st.builds(lambda text: within("-\t", text, "\t"), inner),
        st.builds("{}\n\n{}".format, inner, inner),
    ),
    max_leaves=5,
)
SOUP = st.lists(st.sampled_from([*"ab*_`#>-|~ \n\t1.[]()!<&;\\🙂\r\x00"]), max_size=60)
DOCUMENT = st.one_of(st.lists(BLOCK, max_size=4).map("\n\n".join), SOUP.map("".join))


def leaves(nodes) -> Iterator:
    for node in nodes:
        if node.type in TEXTS:
            yield node
        else:
            yield from leaves(node.children)


def texts(leaf) -> Iterator:
    """What is shown of a leaf, with where it came from."""
    if leaf.type in ("fence", "code_block"):
        yield leaf.content.removesuffix("\n"), leaf.meta.get("origin", ())
        return
    for node in leaf.children:
        if node.type in ("softbreak", "hardbreak"):
            yield "\n", node.meta["origin"]
        elif node.type == "image":
            yield image_text(node.content, str(node.attrs["src"])), node.meta["origin"]
        elif node.is_nested:
            yield from texts(node)
        else:
            yield node.content, node.meta["origin"]


@settings(max_examples=200, deadline=None)
@given(DOCUMENT)
@example(SAMPLE)
@example("> a `b\n>   c` &copy; &#35; \\# **d** ~~~e~~~\n> <https://a.b/c>\n")
@example("~~a~~~ b | c\n-|-\nd | e \\| f | g\n")
@example("- # a # b #\n\n  [c *d*](https://e.f (g))\n\t~~~\n\tx\n\t~~~\n")
def test_an_aligned_character_is_the_one_at_its_place_in_the_source(source: str):
    last = 0
    for leaf in leaves(blocks(source)):
        if "aligned" not in leaf.meta:
            continue
        for text, origin in texts(leaf):
            assert sum(piece.high - piece.low for piece in origin) == len(text)
            for piece in origin:
                assert last <= piece.start < piece.end
                last = piece.end
                says, told = text[piece.low : piece.high], source[piece.start : piece.end]
                if len(says) == len(told):
                    assert told.replace("\r", "\n").replace("\n", " ") == says.replace("\n", " ")
                else:
                    assert unescape(told) == says or told[:2] in ("![", "](")


@pytest.mark.parametrize("source", [SAMPLE, "> > - *a*\n> >   b `c`\n\n1. d\n   e\n\n       f"])
def test_what_models_write_is_aligned(source: str):
    found = list(leaves(blocks(source)))
    assert found
    assert all("aligned" in leaf.meta for leaf in found)


UNSURE = [
    "a \x00 b",  # which a parser replaces
    "- a\n\n\t\tcode",  # of whose tabs a part is indentation
    "see <https://example.org/%C3%A4>",  # which is shown decoded
]


@pytest.mark.parametrize("source", UNSURE)
def test_what_is_not_certain_is_not_aligned(source: str):
    assert not all("aligned" in leaf.meta for leaf in leaves(blocks(source)))


def cut(source: str, seed: int, longest: int = 5) -> tuple[TokenRecord, ...]:
    """The source as tokens of random length, which know nothing of Markdown."""
    chosen, made, start = random.Random(seed), list[TokenRecord](), 0
    while start < len(source):
        text = source[start : start + chosen.randint(1, longest)]
        made.append(record(text, start=start, probability=chosen.random()))
        start += len(text)
    return tuple(made)


def page_of(source: str, tokens: tuple[TokenRecord, ...], at_once: int = 0) -> MarkdownText:
    page = MarkdownText("Answer", LIGHT)
    page.recolour(Heat(HeatMode.SURPRISE, LIGHT, LIGHT.window), LIGHT.accent)
    page.resize(500, 300)
    page.show()
    for first in range(0, len(tokens), at_once or len(tokens) or 1):
        part = tokens[first : first + (at_once or len(tokens))]
        page.extend("".join(token.text for token in part), part, first)
    page.end()
    return page


def under(page: MarkdownText, number: int) -> str:
    """The characters on the screen that belong to a token."""
    start, end = page.run.span(number)
    units = page.document().toRawText().encode("utf-16-le")
    return units[2 * start : 2 * end].decode("utf-16-le")


def is_part_of(some: str, whole: str) -> bool:
    rest = iter(whole)
    return all(char in rest for char in some)


@settings(max_examples=40, deadline=None)
@given(DOCUMENT, st.integers(0, 99), st.sampled_from([0, 1, 7]))
@example(SAMPLE, 1, 3)
def test_a_token_covers_only_characters_of_its_own(
    qapp: QApplication, source: str, seed: int, at_once: int
):
    tokens = cut(source, seed)
    page = page_of(source, tokens, at_once)
    end = 0
    for low, high, first, stop in page.run.cells(0, page.document().characterCount()):
        assert low >= end
        end = high
        mine = unescape(shown("".join(token.text for token in tokens[first:stop])))
        seen = under(page, first).replace(IMAGE, "")
        letters = "".join(char for char in seen if char in "ab🙂1cdefxy")
        assert is_part_of(letters, mine) or "](" in mine
    page.deleteLater()


MIXED = """Some **bold 🙂 words** and `code 🙂` with [a link](https://example.org), &amp; \\*.

- first *item*
- second 🙂

| left | right |
|------|------:|
| a 🙂 | **1** |

```python
x = "🙂"  # why
```
"""


def test_every_word_is_picked_by_a_click_where_it_is_shown(qapp: QApplication):
    tokens = cut(MIXED, 3, 9)
    page = page_of(MIXED, tokens)
    picked: list[int] = []
    page.picked.connect(picked.append)
    cells = page.run.cells(0, page.document().characterCount())
    wide = [first for _, _, first, _ in cells if page.token_rect(first).width() > 4]
    assert len(wide) > 20
    for number in wide:
        rect = page.token_rect(number)
        QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    assert picked == wide
    page.deleteLater()


def test_marks_belong_to_words_and_signs_to_all_that_they_were_written_with(qapp: QApplication):
    pieces = ["so", " **", "bo", "ld** x", " &", "amp", "; y", "\\", "*", "\n\n-", " i"]
    source, tokens, start = "".join(pieces), list[TokenRecord](), 0
    for piece in pieces:
        tokens.append(record(piece, start=start))
        start += len(piece)
    page = page_of(source, tuple(tokens))
    seen = [under(page, number).replace("\u2029", "") for number in range(len(pieces))]
    shared = " & y"  # the sign came of three tokens, which are one choice
    assert seen == ["so", " ", "bo", "ld x", shared, shared, shared, "", "*", "", "i"]
    page.deleteLater()


def test_parts_of_a_character_are_one_cell(qapp: QApplication):
    emoji = "🙂".encode()
    made = record("x", start=6)
    halves = [replace(made, data=data, end=7) for data in (emoji[:2], emoji[2:])]
    page = MarkdownText("Answer", LIGHT)
    page.recolour(Heat(HeatMode.SURPRISE, LIGHT, LIGHT.window), LIGHT.accent)
    page.extend("**a** 🙂", (record("**a** "), *halves), 0)
    page.end()
    assert [under(page, number) for number in range(3)] == ["a ", "🙂", "🙂"]
    assert page.run.span(1) == (2, 4)
    page.deleteLater()


def test_each_word_has_its_colour_in_a_paragraph_a_list_a_table_and_code(qapp: QApplication):
    tokens = cut(MIXED, 5, 9)
    page = page_of(MIXED, tokens)
    image = QImage(page.size(), QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.window))
    page.render(image, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    checked = 0
    for low, _, first, stop in page.run.cells(0, page.document().characterCount()):
        step = heat_step(HeatMode.SURPRISE, tokens[first:stop])
        rect = page.token_rect(first)
        if step and rect.width() > 12 and page.run.span(first)[0] == low:
            expected = heat_colour(LIGHT, step, LIGHT.window)
            seen = image.pixelColor(int(rect.x()) + 5, int(rect.y()) + 1).name()
            assert (first, seen, page.colour_at(first)) == (first, expected, expected)
            checked += 1
    assert checked > 15
    tables = [f for f in page.document().rootFrame().childFrames() if isinstance(f, QTextTable)]
    assert len(tables) == 1
    page.deleteLater()


@pytest.mark.parametrize("unsure", UNSURE)
def test_what_is_not_certain_is_shown_as_it_was_written_and_says_so(
    qapp: QApplication, unsure: str
):
    source = f"a **word**\n\n{unsure}\n\nanother *word*"
    page = page_of(source, cut(source, 2))
    raw, block = list[str](), page.document().begin()
    while block.isValid():
        if block.blockFormat().property(AS_WRITTEN):
            raw.append(block.text().replace("\u2028", "\n"))
        block = block.next()
    assert raw == [unsure]
    assert page.toPlainText().startswith("a word\n")
    assert page.toPlainText().endswith("another word")
    covered = "".join(under(page, number) for number in range(page.token_count))
    assert unsure.split("\n")[-1].strip() in covered
    page.deleteLater()


@given(st.lists(st.tuples(*[st.integers(1, 9)] * 4), max_size=12))
def test_a_source_map_leads_there_and_back(steps: list[tuple[int, int, int, int]]):
    places, source, document = SourceMap(), 0, 0
    for gap, length, made_gap, made in steps:
        start, low = source + gap, document + made_gap
        same = made % 2
        source, document = start + length, low + (length if same else made)
        places.append(start, source, low, document)
        assert places.document(start) == low
        assert places.document(source) == document
        for inside in range(length if same else 0):
            assert places.document(start + inside) == low + inside
            assert places.source(low + inside) == start + inside
    assert places.document(source + 9) == document
    places.cut(0)
    assert places.document(source) == 0
