"""The table: CSV with a row for each token, for spreadsheets and data frames.

Texts are JSON strings in quotes, so that white space is seen, line breaks stay in their row, and
no spreadsheet takes what a model wrote for a formula. Empty cells stand for what is not known.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from app.domain.chats import WholeChat
from app.domain.texts import ScoredText
from app.domain.tokens import TokenRecord

NUMBERS = (
    "start",
    "end",
    "logprob",
    "sampled_logprob",
    "rank",
    "entropy",
    "tail",
    "draft_q",
    "accept",
)
REFUSED = ("refused_id", "refused_token", "refused_logprob")
COLUMNS = ("title", "message", "place", "channel", "source", "id", "token", *NUMBERS, *REFUSED)


def table(chats: Iterable[WholeChat] = (), texts: Iterable[ScoredText] = ()) -> bytes:
    """The rows of every token as UTF-8; the likeliest alternatives fill the last columns."""
    rows = [*_of_chats(chats), *_of_texts(texts)]
    most = max((len(token.top) for _, _, _, token in rows), default=0)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    tops = (f"top{n}_{name}" for n in range(1, most + 1) for name in ("id", "token", "logprob"))
    writer.writerow([*COLUMNS, *tops])
    for row in rows:
        writer.writerow(_cells(*row))
    return out.getvalue().encode()


Row = tuple[str, int | None, int, TokenRecord]


def _of_chats(chats: Iterable[WholeChat]) -> Iterator[Row]:
    for chat in chats:
        for node in chat.nodes:
            for place, token in enumerate(node.turn.tokens):
                yield chat.summary.title, node.turn.id, place, token


def _of_texts(texts: Iterable[ScoredText]) -> Iterator[Row]:
    for text in texts:
        for place, token in enumerate(text.tokens):
            yield text.title, None, place, token


def _cells(title: str, message: int | None, place: int, token: TokenRecord) -> list[object]:
    cells: list[object] = [_quoted(title), message, place, token.channel.value, token.source.value]
    cells += [token.id, _quoted(token.text)]
    cells += [getattr(token, name) for name in NUMBERS]
    if token.refused is None:
        cells += [None] * len(REFUSED)
    for each in (*([token.refused] if token.refused else []), *token.top):
        cells += [each.id, _quoted(each.text), each.logprob]
    return cells


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
