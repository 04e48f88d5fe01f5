"""The page: one HTML file with the coloured tokens and their numbers, for any browser.

It asks nothing of anyone: style and script are inside, allowed by their hashes, and everything
else is forbidden by its own policy. Text is escaped wherever it stands, and the script puts it into
the page as text alone.
"""

import base64
import hashlib
import html
import json
import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from string import Template

from app import paths
from app.domain.chats import WholeChat
from app.domain.conversation import Turn
from app.domain.messages import Role
from app.domain.texts import ScoredText
from app.domain.tokens import Channel, TokenRecord
from app.services.exports.document import without_versions

STEPS = 8
FULL_BITS = 5.0
NAMES = {
    Channel.REASONING: "Reasoning",
    Channel.ANSWER: "Answer",
    Channel.TOOL: "Tool call",
    Channel.PROMPT: "Text",
}
ORDER = (Channel.REASONING, Channel.ANSWER, Channel.TOOL)


def chat_page(chat: WholeChat) -> bytes:
    """A chat as it is read, without its other versions."""
    shown = without_versions(chat, chat.summary.leaf)
    page = _Page()
    for node in shown.nodes:
        page.add_turn(node.turn)
    return page.finished(chat.summary.title)


def text_page(text: ScoredText) -> bytes:
    """A scored text."""
    page = _Page()
    page.add_text(f"Scored by {text.model}", text.text, text.tokens)
    return page.finished(text.title)


class _Page:
    """Grows by one article for each text; a token is known by its place among all of them."""

    def __init__(self) -> None:
        self._articles: list[str] = []
        self._tokens: list[TokenRecord] = []

    def add_turn(self, turn: Turn) -> None:
        """A question, or every channel of an answer that has something."""
        if turn.role is not Role.ASSISTANT:
            body = f'<div class="text">{html.escape(turn.text)}</div>'
            self._articles.append(_article("question", "Question", body))
            return
        for channel in ORDER:
            if text := turn.channel_text(channel):
                tokens = [token for token in turn.tokens if token.channel is channel]
                self.add_text(NAMES[channel], text, tokens)
        if turn.note:
            self._articles.append(f'<p class="note">{html.escape(turn.note)}</p>')

    def add_text(self, name: str, text: str, tokens: Sequence[TokenRecord]) -> None:
        """A text with its tokens."""
        cells = "".join(_cells(text, tokens, len(self._tokens)))
        self._tokens += tokens
        label = f"{name}, {len(tokens):,} tokens. Arrow keys step through them."
        body = f'<div class="text" role="group" aria-label="{html.escape(label)}">{cells}</div>'
        kind = "reasoning" if name == NAMES[Channel.REASONING] else "answer"
        self._articles.append(_article(kind, name, body))

    def finished(self, title: str) -> bytes:
        """The page as UTF-8."""
        folder = paths.resources() / "export"
        page, style, script = (
            (folder / name).read_text("utf-8") for name in ("page.html", "page.css", "page.js")
        )
        return (
            Template(page)
            .substitute(
                title=html.escape(title or "Untitled"),
                style=style,
                style_hash=_hash(style),
                script=script,
                script_hash=_hash(script),
                articles="\n".join(self._articles),
                rows=_data([_row(token) for token in self._tokens]),
            )
            .encode("utf-8", errors="replace")
        )


def _article(kind: str, name: str, body: str) -> str:
    return f'<article class="{kind}"><h2>{html.escape(name)}</h2>{body}</article>'


def _cells(text: str, tokens: Sequence[TokenRecord], first: int) -> Iterator[str]:
    """The text, each piece of it that tokens cover in an element that names them."""
    place = 0
    numbered = enumerate(tokens, first)
    for (start, end), group in groupby(numbered, lambda pair: (pair[1].start, pair[1].end)):
        shared = tuple(group)
        if start == end:
            continue
        yield html.escape(text[place:start])
        numbers = " ".join(str(number) for number, _ in shared)
        step = _step([token for _, token in shared])
        piece = html.escape(text[start:end])
        yield f'<span class="h{step}" tabindex="-1" data-tokens="{numbers}">{piece}</span>'
        place = end
    yield html.escape(text[place:])


def _step(tokens: Sequence[TokenRecord]) -> int:
    """How hot a piece is, by its surprise, as in the window."""
    bits = sum(-(token.logprob or 0.0) / math.log(2) for token in tokens)
    return round(STEPS * min(1.0, max(0.0, bits / FULL_BITS) ** 0.5))


def _row(token: TokenRecord) -> list[object]:
    top = [[each.text, each.id, _number(math.exp(each.logprob))] for each in token.top]
    logprob, sampled = token.logprob, token.sampled_logprob
    return [
        token.text,
        token.id,
        None if logprob is None else _number(math.exp(logprob)),
        None if logprob is None or math.isinf(logprob) else _number(logprob),
        None if sampled is None else _number(math.exp(sampled)),
        token.rank,
        None if token.entropy is None else _number(token.entropy),
        None if token.tail is None else _number(token.tail),
        token.source.value.replace("_", " "),
        top,
    ]


def _number(value: float) -> float:
    return float(f"{value:.5g}")


def _data(rows: list[list[object]]) -> str:
    """JSON that no parser of HTML can take for the end of its element."""
    text = json.dumps(rows, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
