"""The page in a real browser: numbers by mouse and keys, both schemes, and no text that acts."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.texts import ScoredText
from app.services.exports.page import chat_page, text_page
from tests.services.exports.browser import Page, browser
from tests.services.exports.chats import EVIL, answer, whole_chat

OURS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "p",
        "span",
        "noscript",
    ),
    *("article", "div", "aside", "script"),
}


class Elements(HTMLParser):
    """Every element of a page, and the text of those with the class `text`."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.names: list[str] = []
        self.texts: list[str] = []
        self._inside = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if ("class", "text") in attrs:
            self.texts.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "div"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=60).map(lambda text: EVIL + text))
def test_no_text_becomes_an_element_and_none_is_lost(text: str) -> None:
    chat = whole_chat(text, title=text)
    elements = Elements(chat_page(chat))
    assert set(elements.names) == OURS
    assert elements.names.count("script") == 2
    said = chat.nodes[1].turn
    assert elements.texts == [text, said.reasoning, said.text, said.tool_call]


def test_the_page_shows_numbers_in_a_browser(tmp_path: Path) -> None:
    program = browser()
    if program is None:
        pytest.skip("Opens the page in Chromium, which is not installed.")
    file = tmp_path / "page.html"
    file.write_bytes(chat_page(whole_chat()))
    with Page(program, file, tmp_path / "browser") as page:
        assert page.ask("document.images.length + document.links.length") == 0
        assert page.ask("document.querySelector('.question .text').textContent") == EVIL
        word = "[data-tokens='2']"
        page.point_at(word)
        panel = "document.getElementById('panel').innerText"
        assert "0.333" in page.ask(panel)
        assert EVIL.replace(" ", "␣") in page.ask(panel)
        assert "draft kept" in page.ask(panel)
        page.press("Tab")
        assert page.ask("document.activeElement.dataset.tokens") == "1"
        page.press("ArrowRight")
        page.press("End")
        assert page.ask("document.activeElement.dataset.tokens") == "4 5"
        assert page.ask(panel).count("Probability") == 2
        colour = f"getComputedStyle(document.querySelector({json.dumps(word)})).backgroundColor"
        grounds = []
        for scheme in ("light", "dark"):
            page.prefer(scheme)
            grounds.append((page.ask("getComputedStyle(document.body).color"), page.ask(colour)))
        assert grounds[0][0] != grounds[1][0]
        assert "rgba(0, 0, 0, 0)" not in (grounds[0][1], grounds[1][1])
        assert page.said == []


def test_a_scored_text_is_a_page_too() -> None:
    tokens = answer(4).tokens[2:]
    page = text_page(ScoredText(title="T", model="<m>", text=answer(4).text, tokens=tokens))
    elements = Elements(page)
    assert elements.texts == [answer(4).text]
    assert b"Scored by &lt;m&gt;" in page
