"""Comparing in the workbench: two ways to run one model, set side by side on a text."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.comparison import worst
from app.domain.inspection import VariantReport
from app.domain.models import Layout
from app.domain.preparation import Precision
from app.ui.viewmodels.comparing import least_rounded
from app.ui.workbench.compare_page import ComparePage
from tests.ui.desk import Desk, until
from tests.ui.test_exports import choose

Drive = Callable[..., None]
TEXT = "The heatmap shows how sure the model was. What is 12 + 30?"


def opened(desk: Desk) -> ComparePage:
    choose(desk, "Compare two models…")
    page = desk.session.workbench.compare
    assert page
    assert page.isVisible()
    return page


def test_a_model_is_like_itself_and_what_cannot_be_compared_is_said(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        page, model = opened(desk), desk.session.bench.comparing
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await until(lambda: not model.value.working)
        assert page.task.words.text().startswith("There is no text to compare on.")

        page.edit.setPlainText(TEXT)
        assert page.first.model.currentText() == "candor-small"
        page.first.precision.choose(Precision.EXACT)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        assert page.task.start.text() == "Stop"
        await until(lambda: not model.value.working)
        result = model.value.result
        assert result
        assert result.summary.kl_max == pytest.approx(0.0, abs=1e-5)
        assert "the likeliest token is another one at 0.0% of the places" in page.task.words.text()
        assert page.facts.values["Same likeliest token"].text() == "100.0%"

        page.list.setCurrentRow(0)
        QTest.keyClick(page.list, Qt.Key.Key_Return)
        (furthest,) = worst(model.value.pieces, 1)
        assert furthest.text.strip() in page.piece.text()
        assert page.piece_facts.values["Same likeliest token"].text() == "yes"
        assert b"".join(each.data for each in model.value.pieces).decode() == TEXT
        assert not desk.nameless_controls()

        page.change.click()
        page.edit.setPlainText(TEXT * 30)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await until(lambda: not model.value.working)
        assert model.value.result is None
        QTest.mouseClick(page.rounding, Qt.MouseButton.LeftButton)
        await until(lambda: not model.value.working)
        assert model.value.error or model.value.result

    drive(scenario)


def test_the_largest_file_that_runs_is_the_least_rounded() -> None:
    sizes = (("q4", 10, ""), ("fp32", 80, "too new"), ("fp16", 40, ""))
    variants = [VariantReport(n, Layout.SINGLE, f"{n}.onnx", size, why) for n, size, why in sizes]
    assert least_rounded(variants, "q4") == "fp16"
    assert least_rounded([], "q4") == "q4"
