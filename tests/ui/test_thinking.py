"""The picture of what thinking buys: every way on it is told in words too."""

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from app.services.thinking_report import budgets, thinking_report
from app.ui.panes.thinking import ThinkingDialog


@pytest.mark.usefixtures("qapp")
def test_every_measured_way_is_in_the_picture_and_in_its_words(qapp: QApplication) -> None:
    report = thinking_report()
    parent = QWidget()
    dialog = ThinkingDialog(parent, report)
    told = dialog.curve.accessibleDescription()
    assert all(f"{point.way}: {point.right:.0%} right" in told for point in report.of())
    line = budgets(report.of())
    assert [each.way for each in line][:2] == ["0 tokens", "16 tokens"]
    assert line[-1].way == "no limit"
    assert line[-1].right > line[0].right
    ways = {each.way: each for each in report.of()}
    for samples in (1, 4, 8):
        assert ways[f"best of {samples}, no thought"].thought == 0
        assert ways[f"best of {samples}, with thought"].thought > 0
    dialog.present()
    picture = dialog.curve.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(picture.width()) for y in range(0, 250, 3)}
    assert len(colours) > 10
    dialog.task.setCurrentIndex(1)
    dialog.task.activated.emit(1)
    of_one = report.of(report.tasks[0])
    assert dialog.curve.accessibleDescription().count(" right at ") == len(of_one) == len(line) + 7
    assert dialog.curve.accessibleDescription() != told
    assert dialog.curve.grab().toImage() != picture
    dialog.close()
    parent.deleteLater()
    qapp.processEvents()
