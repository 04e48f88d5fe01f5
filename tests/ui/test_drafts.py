"""Drafts in the window: chosen, kept, and told of under the answer and in the inspector."""

import pytest
from PySide6.QtWidgets import QApplication

from app.domain.conversation import Turn
from app.domain.drafting import Drafting, DraftKind, DraftReport
from app.domain.heat import HeatMode
from app.domain.messages import Role
from app.domain.models import Layout, ModelInfo
from app.domain.sampling import SamplingParams
from app.domain.tokens import Candidate, Channel, Source, TokenRecord
from app.ui.panes.draft_choice import DraftChoice
from app.ui.theme.palette import HEAT_STEPS
from app.ui.viewmodels import wording
from app.ui.viewmodels.figures import figures
from app.ui.viewmodels.heat import heat_step, number
from app.ui.viewmodels.sampling import SamplingModel
from tests.services.store.turns import token

REPORT = DraftReport(
    kind=DraftKind.MODEL,
    model="small",
    positions=((10, 9), (10, 6)),
    drafts=10,
    speedup=1.52,
    plain_tokens_per_s=60.0,
    notes=("Drafts were slower than plain steps here, so they were switched off.",),
)


def drafted(*, kept: bool, accept: float = 0.75) -> TokenRecord:
    record = token(0)
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    fate = Source.DRAFT_KEPT if kept else Source.CORRECTED
    refused = None if kept else Candidate(9, b" other", -1.0)
    more = {"source": fate, "draft_q": 0.4, "accept": accept, "refused": refused}
    return TokenRecord(**{**fields, **more})


def model(path: str) -> ModelInfo:
    return ModelInfo(
        name="m", path=path, layout=Layout.SINGLE, variant="", variants=(), context_length=9,
        vocabulary_size=9, has_tokenizer=True, has_template=True, reasoning_switch=None,
        effort_switch=None, providers=(), sampling=SamplingParams(),
    )  # fmt: skip


@pytest.mark.usefixtures("qapp")
def test_a_choice_is_told_and_a_folder_shows_by_its_name(qapp: QApplication) -> None:
    choice, chosen = DraftChoice(), []
    choice.chosen.connect(chosen.append)
    choice.field.setCurrentIndex(1)
    choice.field.activated.emit(1)
    choice.choose_folder("/models/tiny")
    assert chosen == [
        Drafting(kind=DraftKind.AUTO),
        Drafting(kind=DraftKind.MODEL, path="/models/tiny"),
    ]
    choice.show_value(chosen[-1])
    assert choice.field.currentText() == "tiny"
    choice.deleteLater()


def test_the_choice_reaches_the_next_answer_and_comes_back_with_the_model() -> None:
    sampling, drafting = SamplingModel(), Drafting(kind=DraftKind.LOOKUP)
    sampling.adopt(model("a"))
    assert sampling.options().drafting == Drafting()
    sampling.set_drafting(drafting)
    assert sampling.options().drafting == drafting
    kept = sampling.choice
    sampling.adopt(model("b"))
    assert sampling.drafting == Drafting()
    sampling.adopt(model("a"), kept)
    assert sampling.drafting == drafting
    sampling.reset()
    assert sampling.drafting == Drafting()


def test_the_footer_tells_the_gain_and_explains_it() -> None:
    turn = Turn(id=1, role=Role.ASSISTANT, text="x", drafting=REPORT)
    (figure,) = [each for each in figures(turn) if each.text.startswith("drafts")]
    assert figure.text == "drafts 1.52×"
    assert "15 of 20 drafted tokens kept (by small)" in figure.meaning
    assert "90%, 60%" in figure.meaning
    assert "switched off" in figure.meaning


def test_the_inspector_sets_p_beside_q() -> None:
    kept, corrected = wording.draft(drafted(kept=True)), wording.draft(drafted(kept=False))
    assert "kept: the model's p" in kept
    assert "q 0.400, chance of being kept 0.750" in kept
    assert "“␣other”, not kept: the model's p 0.368" in corrected
    assert wording.draft(token(0)) == ""


def test_words_are_coloured_by_the_fate_of_the_draft() -> None:
    steps = [heat_step(HeatMode.DRAFT, (drafted(kept=True, accept=each),)) for each in (1.0, 0.5)]
    assert steps == [0, HEAT_STEPS // 2]
    assert heat_step(HeatMode.DRAFT, (drafted(kept=False),)) == HEAT_STEPS
    assert heat_step(HeatMode.DRAFT, (token(0),)) == 0
    assert number(HeatMode.DRAFT, (drafted(kept=True),)) == "75"
    assert number(HeatMode.DRAFT, (token(0),)) == ""
    assert drafted(kept=True).channel is Channel.ANSWER
