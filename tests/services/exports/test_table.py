"""The table: a row for each token, in which no spreadsheet finds a formula."""

import csv
import io
import json

from app.domain.texts import ScoredText
from app.services.exports.table import COLUMNS, table
from tests.services.exports.chats import EVIL, answer, whole_chat


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_every_token_has_a_row_with_its_numbers() -> None:
    chat = whole_chat("two\r\nlines, 東京")
    found = rows(table([chat]))
    tokens = [token for node in chat.nodes for token in node.turn.tokens]
    assert len(found) == len(tokens)
    for row, token in zip(found, tokens, strict=True):
        assert json.loads(row["token"]) == token.text
        assert (int(row["id"]), row["channel"]) == (token.id, token.channel.value)
        assert float(row["logprob"]) == token.logprob
        assert float(row["tail"]) == token.tail
        assert json.loads(row["top2_token"]) == token.top[1].text
    assert [row["message"] for row in found] == ["4"] * 6 + ["9"] * 6


def test_no_cell_begins_as_a_formula_does() -> None:
    chat = whole_chat("=1+1", title="@SUM(A1)")
    for row in csv.reader(io.StringIO(table([chat]).decode(), newline="")):
        assert not [cell for cell in row if cell[:1] in ("=", "+", "@", "\t", "\r")]


def test_a_scored_text_and_nothing_at_all() -> None:
    text = ScoredText(title="T", model="m", text=answer(4).text, tokens=answer(4).tokens[2:])
    assert [row["place"] for row in rows(table(texts=[text]))] == ["0", "1", "2", "3"]
    assert table().decode().strip() == ",".join(COLUMNS)
    assert EVIL in json.loads(rows(table(texts=[text]))[0]["token"])
