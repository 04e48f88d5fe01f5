"""The answer's form in the window: chosen, written, said where it cannot be used, and traced."""

import pytest
from PySide6.QtTest import QTest

from app.domain.grammar import Grammar, GrammarKind
from app.ui.panes.form import FormChoice
from app.ui.viewmodels.form import form_words
from app.ui.viewmodels.sampling import SamplingModel

JSON, SCHEMA, REGEX = range(1, 4)


def choose(form: FormChoice, row: int) -> None:
    form.field.setCurrentIndex(row)
    form.field.activated.emit(row)


@pytest.mark.usefixtures("qapp")
def test_a_form_is_told_once_it_can_be_used() -> None:
    form, told = FormChoice(), []
    form.chosen.connect(told.append)
    choose(form, JSON)
    assert told.pop() == Grammar(GrammarKind.JSON)
    choose(form, REGEX)
    assert told.pop() is None
    assert form.complaint.text() == "Write a regular expression. Answers are free until then."
    QTest.keyClicks(form.text, "yes")
    assert told.pop() == Grammar(GrammarKind.REGEX, "yes")
    assert form.complaint.isHidden()
    choose(form, SCHEMA)
    form.text.setPlainText("[1]")
    assert told.pop() is None
    assert "cannot be read: Expected `object`" in form.complaint.text()
    form.text.setPlainText("{}")
    assert told.pop() == Grammar(GrammarKind.JSON_SCHEMA, "{}")
    choose(form, REGEX)
    assert told.pop() == Grammar(GrammarKind.REGEX, "yes"), "each form keeps its text"
    form.show_value(None)
    assert (form.field.currentText(), form.text.isHidden()) == ("Free", True)
    form.deleteLater()


def test_a_form_reaches_the_next_answer_until_everything_is_reset() -> None:
    sampling, form = SamplingModel(), Grammar(GrammarKind.JSON)
    sampling.set_grammar(form)
    assert sampling.options().grammar == form
    assert sampling.choice is None, "it is not remembered"
    assert not sampling.is_default
    sampling.reset()
    assert sampling.options().grammar is None


def test_a_form_is_named_in_a_line() -> None:
    assert form_words(Grammar(GrammarKind.JSON)) == "JSON"
    assert form_words(Grammar(GrammarKind.REGEX, "a\nb")) == "Regular expression a b"
    assert form_words(Grammar(GrammarKind.JSON_SCHEMA, "x" * 99)) == f"JSON schema {'x' * 60}…"
