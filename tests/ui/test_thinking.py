"""The picture of what thinking buys: every way on it is told in words too."""

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from app.services.thinking_report import thinking_report
from app.ui.panes.thinking import ThinkingDialog


@pytest.mark.usefixtures("qapp")
def test_every_measured_way_is_in_the_picture_and_in_its_words(qapp: QApplication) -> None:
    report = thinking_report()
    parent = QWidget()
    dialog = ThinkingDialog(parent, report)
    told = dialog.curve.accessibleDescription()
    assert all(f"{point.way}: {point.right:.0%} right" in told for point in report.points)
    assert [each.way for each in report.budgets][:2] == ["0 tokens", "16 tokens"]
    assert report.budgets[-1].way == "no limit"
    assert report.budgets[-1].right > report.budgets[0].right
    dialog.present()
    picture = dialog.curve.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(picture.width()) for y in range(0, 250, 3)}
    assert len(colours) > 10
    dialog.close()
    parent.deleteLater()
    qapp.processEvents()
