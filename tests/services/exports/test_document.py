"""The JSON document: what is read is what was written, and nothing unsound gets in."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from app import paths
from app.domain.chats import WholeChat
from app.domain.conversation import Turn, TurnState
from app.domain.texts import ScoredText
from app.domain.tokens import TokenRecord
from app.errors import InvalidRequest
from app.services.exports import document
from app.services.exports.document import decode, encode, without_versions
from app.services.exports.objects import ChatObject, MessageObject, TextObject, TokenObject
from tests.services.exports.chats import answer, whole_chat


def without_id(chat: WholeChat) -> WholeChat:
    return structs.replace(chat, summary=structs.replace(chat.summary, id=0))


def test_what_is_read_is_what_was_written() -> None:
    chat = whole_chat()
    text = ScoredText(title="T", model="m", text=answer(4).text, tokens=answer(4).tokens[2:])
    read = decode(encode([chat, chat], [text]))
    assert read.chats == (without_id(chat), without_id(chat))
    assert read.texts == (text,)


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=40), numbers=st.lists(st.floats(allow_nan=False), min_size=3))
def test_any_text_and_any_number_come_back(text: str, numbers: list[float]) -> None:
    chat = whole_chat(text)
    turn = chat.nodes[1].turn
    logprob, entropy, tail = numbers[:3]
    if logprob == -9999.0 or any(abs(value) == float("inf") for value in numbers[:3]):
        logprob, entropy, tail = -float("inf"), 0.0, 0.0
    odd = structs.replace(turn.tokens[0], logprob=logprob, entropy=entropy, tail=tail)
    nodes = (
        chat.nodes[0],
        structs.replace(chat.nodes[1], turn=structs.replace(turn, tokens=(odd,))),
    )
    chat = structs.replace(chat, nodes=nodes, written_at=chat.written_at[:2])
    assert decode(encode([chat])).chats == (without_id(chat),)


def test_an_answer_that_was_being_written_is_imported_as_interrupted() -> None:
    chat = whole_chat()
    growing = structs.replace(chat.nodes[2].turn, state=TurnState.STREAMING)
    chat = structs.replace(
        chat, nodes=(*chat.nodes[:2], structs.replace(chat.nodes[2], turn=growing))
    )
    (read,) = decode(encode([chat])).chats
    assert read.nodes[2].turn.state is TurnState.INTERRUPTED
    assert "was being written" in read.nodes[2].turn.note


def test_a_chat_without_versions_is_one_path() -> None:
    path = without_versions(whole_chat(), 9)
    assert [node.turn.id for node in path.nodes] == [3, 9]
    assert path.summary.leaf == 9
    assert decode(encode([path]))


def changed(**values: object) -> bytes:
    """A sound export with other values in its first chat, message 4 or that one's third token."""
    found: dict[str, Any] = json.loads(encode([whole_chat()]))
    (chat,) = found["chats"]
    said = chat["messages"][1]
    for name, value in values.items():
        place = next(place for place in (found, chat, said, said["tokens"][2]) if name in place)
        place[name] = value
    return json.dumps(found).encode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no export"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "no export"),
        (b'{"format": "other", "version": 1}', "no export"),
        (b"[" * 100_000, "no export"),
        (changed(version=2), "newer Candor"),
        (changed(leaf=77), "ends in one that is not there"),
        (changed(messages=[]), "is empty"),
        (changed(parent=None), "answers no question"),
        (changed(parent=9), "not before it"),
        (changed(end=10_000), "outside its text"),
        (changed(start=-1), "outside its text"),
        (changed(rank=0), "an id or a rank"),
        (changed(logprob="x"), "damaged"),
        (changed(role="system"), "neither a question nor an answer"),
        (changed(reasoning_s=-1.0), "a time"),
    ],
)
def test_what_is_no_sound_export_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        decode(data)


def test_unknown_fields_are_refused_not_dropped() -> None:
    found = json.loads(encode([whole_chat()]))
    found["chats"][0]["messages"][1]["colour"] = "red"
    with pytest.raises(InvalidRequest, match="colour"):
        decode(json.dumps(found).encode())


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_BYTES", 10)
    (tmp_path / "large.json").write_bytes(b" " * 11)
    with pytest.raises(InvalidRequest, match="larger than"):
        document.read(tmp_path / "large.json")
    with pytest.raises(InvalidRequest, match="cannot be read"):
        document.read(tmp_path / "none.json")


def test_the_page_on_the_format_names_every_field() -> None:
    described = (paths.resources() / "formats" / "export.md").read_text("utf-8")
    kinds = (document.Document, ChatObject, MessageObject, TextObject, TokenObject)
    fields = {name for kind in kinds for name in kind.__struct_encode_fields__}
    assert fields >= set(Turn.__struct_fields__) | set(TokenRecord.__struct_fields__)
    assert not [name for name in sorted(fields) if f"`{name}`" not in described]
