"""Classifying and calibrating in the workbench: tables in and out, and a clear sentence for all
that cannot be used."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableWidget

from app.domain.calibration import Fit
from app.ui.viewmodels.labelling import LabelModel
from tests.ui.desk import Desk, until
from tests.ui.test_exports import answer_dialog, choose

Drive = Callable[..., None]
ROWS = [(f"What is {n} + {n}?", "sum" if n % 2 else "greeting") for n in range(12)]


def written(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def cell(table: QTableWidget, row: int, column: int) -> str:
    item = table.item(row, column)
    return item.text() if item else ""


async def done(model: LabelModel) -> None:
    await until(lambda: not model.value.working)


def test_texts_get_labels_and_a_matrix(drive: Drive, tmp_path: Path) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        choose(desk, "Classify texts…")
        page, model = desk.session.workbench.classify, desk.session.bench.classifying
        assert page
        page.edit.setPlainText("Hello there")
        for labels, sentence in (
            ("", "A label is empty."),
            ("sum, sum", 'The label "sum" is there twice.'),
            ("sum", "Give 2 to"),
        ):
            page.form.labels.setText(labels)
            QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
            await done(model)
            assert page.task.words.text().startswith(sentence)
        page.form.labels.setText("greeting, sum")
        page.edit.setPlainText(" ")
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await done(model)
        assert page.task.words.text().startswith("There is no text to label.")
        for data, sentence in (
            (b"\x89PNG\0", "holds binary data"),
            (b"", "The table has no rows."),
            (None, "longer than 128 MB"),
        ):
            with (tmp_path / "unusable.csv").open("wb") as file:
                file.truncate(2**30) if data is None else file.write(data)
            model.open_table(tmp_path / "unusable.csv")
            await done(model)
            assert sentence in page.task.words.text()
        page.edit.setPlainText("Hello there")
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await done(model)
        (found,) = model.value.found
        assert sum(found.probabilities) > 0.999
        assert cell(page.rows, 0, 1) == found.likeliest

        model.open_table(written(tmp_path / "rows.csv", ROWS))
        await done(model)
        assert page.task.words.text() == "rows.csv has 12 rows."
        assert page.form.wish().truths == "label"
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await done(model)
        matrix = model.value.confusion
        assert matrix
        assert sum(map(sum, matrix.counts)) == len(ROWS)
        assert cell(page.matrix, 0, 0) == f"{matrix.counts[0][0]:,}"
        assert not desk.nameless_controls()

        QTest.mouseClick(page.export, Qt.MouseButton.LeftButton)
        await answer_dialog(desk, tmp_path / "out")
        await until((tmp_path / "out.csv").exists)
        with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
            saved = list(csv.DictReader(file))
        assert [row["text"] for row in saved] == [text for text, _ in ROWS]
        assert [row["predicted"] for row in saved] == [each.label for each in model.value.found]

    drive(scenario)


def test_a_calibration_is_drawn_kept_and_applied(drive: Drive, tmp_path: Path) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        choose(desk, "Calibrate…")
        page, model = desk.session.workbench.calibrate, desk.session.bench.calibrating
        assert page
        page.form.labels.setText("greeting, sum")
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await done(model)
        assert page.task.words.text().startswith("There is no table with true labels.")
        one = [(text, "sum") for text, _ in ROWS]
        for name, rows, sentence in (
            ("one.csv", one, 'Every example has the label "sum".'),
            ("few.csv", ROWS[:4], "Calibration needs at least"),
        ):
            model.open_table(written(tmp_path / name, rows))
            await done(model)
            QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
            await done(model)
            assert page.task.words.text().startswith(sentence)
        assert not page.diagram.isVisible()

        model.open_table(written(tmp_path / "rows.csv", ROWS))
        await done(model)
        page.form.fit.choose(Fit.ISOTONIC)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await done(model)
        found = model.value.calibration
        assert found
        assert page.diagram.isVisible()
        assert page.facts.values["Calibration error"].text() == f"{found.ece_before:.3f}"
        assert page.diagram.accessibleName().startswith("Reliability diagram: confidence")

        classify, other = desk.session.workbench.classify, desk.session.bench.classifying
        assert classify
        classify.form.labels.setText("greeting, sum")
        classify.form.calibrated.setChecked(True)
        other.classify(classify.form.wish(), "What is 1 + 1?")
        await done(other)
        shares = [pytest.approx(share) for _, share in found.points]
        assert other.value.found[0].confidence in shares
        assert not desk.nameless_controls()

    drive(scenario)
