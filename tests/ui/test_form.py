"""The answer's form in the window: chosen, written, said where it cannot be used, and traced."""

import pytest
from msgspec.structs import replace
from PySide6.QtTest import QTest

from app.domain.grammar import Grammar, GrammarKind
from app.domain.sampling import SamplerStage, SamplingParams
from app.domain.trace import Cut, SamplerTrace, StageTrace
from app.ui.panes.form import FormChoice
from app.ui.viewmodels.form import words
from app.ui.viewmodels.sampler_trace import stage_rows
from app.ui.viewmodels.sampling import SamplingModel
from tests.ui.test_alternatives import replay_of

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
    assert form.complaint.text() == "Write a regular expression. Answers are free meanwhile."
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
    assert words(Grammar(GrammarKind.JSON)) == "JSON object"
    assert words(Grammar(GrammarKind.REGEX, "a\nb")) == "Regular expression a b"
    assert words(Grammar(GrammarKind.JSON_SCHEMA, "x" * 99)) == f"JSON schema {'x' * 60}…"


def test_what_a_form_cut_stands_before_the_first_stage() -> None:
    cut = Cut(kept=2, removed=118, removed_mass=0.63, logprobs=(None, 0.0))
    stage = StageTrace(
        stage=SamplerStage.TOP_K, active=True, kept=1, removed=1, removed_mass=0.0, line=None,
        number=None, logprobs=(None, 0.0),
    )  # fmt: skip
    found = replay_of((7, b" 17", 0.63, None), (3, b" 16", 0.37, 1.0))
    found = replace(found, trace=SamplerTrace((stage,), None, cut))
    form, top_k = stage_rows(found, SamplingParams(top_k=1))
    assert (form.name, form.told) == ("Answer's form", "118 cut (63 percent), 2 left")
    assert [pair.before for pair in form.pairs] == pytest.approx([0.63, 0.37])
    assert [pair.after for pair in form.pairs] == [pair.before for pair in top_k.pairs] == [0, 1]
