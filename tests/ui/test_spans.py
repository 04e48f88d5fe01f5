"""Code points become UTF-16 units, and positions find their token."""

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QTextCursor, QTextDocument

from app.ui.chat.spans import SpanIndex, Utf16Map, shown

TEXTS = st.lists(st.text(alphabet="aé 🙂\n\r𝒳👩\u2029", max_size=6), max_size=8)


@given(TEXTS)
def test_units_count_what_utf16_holds(pieces: list[str]):
    places = Utf16Map()
    for piece in pieces:
        places.append(piece)
    text = "".join(pieces)
    for position in range(len(text) + 1):
        assert places.units(position) == len(text[:position].encode("utf-16-le")) // 2


@given(TEXTS)
def test_a_document_holds_one_unit_where_the_map_says_one(pieces: list[str]):
    document, places = QTextDocument(), Utf16Map()
    cursor = QTextCursor(document)
    for piece in pieces:
        places.append(piece)
        cursor.insertText(shown(piece))
    text = "".join(pieces)
    assert document.characterCount() - 1 == places.units(len(text))
    for index, char in enumerate(text):
        cursor.setPosition(places.units(index))
        cursor.setPosition(places.units(index + 1), QTextCursor.MoveMode.KeepAnchor)
        assert cursor.selectedText() == shown(char).replace("\n", "\u2029")


def test_a_position_finds_the_first_token_over_it():
    index = SpanIndex()
    index.extend([(0, 0), (0, 2), (2, 4), (2, 4), (4, 4), (5, 6)])
    found = [index.at(position) for position in range(7)]
    assert found == [1, 1, 2, 2, None, 5, None]
    assert [index.first_after(position) for position in (0, 4, 6)] == [1, 5, 6]
    assert list(index.cells(1, 6)) == [(0, 2, 1, 2), (2, 4, 2, 4), (5, 6, 5, 6)]
