"""Rendered Markdown: all that it says is there, however it came, and it does nothing."""

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QTextDocument, QTextTable
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTextEdit

from app.domain.heat import HeatMode
from app.ui.chat.code import pieces
from app.ui.chat.heat import Heat
from app.ui.chat.markdown import blocks, may_link
from app.ui.chat.markdown_text import MarkdownText
from app.ui.theme.palette import DARK, LIGHT, contrast

SAMPLE = """# A title with *stress*

A paragraph with **bold**, `code` and ~~struck~~ words
on two lines, 🙂 and a [link](https://example.org/a?b=c).

- one
- two
  1. nested
  2. more
- three

> quoted words
>
> > twice

```python
def f(x):
    return "text" + str(12)  # why
```

| left | right |
|------|------:|
| a    | 1     |
| b    | 22    |

---

The end.
"""
WORDS = "title stress paragraph bold code struck words link one two nested more three quoted twice"
DANGEROUS = [
    "![pixel]({0})",
    "![pixel](file://{0})",
    "![pixel](//localhost{0})",
    "![](<{0}>)",
    '<img src="{0}">',
    '<img src="file://{0}">text',
    "<table background='{0}'><tr><td>x</td></tr></table>",
    '<style>@import url("file://{0}");</style>',
    '<link rel="stylesheet" href="file://{0}">',
    '<iframe src="file://{0}"></iframe>',
    '<a href="file://{0}">click</a>',
    "[click](file://{0})",
    "[click]({0})",
    "[ref]: file://{0}\n\n![ref] [ref]",
    "```html\n<img src='{0}'>\n```",
    "`<img src='{0}'>`",
    "# <img src='{0}'>",
    "| <img src='{0}'> | ![x]({0}) |\n|---|---|\n| <img src='{0}'> | ![x]({0}) |",
    "- <img src='{0}'>\n- ![x]({0})",
]


@pytest.fixture
def page(qapp: QApplication) -> Iterator[MarkdownText]:
    made = MarkdownText("Answer", LIGHT)
    made.resize(500, 300)
    made.show()
    yield made
    made.deleteLater()


def written(source: str, at_once: int = 0) -> MarkdownText:
    made = MarkdownText("Answer", LIGHT)
    made.resize(500, 300)
    step = at_once or len(source) or 1
    for start in range(0, len(source), step):
        made.extend(source[start : start + step], (), 0)
    made.end()
    return made


def fill(page: MarkdownText, source: str) -> None:
    page.extend(source, (), 0)
    page.end()


def test_every_word_is_there_without_its_marks(page: MarkdownText):
    fill(page, SAMPLE)
    text = page.toPlainText()
    assert all(word in text for word in WORDS.split())
    assert not any(mark in text for mark in ("**", "~~", "```", "# A", "- one", "|--"))
    assert 'return "text" + str(12)  # why' in text


def test_blocks_have_the_formats_of_what_they_are(page: MarkdownText):
    fill(page, SAMPLE)
    document = page.document()
    lists = {block.textList() for block in each_block(document) if block.textList()}
    assert len(lists) == 2
    tables = [f for f in document.rootFrame().childFrames() if isinstance(f, QTextTable)]
    assert [(table.rows(), table.columns()) for table in tables] == [(3, 2)]
    found = document.find("code", 0)
    assert found.charFormat().fontFixedPitch()
    assert document.find("bold", 0).charFormat().fontWeight() > 500
    assert document.find("stress", 0).charFormat().fontItalic()


def each_block(document: QTextDocument):
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


@pytest.mark.parametrize("at_once", [1, 3, 7, 40])
def test_it_does_not_matter_in_what_pieces_the_text_came(qapp: QApplication, at_once: int):
    whole, grown = written(SAMPLE), written(SAMPLE, at_once)
    assert grown.document().toHtml() == whole.document().toHtml()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([*"ab*_`#>-|~ \n\t1.[]()!<&\\🙂"]), max_size=60), st.integers(1, 9))
def test_any_text_is_rendered_in_any_pieces(qapp: QApplication, signs: list[str], at_once: int):
    source = "".join(signs)
    page = written(source, at_once)
    shown = page.toPlainText()
    for sign in "ab🙂":
        assert shown.count(sign) == source.count(sign)


def test_while_it_grows_only_the_open_block_is_plain(page: MarkdownText):
    page.extend("first **bold** words\n\nsecond **open", (), 0)
    assert page.toPlainText().rstrip("\n") == "first bold words\nsecond **open"
    page.extend(" words**\n\nthird", (), 0)
    assert page.toPlainText() == "first bold words\nsecond open words\nthird"
    fill(page, " *end*")
    assert page.toPlainText().rstrip("\n") == "first bold words\nsecond open words\nthird end"


class Watch:
    """Tells whether a file is opened, by anyone, from now on."""

    def __init__(self, path: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK)
        opened = 0x20
        assert self._libc.inotify_add_watch(self._fd, os.fsencode(path), opened) >= 0

    def opened(self) -> bool:
        try:
            return len(os.read(self._fd, 4096)) >= struct.calcsize("iIII")
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._fd)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary.png"
    path.write_bytes(bytes.fromhex("89504e470d0a1a0a"))
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
@pytest.mark.parametrize("text", DANGEROUS)
def test_no_file_that_a_text_names_is_opened(page: MarkdownText, canary: Path, text: str):
    watch = Watch(canary)
    source = text.format(canary)
    fill(page, source)
    page.grab()
    copied = page.createMimeDataFromSelection()
    page.selectAll()
    page.copy()
    page.grab()
    QApplication.clipboard().clear()
    assert not watch.opened()
    assert copied is not None
    watch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
@pytest.mark.qt_log_ignore(".*")
def test_the_watch_sees_what_qt_opens_by_itself(qapp: QApplication, canary: Path):
    watch = Watch(canary)
    naive = QTextEdit()
    naive.setHtml(f'<img src="{canary}">')
    naive.grab()
    naive.deleteLater()
    assert watch.opened()
    watch.close()


@pytest.mark.parametrize(
    "text", ["<b>bold</b>", "<script>x</script>", "a <i>b</i> &amp; <!-- c -->"]
)
def test_html_is_text(page: MarkdownText, text: str):
    fill(page, text)
    assert page.toPlainText().rstrip("\n") == text.replace("&amp;", "&")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html,x",
        "/etc/passwd",
        "//host/share",
        "smb://host/share",
        "qrc:/x",
    ],
)
def test_only_the_web_and_mail_are_links(page: MarkdownText, address: str):
    fill(page, f"[click]({address}) <{address}> ![picture]({address})")
    hrefs = [href for block in each_block(page.document()) for href in anchors(block)]
    assert hrefs == []
    assert not may_link(address)


def anchors(block) -> list[str]:
    part, found = block.begin(), list[str]()
    while not part.atEnd():
        found.append(part.fragment().charFormat().anchorHref())
        part += 1
    return [href for href in found if href]


class Opened(QObject):
    """Stands where a browser would be."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.urls.append(url)


def test_a_link_is_copied_and_opens_nothing(page: MarkdownText):
    browser = Opened()
    QDesktopServices.setUrlHandler("https", browser, "open")  # pyright: ignore[reportArgumentType]
    fill(page, "[read this](https://example.org/there)")
    place = page.cursorRect(page.document().find("this", 0)).center() - QPoint(6, 0)
    QTest.mouseMove(page.viewport(), place)
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert QApplication.clipboard().text() == "https://example.org/there"
    assert browser.urls == []
    assert page.source().isEmpty()
    QDesktopServices.unsetUrlHandler("https")
    QApplication.clipboard().clear()


def test_links_can_be_copied_by_keyboard(page: MarkdownText):
    fill(page, "words [read this](https://example.org/there) words")
    page.activateWindow()
    page.setFocus()
    QTest.keyClick(page, Qt.Key.Key_Tab)
    QTest.keyClick(page, Qt.Key.Key_Return)
    assert QApplication.clipboard().text() == "https://example.org/there"
    QApplication.clipboard().clear()


def test_a_theme_writes_it_anew(page: MarkdownText):
    fill(page, SAMPLE)
    before = page.toPlainText()
    page.recolour(Heat(HeatMode.NOTHING, DARK, DARK.window), DARK.accent)
    assert page.toPlainText() == before
    ink = page.document().find("paragraph", 0).charFormat().foreground().color().name()
    assert ink == DARK.text


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_code_is_legible(theme):
    inks = (theme.code_keyword, theme.code_string, theme.code_number, theme.code_name, theme.muted)
    assert min(contrast(ink, theme.surface) for ink in inks) >= 4.5
    assert contrast(theme.text, theme.bubble) >= 4.5


@given(st.text(max_size=200), st.sampled_from(["python", "html", "no such language", "c++", ""]))
def test_the_pieces_of_code_are_the_code(code: str, language: str):
    assert "".join(text for _, text in pieces(code, language)) == code


def test_kinds_of_code_are_told_apart():
    code = "def f(): return 'a' + 1  # why"
    found = {text: kind for kind, text in pieces(code, "python")}
    assert found["def"] == "keyword"
    assert found["f"] == "name"
    assert found["1"] == "number"
    assert found["# why"] == "comment"


def test_blocks_know_where_they_are_in_the_source():
    spans = [SAMPLE[slice(*node.meta["span"])] for node in blocks(SAMPLE)]
    assert spans[2] == "- one\n- two\n  1. nested\n  2. more\n- three"
    found = [span.split("\n", 1)[0] for span in spans]
    assert found[:2] == [
        "# A title with *stress*",
        "A paragraph with **bold**, `code` and ~~struck~~ words",
    ]
    assert found[-1] == "The end."
    assert [node.type for node in blocks(SAMPLE)][2] == "bullet_list"
