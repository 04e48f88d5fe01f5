"""Places of messages as arithmetic: whatever becomes of heights, what is read stays where it is."""

from hypothesis import given
from hypothesis import strategies as st

from app.ui.chat.column import NEVER_LESS, Column, guess

GAP, MARGIN = 10, 20
HEIGHTS = st.lists(st.integers(1, 3000), min_size=1, max_size=40)


def column_of(heights: list[int]) -> Column:
    column = Column(GAP, MARGIN)
    for height in heights:
        column.append(height)
    return column


@given(HEIGHTS)
def test_messages_follow_each_other_with_their_gaps(heights: list[int]):
    column = column_of(heights)
    place = MARGIN
    for index, height in enumerate(heights):
        assert (column.top(index), column.height(index)) == (place, height)
        place += height + GAP
    assert column.total == place - GAP + MARGIN
    assert Column(GAP, MARGIN).total == 2 * MARGIN


@given(HEIGHTS, st.integers(-500, 90_000), st.integers(1, 5000))
def test_what_lies_between_two_heights_is_found(heights: list[int], top: int, room: int):
    column = column_of(heights)
    bottom = top + room
    seen = [
        index
        for index, height in enumerate(heights)
        if column.top(index) + height > top and column.top(index) < bottom
    ]
    assert list(column.between(top, bottom)) == seen


@given(HEIGHTS, st.data())
def test_correcting_heights_never_moves_what_is_read(heights: list[int], data: st.DataObject):
    column = column_of(heights)
    reading = data.draw(st.integers(0, column.total))
    read = column.between(reading, column.total)
    inside = reading - column.top(read[0]) if read else 0
    for _ in range(data.draw(st.integers(1, 12))):
        index = data.draw(st.integers(0, len(heights) - 1))
        least = max(inside + 1, 1) if read and index == read[0] else 1
        height = data.draw(st.integers(least, 4000))
        reading += column.resize(index, height, reading)
        if read:
            assert reading - column.top(read[0]) == inside


@given(HEIGHTS, st.data())
def test_a_cut_leaves_what_was_before(heights: list[int], data: st.DataObject):
    column = column_of(heights)
    index = data.draw(st.integers(0, len(heights) - 1))
    column.top(0)
    column.cut(index)
    assert len(column) == index
    assert column.total == column_of(heights[:index]).total


@given(st.text(max_size=500), st.integers(1, 2000))
def test_a_guess_grows_with_the_text(text: str, width: int):
    assert NEVER_LESS <= guess(text, width, 24) <= guess(text * 3 + "\n", width, 24)
