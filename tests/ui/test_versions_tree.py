"""Versions as a tree, two of them side by side, and the likeliest ways on from a token."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from app.domain.branches import fork, origin, shared_length
from app.domain.conversation import Turn
from app.ui.panes.explore import ExploreDialog
from app.ui.panes.versions import VersionsDialog
from app.ui.viewmodels.wording import token_text
from tests.ui.desk import Desk, until
from tests.ui.records import record

Drive = Callable[..., None]
IDS = st.lists(st.integers(0, 3), max_size=12)


@given(IDS, IDS)
def test_a_fork_accounts_for_every_token_of_both(one: list[int], other: list[int]):
    left, right = ([replace(record(), id=id) for id in ids] for ids in (one, other))
    found = fork(left, right)
    begin = found.shared
    assert one[:begin] == other[:begin]
    assert begin in (len(one), len(other)) or one[begin] != other[begin]
    assert found.one_logprob == pytest.approx((len(one) - begin) * math.log(0.5))
    assert found.other_logprob == pytest.approx((len(other) - begin) * math.log(0.5))
    for a, b, size in found.same:
        assert one[a : a + size] == other[b : b + size]
    assert shared_length(right, left) == begin


@given(IDS, st.lists(IDS, max_size=4))
def test_a_version_comes_from_the_one_it_is_alike_the_longest(
    ids: list[int], others: list[list[int]]
):
    tokens, earlier = (
        [replace(record(), id=id) for id in ids],
        [[replace(record(), id=id) for id in other] for other in others],
    )
    found = origin(tokens, earlier)
    lengths = [shared_length(tokens, other) for other in earlier]
    assert found == (None if not others else (lengths.index(max(lengths)), max(lengths)))


def test_versions_are_shown_compared_and_gone_to(drive: Drive):
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        first = await desk.ask("What is the capital of France?")
        entropies = [token.entropy or 0.0 for token in first.tokens]
        index = entropies.index(max(entropies))
        desk.chat.selection.pick(first.id, index)
        await until(lambda: desk.chat.replay.value.replayed and desk.chat.replay.settled)
        await explore_and_go_on(desk, first, index)
        second = await desk.answered()
        desk.window.token.versions.click()
        dialog = desk.window.inspector.versions
        assert dialog
        await until(lambda: dialog.isVisible() and dialog.tree.topLevelItemCount())
        check_sides(dialog, first, second, index)
        before = top(dialog.tree).child(0)
        assert before
        dialog.tree.setCurrentItem(before)
        dialog.go.click()
        await until(lambda: desk.turns[-1] == first)
        await until(lambda: not dialog.go.isEnabled())

    drive(scenario)


async def explore_and_go_on(desk: Desk, turn: Turn, index: int) -> None:
    """The ways are those of the stored candidates; one that was not taken becomes a version."""
    desk.window.token.explore.click()
    dialog = desk.window.inspector.explore
    assert dialog
    await until(lambda: dialog.tree.topLevelItemCount() and not dialog.busy.isVisible())
    found = ways(dialog.tree.invisibleRootItem())
    joints = [number(item.text(3)) for item in found]
    assert joints == sorted(joints, reverse=True)
    firsts = {desk.chat.exploring.path(id_of(item))[0].id for item in found}
    assert firsts == {each.id for each in turn.tokens[index].top[: len(found)]}
    other = next(
        item
        for item in found
        if desk.chat.exploring.path(id_of(item))[0].id != turn.tokens[index].id
    )
    dialog.each.setValue(2)
    dialog.tree.setCurrentItem(other)
    dialog.tree.setFocus()
    QTest.keyClick(dialog.tree, Qt.Key.Key_Right)
    dialog.stop.click()
    assert dialog.told.text() == "Stopped."
    assert not other.isExpanded()
    QTest.keyClick(dialog.tree, Qt.Key.Key_Right)
    await until(lambda: other.childCount() and not dialog.busy.isVisible())
    await take_the_second_below(desk, dialog, other, turn, index)


async def take_the_second_below(
    desk: Desk, dialog: ExploreDialog, above: QTreeWidgetItem, turn: Turn, index: int
) -> None:
    """What is below a way goes on from its end; the whole path becomes the answer's beginning."""
    item = ways(above)[1]
    path = desk.chat.exploring.path(id_of(item))
    before = desk.chat.exploring.path(id_of(above))
    assert path[: len(before)] == before
    assert len(path) <= len(before) + 2
    joint = math.fsum(token.logprob or 0 for token in path)
    assert number(item.text(3)) == pytest.approx(joint, abs=1e-3)
    dialog.tree.setCurrentItem(item)
    desk.chat.selection.pick(turn.id, 0)  # the path stays that of the place that was explored
    dialog.take.click()
    await until(lambda: desk.turns[-1].id != turn.id)
    answer = await desk.answered()
    ids = [token.id for token in (*turn.tokens[:index], *path)]
    assert [token.id for token in answer.tokens][: len(ids)] == ids
    for kept, own in zip(path, answer.tokens[index:], strict=False):
        assert own.logprob == pytest.approx(kept.logprob, abs=1e-4)


def ways(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = [item.child(row) for row in range(item.childCount())]
    return [each for each in found if each]


def id_of(item: QTreeWidgetItem) -> int:
    return item.data(0, Qt.ItemDataRole.UserRole)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def top(tree: QTreeWidget, row: int = 0) -> QTreeWidgetItem:
    item = tree.topLevelItem(row)
    assert item
    return item


def check_sides(dialog: VersionsDialog, first: Turn, second: Turn, index: int) -> None:
    """Both versions hang on their question, the later one with the token that it took."""
    question = top(dialog.tree)
    assert question.childCount() == 2
    branch = question.child(1)
    assert branch
    assert branch.text(1) == f"{token_text(second.tokens[index])} at {index + 1}"
    assert branch.font(0).bold()
    dialog.tree.setCurrentItem(branch)
    assert not dialog.go.isEnabled()
    one, other = dialog.sides
    assert one.isVisible()
    assert (one.text.token_count, other.text.token_count) == (len(first.tokens), len(second.tokens))
    joint = math.fsum(token.logprob or 0 for token in second.tokens[index:])
    assert f"{joint:.3f}".replace("-", "−") in other.told.text()
    assert f"{index} tokens" in dialog.hint.text()
