"""Search over real SQLite: a person's words find what they wrote, and are nothing but words."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.domain.chats import Node, SearchHit, Snippet
from app.domain.conversation import Turn, TurnState
from app.domain.messages import Role
from app.services.store import m001_chats, schema
from app.services.store.chat_file import ChatFile
from app.services.store.connection import connect, transaction
from app.services.store.search import MOST_HITS, snippet
from tests.services.store.turns import question

SYNTAX = [*"\"'*()^:-+\\", "AND", "OR", "NOT", "NEAR(", "text:", "{x}"]
ROOT_OF_WORDS = "SELECT rootpage FROM sqlite_schema WHERE name = 'message_words_data'"
OLD_MESSAGE = """
INSERT INTO messages VALUES (?, 1, ?, 'user', ?, ?, '', '', 0.0, NULL, NULL, '', 0.0)
"""


def said(id: int, text: str, parent: int | None) -> Node:
    return Node(Turn(id=id, role=Role.ASSISTANT, text=text), parent)


def chat(file: ChatFile, id: int, asked: str, answered: str) -> None:
    first = 10 * id
    file.keep(id, [Node(question(first, asked), None), said(first + 1, answered, first)])


def titles(hits: tuple[SearchHit, ...]) -> list[str]:
    return [hit.chat.title for hit in hits]


def marked(found: Snippet) -> list[str]:
    return [found.text[start:end] for start, end in found.marks]


def test_every_chat_with_all_the_words_is_found_newest_first(file: ChatFile):
    chat(file, 1, "Trains to Zürich", "One leaves at noon.")
    chat(file, 2, "Buses", "None leaves before noon, and no train.")
    chat(file, 3, "Ships", "At noon.")
    assert titles(file.search("train noon")) == ["Buses"]
    assert titles(file.search("noon")) == ["Ships", "Buses", "Trains to Zürich"]
    assert titles(file.search("zurich")) == ["Trains to Zürich"]
    assert file.search("zeppelin") == ()
    assert file.search("  ") == ()


def test_a_word_is_found_by_its_beginning_as_one_types(file: ChatFile):
    chat(file, 1, "Sort these", "The numbers come sorted.")
    for end in range(1, len("numbers") + 1):
        hit = file.search("numbers"[:end])[0]
        assert hit.message == 11
        assert "numbers" in marked(hit.snippet)
    assert file.search("umbers") == ()


def test_a_title_is_found_also_when_a_person_gave_it(file: ChatFile):
    chat(file, 1, "Hello", "Hi.")
    file.rename(1, "Greetings\nto all")
    (hit,) = file.search("greet")
    assert (hit.message, hit.snippet.text) == (None, "Greetings to all")
    assert marked(hit.snippet) == ["Greetings"]
    assert titles(file.search("hello")) == ["Greetings to all"]


@pytest.mark.parametrize("sign", SYNTAX)
def test_the_syntax_of_the_index_is_only_text(file: ChatFile, sign: str):
    chat(file, 1, "Hello", "A plain answer.")
    chat(file, 2, "Other", "Another reply.")
    for text in (sign, f"plain {sign}", f"{sign} plain", f"plain{sign}", f'"plain {sign}"'):
        assert all("plain" in hit.snippet.text for hit in file.search(text))
    assert file.search(f"reply {sign} zzz") == ()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
def test_no_text_breaks_the_search(file: ChatFile, text: str):
    assert file.search(text) == ()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_every_word_of_a_text_finds_it_with_marks_inside_the_snippet(file: ChatFile, text: str):
    file.keep(1, [Node(Turn(id=1, role=Role.USER, text=text), None)])
    for word in text.replace("\0", " ").split():
        for hit in file.search(word):
            assert all(0 <= a < b <= len(hit.snippet.text) for a, b in hit.snippet.marks)
        if word.isascii() and word.isalnum():
            assert [hit.chat.id for hit in file.search(word)] == [1]


def test_a_search_of_ten_thousand_characters_or_words_is_answered(file: ChatFile):
    chat(file, 1, "Hello", "A plain answer.")
    assert file.search("a" * 10_000) == ()
    assert titles(file.search("plain " * 1_700)) == ["Hello"]


def test_there_are_at_most_so_many_hits(file: ChatFile):
    for id in range(1, MOST_HITS + 6):
        chat(file, id, f"Question {id}", "The same.")
    hits = file.search("same")
    assert len(hits) == MOST_HITS
    assert hits[0].chat.title == f"Question {MOST_HITS + 5}"


def test_an_answer_is_found_once_it_ended_and_by_the_words_it_has_then(file: ChatFile, path: Path):
    growing = Turn(id=2, role=Role.ASSISTANT, text="first", state=TurnState.STREAMING)
    file.keep(1, [Node(question(1), None), Node(growing, 1)])
    assert file.search("first") == ()
    file.keep(1, [Node(replace(growing, text="second", state=TurnState.FINISHED), 1)])
    assert (titles(file.search("second")), file.search("first")) == (["Why?"], ())
    left = replace(growing, id=3, text="third")
    file.keep(1, [Node(left, 1)])
    file.close()
    again = ChatFile(path)
    again.open()
    assert titles(again.search("third")) == ["Why?"]
    again.close()


def test_a_hit_on_another_version_is_opened_on_a_path_that_shows_it(file: ChatFile):
    chat(file, 1, "Why?", "Because.")
    file.keep(1, [said(12, "Therefore.", 10)])
    (hit,) = file.search("because")
    assert hit.message == 11
    assert [turn.id for turn in file.read(hit.chat, hit.message).turns] == [10, 11]
    assert [turn.id for turn in file.read(hit.chat).turns] == [10, 12]


def test_chats_of_the_first_schema_are_found_after_the_migration(path: Path):
    connection = connect(path)
    schema.migrate(connection, [m001_chats.SQL])
    with transaction(connection):
        connection.execute("INSERT INTO chats VALUES (1, 'An old title', 2, 0.0)")
        for values in ((1, None, "finished", "asked"), (2, 1, "streaming", "answered")):
            connection.execute(OLD_MESSAGE, values)
    connection.close()
    file = ChatFile(path)
    assert file.open() is None
    for word in ("old", "asked", "answered"):
        assert titles(file.search(word)) == ["An old title"]
    file.close()


@pytest.mark.parametrize("undo", [True, False])
def test_a_deleted_chat_is_neither_listed_nor_found(file: ChatFile, undo: bool):
    chat(file, 1, "Hello", "Secret.")
    file.mark_deleted(1, True)
    assert (file.summaries(), file.search("secret"), file.search("hello")) == ((), (), ())
    file.mark_deleted(1, not undo)
    file.purge()
    assert titles(file.search("secret")) == (["Hello"] if undo else [])


def test_a_purged_chat_leaves_no_byte_behind(file: ChatFile, path: Path):
    chat(file, 1, "Canarytitle", "Canaryanswer and more words to index.")
    chat(file, 2, "Other", "Stays.")
    file.mark_deleted(1, True)
    file.purge()
    assert titles(file.search("stays")) == ["Other"]
    kept = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert b"Stays" in kept
    assert b"anary" not in kept.lower()


def test_what_was_deleted_before_a_kill_is_gone_after_it(file: ChatFile, path: Path):
    chat(file, 1, "Hello", "Secret.")
    file.mark_deleted(1, True)
    other = ChatFile(path)
    other.open()
    other.mark_deleted(1, False)
    assert other.summaries() == ()
    other.close()


def test_a_damaged_index_is_made_again_and_no_chat_is_lost(file: ChatFile, path: Path):
    chat(file, 1, "Hello", "Still here.")
    file.close()
    connection = connect(path)
    root, size = connection.execute(ROOT_OF_WORDS).get, connection.pragma("page_size")
    connection.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = (bytes(range(1, 256)) * size)[:size]
    path.write_bytes(content)
    again = ChatFile(path)
    aside = again.open()
    found = titles(again.search("still"))
    again.close()
    assert (aside, found) == (None, ["Hello"])
    assert connect(path).execute("PRAGMA integrity_check").get == "ok"


@pytest.mark.parametrize("text", ["", "plain", "\n\t a"])
def test_a_snippet_is_one_line_with_its_marks(text: str):
    found = snippet(f"{text}|x\ny|{text}", "|")
    assert marked(found) == ["x y"]
    assert not {"\n", "\t"} & set(found.text)


Act = Callable[[ChatFile], object]


@pytest.mark.parametrize(
    "act", [lambda file: file.rename(7, "x"), lambda file: file.mark_deleted(7, True)]
)
def test_a_chat_that_is_gone_can_be_named_without_harm(file: ChatFile, act: Act):
    act(file)
    file.purge()
    assert file.summaries() == ()
