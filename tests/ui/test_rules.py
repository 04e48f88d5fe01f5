"""Auto in the window: its rules edited, its decisions overruled, the same as in the terminal."""

import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app import paths
from app.domain.models import Layout, ModelInfo
from app.domain.reasoning import Effort
from app.domain.routing import Routing, Rule
from app.domain.sampling import SamplingParams
from app.services.settings import MODEL, ROUTING
from app.ui.chat.composer import Composer
from app.ui.choice import Choice
from app.ui.panes.rules import IN_FORCE, RulesDialog
from tests.cli.program import Program
from tests.ui.desk import Desk, until

BARE = ModelInfo(
    name="m", path="/m", layout=Layout.SINGLE, variant="", variants=(), context_length=64,
    vocabulary_size=10, has_tokenizer=True, has_template=True, reasoning_switch=None,
    effort_switch=None, providers=(), sampling=SamplingParams(),
)  # fmt: skip
Drive = Callable[..., None]
UNSURE = "What is 47 * 36?"


def pick(choice: Choice, text: str) -> None:
    """Choose an entry as a person does."""
    place = choice.findText(text)
    assert place >= 0, text
    choice.setCurrentIndex(place)
    choice.activated.emit(place)


def opened(desk: Desk) -> RulesDialog:
    desk.window.composer.rules.click()
    dialog = desk.session.dialogs.rules
    assert dialog
    return dialog


def click(desk: Desk, name: str) -> None:
    QTest.mouseClick(desk.find(QPushButton, name), Qt.MouseButton.LeftButton)


def test_rules_are_edited_and_what_makes_no_sense_is_said(drive: Drive) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        assert not desk.window.composer.rules.isVisible()
        click(desk, "Reasoning auto")
        dialog = opened(desk)
        settings = desk.services.settings
        dialog.add.click()
        (row,) = dialog.rows
        row.matches.setText("[0-9")
        row.matches.editingFinished.emit()
        assert dialog.complaint.text().startswith("Rule 1: '[0-9' is no regular expression: ")
        assert dialog.complaint.text().endswith(IN_FORCE)
        assert settings.get(ROUTING).rules == ()
        row.matches.setText("[0-9]")
        row.longer.setText("12")
        row.longer.editingFinished.emit()
        assert not dialog.complaint.isVisible()
        assert settings.get(ROUTING).rules == (Rule("thoughtful", longer_than=12, matches="[0-9]"),)
        row.longer.setText("a few")
        row.longer.editingFinished.emit()
        assert "is no whole number" in dialog.complaint.text()
        row.longer.clear()
        pick(row.script, "Latin")
        pick(row.tools, "Without tools")
        pick(row.to, "Quick")
        rule = Rule("quick", matches="[0-9]", script="latin", tools=False)
        assert settings.get(ROUTING).rules == (rule,)
        dialog.threshold.setText("1.5")
        dialog.threshold.editingFinished.emit()
        assert "The threshold goes from 0 to 1." in dialog.complaint.text()
        assert dialog.threshold.text() == "0.80"
        dialog.threshold.setText("0,25")
        dialog.threshold.editingFinished.emit()
        pick(dialog.efforts["thoughtful"], "Low")
        dialog.choose_folder("/nowhere/at-all")
        assert "There is no model at /nowhere/at-all." in dialog.complaint.text()
        assert not dialog.efforts["large"].isEnabled()
        assert settings.get(ROUTING) == Routing(
            rules=(rule,), threshold=0.25, thoughtful=Effort.LOW
        )
        row.remove.click()
        assert (dialog.rows, settings.get(ROUTING).rules) == ([], ())
        assert desk.nameless_controls() == []
        dialog.close()

    drive(scenario)


def test_the_terminal_decides_as_the_window_and_each_decision_is_overruled_by_one_click(
    drive: Drive, tmp_path: Path
) -> None:
    large = Path(shutil.copytree(paths.built_in_model(), tmp_path / "large-one"))
    notes: list[str] = []

    async def scenario(desk: Desk) -> None:
        await desk.ready()
        click(desk, "Reasoning auto")
        dialog = opened(desk)
        dialog.choose_folder(str(large))
        pick(dialog.efforts["thoughtful"], "Off")
        dialog.close()
        desk.chat.sampling.set("temperature", 0.0)
        desk.write(UNSURE)
        desk.press(Qt.Key.Key_Return)
        await until(lambda: desk.turns and "large: Kept" in desk.turns[-1].note)
        await until(lambda: not desk.chat.status.value.answering)
        answer = desk.turns[-1]
        notes.extend(answer.note.splitlines())
        assert answer.text == "1692"
        assert answer.origin
        assert answer.origin.path == str(large)
        opened_now = desk.session.models.value.opened
        assert opened_now
        assert opened_now.path == ""
        assert desk.services.settings.get(MODEL).path == ""
        words = [each.text() for each in desk.view(answer).others.buttons]
        assert words == ["Answer without reasoning instead"] * 2
        desk.view(answer).others.buttons[0].click()
        await until(lambda: desk.turns[-1].id != answer.id)
        quick = desk.turns[-1]
        assert quick.origin
        assert (quick.origin.step, quick.reasoning) == ("quick", "")
        words = [each.text() for each in desk.view(quick).others.buttons]
        assert words[-1] == "Answer with large-one instead"

    drive(scenario)
    told = Program(paths.profile()).run(
        "route", UNSURE, "--temperature", "0", "--from-window", "--explain"
    )
    assert told.status == 0
    lines = [line for line in told.err.splitlines() if line in notes]
    assert ["Auto decided:", *lines] == notes
    assert len(lines) == 4


def test_a_model_that_does_not_reason_can_be_left_for_a_larger_one(qapp: QApplication) -> None:
    composer, chosen = Composer(), []
    composer.effort_chosen.connect(chosen.append)
    composer.show_effort(BARE, Effort.MEDIUM)
    composer.show()
    names = [each.text() for each in composer.findChildren(QPushButton) if each.isVisible()]
    assert "Auto" not in names
    composer.show_effort(BARE, Effort.MEDIUM, can_route=True)
    ways = {each.text(): each for each in composer.findChildren(QPushButton) if each.isVisible()}
    assert [name for name in ("Off", "Low", "High", "Auto") if ways[name].isEnabled()] == [
        "Off", "Auto",
    ]  # fmt: skip
    assert ways["Off"].isChecked()
    ways["Auto"].click()
    assert chosen == [None]
    composer.close()
    composer.deleteLater()
    qapp.processEvents()
