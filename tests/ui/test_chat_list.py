"""The list of chats as values and as Qt's model, without a window."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from app.domain.chats import ChatSummary, SearchHit, Snippet
from app.ui.sidebar.list_model import ENTRY, ChatListModel, spoken
from app.ui.viewmodels.chat_list import ChatEntry, Entry, Heading, age, by_age, found, near_mark

TODAY = date(2026, 3, 18)  # a Wednesday


def at(day: date, hour: int = 12) -> float:
    return datetime(day.year, day.month, day.day, hour).timestamp()


def chat(id: int, changed_at: float = 0.0, title: str = "") -> ChatSummary:
    return ChatSummary(id=id, title=title or f"Chat {id}", leaf=id, changed_at=changed_at)


def texts(entries: tuple[Entry, ...]) -> list[str]:
    return [each.text if isinstance(each, Heading) else each.title.text for each in entries]


@pytest.mark.parametrize(
    ("days", "hour", "heading"),
    [
        (0, 0, "Today"),
        (-1, 23, "Today"),  # a clock that ran ahead
        (1, 23, "Yesterday"),
        (2, 0, "Earlier this week"),
        (3, 23, "Earlier this month"),
        (17, 0, "Earlier this month"),
        (18, 23, "Earlier this year"),
        (77, 12, "2025"),
    ],
)
def test_a_chat_stands_under_the_day_it_was_used(days: int, hour: int, heading: str):
    assert age(at(TODAY - timedelta(days), hour), TODAY) == heading


def test_a_heading_comes_once_even_where_the_clock_was_set_back():
    times = [at(TODAY), at(TODAY - timedelta(5)), at(TODAY), at(TODAY - timedelta(6))]
    shown = by_age([chat(id, time) for id, time in enumerate(times)], 2, TODAY)
    assert texts(shown.entries) == [
        "Today",
        "Chat 0",
        "Earlier this month",
        "Chat 1",
        "Chat 2",
        "Chat 3",
    ]
    assert [each.is_open for each in shown.entries if isinstance(each, ChatEntry)] == [
        False,
        False,
        True,
        False,
    ]


def test_an_empty_list_says_why():
    assert by_age([], None, TODAY).sentence.startswith("No chats yet.")
    assert found([], None, "a" * 100).sentence == f"No chat has “{'a' * 40}…”."


def test_a_hit_shows_where_it_was_found():
    hits = [
        SearchHit(chat(1), None, Snippet("Chat 1", ((0, 4),))),
        SearchHit(chat(2, title=" "), 7, Snippet("a chat about it", ((2, 6),))),
    ]
    by_title, by_text = found(hits, None, "chat").entries
    assert isinstance(by_title, ChatEntry)
    assert isinstance(by_text, ChatEntry)
    assert (by_title.title.marks, by_title.detail) == (((0, 4),), None)
    assert (by_text.message, by_text.detail) == (7, hits[1].snippet)
    assert spoken(by_text) == " , a chat about it"


@given(st.text(st.sampled_from("ab "), max_size=40), st.text(st.sampled_from("ab "), min_size=1))
def test_what_was_found_comes_near_the_beginning(before: str, word: str):
    snippet = Snippet(f"{before}{word} and after", ((len(before), len(before) + len(word)),))
    near = near_mark(snippet)
    ((start, end),) = near.marks
    assert near.text[start:end] == word
    assert near.text.endswith(" and after")
    assert start <= 15


entries = st.lists(
    st.tuples(st.integers(0, 9), st.booleans()), max_size=8, unique_by=lambda e: e[0]
)


def listed(chosen: list[tuple[int, bool]]) -> tuple[Entry, ...]:
    """A heading for each even id, and a chat for each id."""
    shown: list[Entry] = []
    for id, is_open in chosen:
        if id % 2 == 0:
            shown.append(Heading(f"Heading {id}"))
        shown.append(ChatEntry(chat=chat(id), title=Snippet(f"Chat {id}"), is_open=is_open))
    return tuple(shown)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(entries, min_size=1, max_size=5))
def test_the_model_tells_every_change_as_qt_wants_it(
    qapp: QApplication, lists: list[list[tuple[int, bool]]]
):
    model = ChatListModel()
    fatal = QAbstractItemModelTester.FailureReportingMode.Warning
    QAbstractItemModelTester(model, fatal, model)
    for chosen in lists:
        wanted = listed(chosen)
        model.show_entries(wanted)
        assert tuple(model.index(row).data(ENTRY) for row in range(model.rowCount())) == wanted


def test_a_place_in_the_list_stays_at_its_chat(qapp: QApplication):
    model = ChatListModel()
    model.show_entries(listed([(1, False), (3, True), (5, False)]))
    kept = QPersistentModelIndex(model.place_of(3))
    model.show_entries(listed([(7, True), (1, False), (3, False), (5, False)]))
    assert kept.isValid()
    assert kept.row() == 2
    assert not model.place_of(9).isValid()


def test_headings_cannot_be_chosen_and_a_written_title_is_handed_on(qapp: QApplication):
    model = ChatListModel()
    model.show_entries(listed([(2, True)]))
    told: list[tuple[ChatSummary, str]] = []
    model.renamed.connect(lambda summary, title: told.append((summary, title)))
    heading, place = model.index(0), model.index(1)
    assert heading.flags() == Qt.ItemFlag.NoItemFlags
    assert not model.setData(heading, "x")
    assert model.setData(place, "Another")
    assert told == [(chat(2), "Another")]
    assert place.data() == "Chat 2"
    assert place.data(Qt.ItemDataRole.AccessibleTextRole) == "Chat 2, open"
    assert model.rowCount(place) == 0
    assert model.data(QModelIndex()) is None
