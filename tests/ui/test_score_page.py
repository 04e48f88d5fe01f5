"""The workbench's first page: a text goes in and every token's probability comes out."""

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.domain.texts import ScoredText
from app.services.exports.document import read
from app.ui.legend import TEXT_MODES
from app.ui.view_menu import ViewMenu
from app.ui.viewmodels.heat import heat_step
from app.ui.viewmodels.scored import Unit, first_token, ranked
from app.ui.workbench.score_page import ScorePage
from tests.ui.desk import Desk, until
from tests.ui.test_exports import answer_dialog, choose

Drive = Callable[..., None]
TEXT = "The heatmap shows how sure the model was. It is naïve, 東京.\n\nTwelve and thirty is 42.\n"


async def scored(desk: Desk, page: ScorePage) -> None:
    await until(lambda: not desk.session.bench.scoring.value.working)


def opened(desk: Desk) -> ScorePage:
    choose(desk, "Score a text…")
    page = desk.session.workbench.score
    assert page
    assert page.isVisible()
    return page


def shown_in(page: ScorePage, result: ScoredText) -> None:
    """Each mode of the legend colours the text that is there, and its menu puts numbers below."""
    body = page.view.text_of(0)
    assert body
    for mode in TEXT_MODES:
        segment = next(
            each for each in page.legend.findChildren(QPushButton) if each.text() == mode
        )
        QTest.mouseClick(segment, Qt.MouseButton.LeftButton)
        look = [heat_step(mode, [token]) > 0 for token in result.tokens if token.text.isascii()]
        said = [
            body.colour_at(place) is not None
            for place, token in enumerate(result.tokens)
            if token.text.isascii()
        ]
        assert (mode, said) == (mode, look)
    height = body.height()
    page.legend.view.click()
    (menu,) = page.findChildren(ViewMenu)
    (numbers,) = (each for each in menu.actions() if each.text() == "Numbers below the words")
    numbers.trigger()
    menu.close()
    assert body.height() > height


def test_a_pasted_text_is_scored_shown_walked_and_exported(drive: Drive, tmp_path: Path) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        page = opened(desk)
        page.edit.setPlainText(TEXT)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await scored(desk, page)
        await until(lambda: desk.session.bench.scoring.value.summary)
        result = desk.session.bench.scoring.value.result
        assert result
        assert result.text == TEXT
        shown = page.summary.facts.values
        known = [token.logprob for token in result.tokens if token.logprob is not None]
        expected = math.exp(-math.fsum(known) / len(known))
        assert shown["Perplexity"].text() == f"{expected:,.2f}"
        assert shown["Tokens"].text() == f"{len(result.tokens):,}"

        await until(lambda: page.view.text_of(0))
        body = page.view.text_of(0)
        assert body
        assert body.toPlainText().rstrip() == TEXT.rstrip()
        alone = [token for token in result.tokens[1:] if token.text.isascii()]
        surprising = min(alone, key=lambda token: token.logprob or 0.0)
        number = result.tokens.index(surprising)
        calm = max(result.tokens[1:], key=lambda token: token.logprob or -99.0)
        assert body.colour_at(number) != body.colour_at(result.tokens.index(calm))
        point = body.token_rect(number).center().toPoint()
        QTest.mouseClick(body.viewport(), Qt.MouseButton.LeftButton, pos=point)
        assert page.details.facts.values["Position"].text() == f"{number + 1:,}"
        assert page.details.facts.values["Rank"].text() == f"{surprising.rank:,}"
        QTest.keyClick(body, Qt.Key.Key_Right)
        assert page.details.facts.values["Position"].text() == f"{number + 2:,}"

        worst = first_token(result.tokens, ranked(result, Unit.SENTENCE)[0])
        page.summary.passages.setCurrentRow(0)
        QTest.keyClick(page.summary.passages, Qt.Key.Key_Return)
        assert page.details.facts.values["Position"].text() == f"{worst + 1:,}"
        assert not desk.nameless_controls()

        shown_in(page, result)

        QTest.mouseClick(page.export, Qt.MouseButton.LeftButton)
        await answer_dialog(desk, tmp_path / "text")
        await until((tmp_path / "text.json").exists)
        assert read(tmp_path / "text.json").texts == (result,)

    drive(scenario)


def test_what_cannot_be_scored_is_said_and_a_long_scoring_stops(
    drive: Drive, tmp_path: Path
) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        page, model = opened(desk), desk.session.bench.scoring
        page.edit.setPlainText("  \n")
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await scored(desk, page)
        assert page.task.words.text().startswith("There is no text to score.")
        binary, huge = tmp_path / "picture.png", tmp_path / "huge.txt"
        binary.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
        with huge.open("wb") as file:
            file.truncate(2**30)
        for path, sentence in ((binary, "holds binary data"), (huge, "longer than 128 MB")):
            model.score_file(path)
            await scored(desk, page)
            assert sentence in page.task.words.text()
        document = tmp_path / "short.txt"
        document.write_text(TEXT, "utf-8")
        model.score_file(document)
        await scored(desk, page)
        assert model.value.result
        assert model.value.result.title == "short.txt"

        page.change.click()
        page.edit.setPlainText("word " * 4000)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await until(lambda: model.value.done)
        QTest.mouseClick(page.task.start, Qt.MouseButton.LeftButton)
        await scored(desk, page)
        await until(lambda: model.value.result)
        assert 0 < len(model.value.result.tokens) < 4000
        assert "overlap by half" in page.task.words.text()
        assert page.task.start.text() == "Score"
        desk.chat.send("What is 12 + 7?")
        await until(lambda: len(desk.turns) == 2)
        said = await desk.answered()
        page.chat.click()
        await scored(desk, page)
        assert said.text in model.value.result.text
        assert model.value.result.title == "What is 12 + 7?"

    drive(scenario)
