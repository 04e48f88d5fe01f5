"""Comparing in the workbench: two ways to run one model, set side by side on a text."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.comparison import worst
from app.domain.devices import Device
from app.domain.inspection import VariantReport
from app.domain.models import Layout
from app.domain.preparation import Precision
from app.domain.requests import Provider
from app.domain.sampling import SamplerStage, SamplingParams
from app.services.packs import Report
from app.ui.viewmodels.comparing import least_rounded
from app.ui.workbench.compare_page import ONLY_CPU, ComparePage
from app.ui.workbench.model_side import What
from tests.ui.desk import Desk, until
from tests.ui.test_exports import choose
from tests.ui.test_program import children

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
        assert not page.list.isVisible()

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

        QTest.mouseClick(page.rounding, Qt.MouseButton.LeftButton)
        await until(lambda: not model.value.working)
        assert model.value.error or model.value.result

    drive(scenario)


@pytest.mark.skipif(sys.platform != "linux", reason="finds workers through /proc")
def test_samplings_part_where_one_of_them_removes_and_a_stop_leaves_nothing(
    drive: Drive, tmp_path: Path
) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        page, model = opened(desk), desk.session.bench.comparing
        page.what.chosen.emit(list(What).index(What.SAMPLING))
        assert page.model.currentText() == "candor-small"
        first, second = page.first.sampling, page.second.sampling
        assert first.params() == desk.chat.sampling.params
        assert second.params() == SamplingParams()
        second.fields["top_k"].setValue(1)
        page.edit.setPlainText(TEXT)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await until(lambda: not model.value.working)
        assert model.value.result
        (furthest,) = worst(model.value.pieces, 1)
        assert furthest.parted
        assert furthest.parted.lost_by is SamplerStage.TOP_K
        page.select(model.value.pieces.index(furthest))
        shown = {name: value.text() for name, value in page.piece_facts.values.items()}
        assert shown["Draws apart"] == f"{furthest.parted.distance:.1%}"
        assert shown["Divergence"] == "infinite"
        assert shown["Only in the first"].endswith("removed by Top-k")
        assert "so there the divergence is infinite." in page.task.words.text()
        assert not desk.nameless_controls()

        page.change.click()
        page.edit.setPlainText(TEXT * 30)
        before, kept = children(os.getpid()), sorted(tmp_path.rglob("*"))
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await until(lambda: model.value.doing == "Reading the text" and model.value.done)
        assert len(children(os.getpid())) == len(before) + 1
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await until(lambda: children(os.getpid()) == before)
        assert (model.value.working, model.value.result) == (False, None)
        assert sorted(tmp_path.rglob("*")) == kept

    drive(scenario)


def test_only_devices_that_are_there_can_be_compared(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        page, model = opened(desk), desk.session.bench.comparing
        page.edit.setPlainText(TEXT)
        page.show_what(What.DEVICES)
        assert page.task.words.text() == ONLY_CPU
        assert not page.task.start.isEnabled()
        gpu = Device(Provider.CUDA, 0, "A fine GPU")
        desk.session.bench.comparing.survey.found.emit(
            (Report(Provider.CUDA, "pack", devices=(gpu,)),)
        )
        sides = page.first.choice(), page.second.choice()
        assert [side and side.provider for side in sides] == [Provider.CPU, Provider.CUDA]
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await until(lambda: not model.value.working)
        assert "no pack" in page.task.words.text()
        page.show_what(What.FILES)
        assert not page.first.model.isVisible()
        assert page.first.variant.isVisible()
        assert page.task.start.isEnabled()

    drive(scenario)


def test_the_largest_file_that_runs_is_the_least_rounded() -> None:
    sizes = (("q4", 10, ""), ("fp32", 80, "too new"), ("fp16", 40, ""))
    variants = [VariantReport(n, Layout.SINGLE, f"{n}.onnx", size, why) for n, size, why in sizes]
    assert least_rounded(variants, "q4") == "fp16"
    assert least_rounded([], "q4") == "q4"
