"""A long conversation on the screen: few widgets, and what is being read stays where it is."""

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.conversation import Turn, TurnChanged, TurnGrew, TurnState
from app.domain.events import Delta, Timings, Usage
from app.domain.heat import HeatMode
from app.domain.messages import Role
from app.domain.tokens import Channel
from app.ui.chat.answer import AnswerView
from app.ui.chat.message import MessageView
from app.ui.chat.message_list import TAB_REACH
from app.ui.chat.transcript import TranscriptView
from app.ui.theme.style import Appearance
from app.ui.viewmodels.selection import Selected
from tests.ui.records import record

TURNS = 60
SIZE = (700, 500)


def answer(id: int, words: int, reasoning: int = 0, state: TurnState = TurnState.FINISHED) -> Turn:
    """An answer whose text names its words, each a token; every tenth ends a paragraph."""
    tokens, texts = [], {Channel.REASONING: "", Channel.ANSWER: ""}
    for channel, count in ((Channel.REASONING, reasoning), (Channel.ANSWER, words)):
        for number in range(count):
            word = f"word{number}" + ("\n\n" if number % 10 == 9 else " ")
            tokens.append(record(word, start=len(texts[channel]), channel=channel))
            texts[channel] += word
    return Turn(
        id=id,
        role=Role.ASSISTANT,
        state=state,
        text=texts[Channel.ANSWER],
        reasoning=texts[Channel.REASONING],
        tokens=tuple(tokens),
    )


def conversation(seed: int) -> list[Turn]:
    chance = random.Random(seed)
    turns: list[Turn] = []
    for id in range(1, TURNS, 2):
        turns.append(Turn(id=id, role=Role.USER, text="question " * chance.randint(1, 60)))
        turns.append(answer(id + 1, chance.randint(1, 200), chance.choice([0, 0, 30, 150])))
    return turns


@pytest.fixture
def transcript(qapp: QApplication, appearance: Appearance) -> Iterator[TranscriptView]:
    made = TranscriptView(appearance.theme)
    made.resize(*SIZE)
    made.show()
    yield made
    made.deleteLater()


Settle = Callable[[], None]


@pytest.fixture
def settle(qapp: QApplication, transcript: TranscriptView) -> Settle:
    """Lets the list do all that it does when there is time."""

    def run() -> None:
        before = None
        while before != (now := (tops(transcript), transcript.verticalScrollBar().value())):
            before = now
            for _ in range(8):
                qapp.processEvents()

    return run


def views(transcript: TranscriptView) -> list[MessageView]:
    return [view for view in transcript.findChildren(MessageView) if view.isVisible()]


def tops(transcript: TranscriptView) -> dict[MessageView, int]:
    """Where each message that is in sight begins, in pixels from the top of what is seen."""
    seen = {view: view.mapTo(transcript.viewport(), QPoint()).y() for view in views(transcript)}
    return {v: y for v, y in seen.items() if y < transcript.height() and y + v.height() > 0}


def fill(transcript: TranscriptView, turns: list[Turn]) -> None:
    for turn in turns:
        transcript.add(turn)


@pytest.mark.parametrize("seed", range(4))
def test_reading_on_and_back_never_jumps(transcript: TranscriptView, settle: Settle, seed: int):
    fill(transcript, conversation(seed))
    settle()
    bar, chance = transcript.verticalScrollBar(), random.Random(seed)
    for _ in range(120):
        by = chance.choice([-1, 1]) * chance.randint(1, SIZE[1])
        before, value = tops(transcript), bar.value()
        bar.setValue(value + by)
        moved = bar.value() - value if abs(bar.value() - value) <= SIZE[1] else by
        if bar.value() in (bar.minimum(), bar.maximum()):
            continue
        after = tops(transcript)
        for view in before.keys() & after.keys():
            assert abs(after[view] - (before[view] - by)) <= 1, moved
        settle()
        rested = tops(transcript)
        for view in after.keys() & rested.keys():
            assert abs(rested[view] - after[view]) <= 1


def test_only_what_is_near_is_a_widget(transcript: TranscriptView, settle: Settle):
    fill(transcript, conversation(7))
    settle()
    bar = transcript.verticalScrollBar()
    most = 0
    for value in range(bar.maximum(), -1, -400):
        bar.setValue(value)
        settle()
        most = max(most, len(views(transcript)))
        reach = 2 * transcript.viewport().height()
        places = {
            view: view.mapTo(transcript.viewport(), QPoint()).y() for view in views(transcript)
        }
        above = [view for view, top in places.items() if top + view.height() < -reach]
        below = [view for view, top in places.items() if top > transcript.height() + reach]
        assert max(len(above), len(below)) <= TAB_REACH
    assert 2 <= most < TURNS / 2


def test_messages_do_not_overlap_and_fill_what_is_in_sight(
    transcript: TranscriptView, settle: Settle
):
    fill(transcript, conversation(3))
    bar = transcript.verticalScrollBar()
    for value in (0, 900, 2500, bar.maximum()):
        bar.setValue(value)
        settle()
        shown = sorted(views(transcript), key=lambda view: view.y())
        for one, following in pairwise(shown):
            assert following.y() >= one.y() + one.height()
        for view in shown:
            assert view.height() == view.fitting_height(view.width())


def test_a_new_width_keeps_the_line_at_the_top(transcript: TranscriptView, settle: Settle):
    turns = [answer(2, 3), answer(4, 800), answer(6, 800)]
    fill(transcript, turns)
    settle()
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 3)
    settle()
    word = top_word(transcript, 4)
    for width in (520, 640, 420, 700):
        transcript.resize(width, SIZE[1])
        settle()
        assert abs(top_word(transcript, 4) - word) <= 12, width


def top_word(transcript: TranscriptView, turn_id: int) -> int:
    """The number of the first token in sight."""
    view = transcript.answer(turn_id)
    assert view
    text = view.answer
    top = -text.mapTo(transcript.viewport(), QPoint()).y()
    return next(i for i in range(text.token_count) if text.token_rect(i).bottom() > top)


def test_a_growing_answer_keeps_its_end_in_sight_until_one_scrolls_away(
    transcript: TranscriptView, settle: Settle
):
    fill(transcript, conversation(1)[:6])
    transcript.add(Turn(id=99, role=Role.ASSISTANT, state=TurnState.STREAMING))
    bar, written = transcript.verticalScrollBar(), 0
    for _ in range(40):
        written = grow(transcript, 99, written)
        settle()
        assert bar.value() == bar.maximum()
    bar.setValue(bar.value() - 300)
    settle()
    before = tops(transcript)
    for _ in range(40):
        written = grow(transcript, 99, written)
        settle()
    after = tops(transcript)
    assert all(after[view] == top for view, top in before.items())
    assert bar.value() < bar.maximum()


def grow(transcript: TranscriptView, turn_id: int, written: int) -> int:
    word = "paragraph of a growing answer \n\n"
    token = record(word, start=written)
    transcript.grow(TurnGrew(turn_id, Delta(Channel.ANSWER, word, (token,))))
    return written + len(word)


def test_an_answer_out_of_sight_goes_on_growing(transcript: TranscriptView, settle: Settle):
    fill(transcript, conversation(1))
    transcript.add(Turn(id=99, role=Role.ASSISTANT, state=TurnState.STREAMING))
    written = grow(transcript, 99, 0)
    settle()
    transcript.verticalScrollBar().setValue(0)
    settle()
    for _ in range(5):
        written = grow(transcript, 99, written)
    view = transcript.answer(99)
    assert view
    assert view.answer.token_count == 6
    finished = answer(99, 12)
    transcript.change(TurnChanged(finished).turn)
    settle()
    assert transcript.answer(99) is None
    transcript.reveal(99)
    settle()
    view = transcript.answer(99)
    assert view
    assert view.answer.toPlainText() == finished.text


def test_what_a_person_folded_stays_folded(transcript: TranscriptView, settle: Settle):
    turns = [answer(2, 5, reasoning=20), *conversation(2)]
    fill(transcript, [turns[0], *(turn for turn in turns[1:] if turn.id != 2)])
    settle()
    bar = transcript.verticalScrollBar()
    bar.setValue(0)
    settle()
    view = transcript.answer(2)
    assert view
    view.reasoning.heading.setFocus()
    QTest.keyClick(view.reasoning.heading, Qt.Key.Key_Return)
    assert not view.reasoning.is_open
    view.reasoning.heading.clearFocus()
    bar.setValue(bar.maximum())
    settle()
    assert transcript.answer(2) is None
    bar.setValue(0)
    settle()
    again = transcript.answer(2)
    assert again
    assert not again.reasoning.is_open
    QTest.keyClick(again.reasoning.heading, Qt.Key.Key_Space)
    assert again.reasoning.is_open


def test_a_selected_token_far_away_is_brought_into_sight(
    transcript: TranscriptView, settle: Settle
):
    turns = conversation(5)
    fill(transcript, turns)
    settle()
    for turn in (turns[1], turns[-1], turns[31]):
        last = len(turn.tokens) - 1
        transcript.select(Selected(turn.id, last, len(turn.tokens), turn.tokens[last]))
        settle()
        view = transcript.answer(turn.id)
        assert view
        text = next(each for each in view.texts() if each.holds(last))
        assert text.selected == last
        place = text.mapTo(transcript.viewport(), text.token_rect(last).center().toPoint())
        assert transcript.viewport().rect().contains(place)
    transcript.select(None)
    assert all(text.selected is None for text in view.texts())


def test_keys_scroll_by_pages_and_to_the_ends(transcript: TranscriptView, settle: Settle):
    fill(transcript, conversation(4))
    settle()
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum()
    press(transcript, Qt.Key.Key_Home)
    settle()
    assert bar.value() == 0
    press(transcript, Qt.Key.Key_PageDown)
    settle()
    assert 0 < bar.value() <= bar.pageStep()
    press(transcript, Qt.Key.Key_PageUp)
    settle()
    assert bar.value() == 0
    press(transcript, Qt.Key.Key_End)
    settle()
    assert bar.value() == bar.maximum()


def press(transcript: TranscriptView, key: Qt.Key) -> None:
    """In the text that is in sight."""
    inside = [v for v in tops(transcript) if transcript.rect().height() > 0]
    text = next(w for v in inside for w in v.findChildren(QWidget) if hasattr(w, "token_count"))
    QTest.keyClick(text, key)


def test_the_tab_key_meets_the_messages_in_their_order(transcript: TranscriptView, settle: Settle):
    turns = conversation(6)
    fill(transcript, turns)
    settle()
    transcript.activateWindow()
    transcript.verticalScrollBar().setValue(0)
    settle()
    first = next(view for view in views(transcript) if isinstance(view, AnswerView))
    first.answer.setFocus()
    met = [2]
    while met[-1] != turns[-1].id:
        focused = QApplication.focusWidget()
        assert focused
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        settle()
        met.append(focused_turn(transcript, turns))
    assert met == sorted(met)
    assert set(met) == {turn.id for turn in turns[1:]}
    shown = [view for turn in turns if (view := transcript.message(turn.id))]
    page = transcript.widget()
    assert page
    said = [each for each in page.children() if each in shown]
    assert said == shown  # the order in which a screen reader meets them


def focused_turn(transcript: TranscriptView, turns: list[Turn]) -> int:
    """The turn that the keyboard is in, which is in sight."""
    focused = QApplication.focusWidget()
    assert focused
    view = next(view for view in tops(transcript) if view.isAncestorOf(focused))
    return next(turn.id for turn in turns if transcript.message(turn.id) is view)


def test_another_mode_moves_nothing(transcript: TranscriptView, settle: Settle):
    fill(transcript, conversation(8))
    transcript.verticalScrollBar().setValue(1700)
    settle()
    before = tops(transcript)
    for mode in (HeatMode.PROBABILITY, HeatMode.ENTROPY, HeatMode.RANK, HeatMode.SURPRISE):
        transcript.show_mode(mode)
        settle()
        assert tops(transcript) == before


def test_rendering_and_colouring_keep_the_line_that_is_read(
    transcript: TranscriptView, settle: Settle
):
    fill(transcript, [answer(2, 3), answer(4, 900), answer(6, 900)])
    settle()
    bar = transcript.verticalScrollBar()
    for value in (bar.maximum() // 5, bar.maximum() // 2, bar.maximum() * 9 // 10):
        transcript.show_mode(HeatMode.SURPRISE)
        bar.setValue(value)
        settle()
        before = top_line(transcript)
        transcript.show_mode(HeatMode.NOTHING)
        settle()
        assert abs(top_line(transcript) - before) <= 10
        transcript.show_mode(HeatMode.RANK)
        settle()
        assert abs(top_line(transcript) - before) <= 10


def top_line(transcript: TranscriptView) -> int:
    """The number in the first word that is in sight."""
    for view in sorted_answers(transcript):
        face = view.body.face
        top = -face.mapTo(transcript.viewport(), QPoint()).y()
        for below in range(0, 80, 10) if 0 <= top < face.height() else ():
            cursor = face.cursorForPosition(QPoint(2, top + below))
            cursor.select(cursor.SelectionType.WordUnderCursor)
            if cursor.selectedText():
                return int(cursor.selectedText().removeprefix("word"))
    raise AssertionError("no answer at the top")


def sorted_answers(transcript: TranscriptView) -> list[AnswerView]:
    found = [view for view in views(transcript) if isinstance(view, AnswerView)]
    return sorted(found, key=lambda view: view.y())


def test_figures_that_have_no_room_are_left_out(transcript: TranscriptView, settle: Settle):
    usage, timings = Usage(9, 1234, 5, 0), Timings(0.18, 900.0, 41.2)
    transcript.add(replace(answer(2, 9), usage=usage, timings=timings))
    shown: list[int] = []
    for width in (700, 400, 330):
        transcript.resize(width, SIZE[1])
        settle()
        view = transcript.answer(2)
        assert view
        labels = [each for each in view.footer.labels if each.isVisible()]
        assert all(each.width() >= each.sizeHint().width() for each in labels)
        assert labels == view.footer.labels[: len(labels)]
        shown.append(len(labels))
    assert shown[0] == 4
    assert shown == sorted(shown, reverse=True)
    assert shown[-1] < 4


def test_a_cut_takes_away_what_follows(transcript: TranscriptView, settle: Settle):
    turns = conversation(9)
    fill(transcript, turns)
    settle()
    transcript.cut(turns[3].id)
    settle()
    assert transcript.answer(turns[3].id) is None
    assert len(views(transcript)) <= 3
    transcript.add(answer(500, 20))
    settle()
    view = transcript.answer(500)
    assert view
    assert view.isVisible()
    transcript.clear()
    settle()
    assert views(transcript) == []
    assert transcript.welcome.isVisible()
