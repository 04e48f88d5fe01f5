"""Which drafts a request gets, and why not the others."""

from pathlib import Path

import pytest

from app import paths
from app.domain.drafting import Drafting, DraftKind
from app.domain.requests import Provider
from app.engine.model import Model, open_model
from app.engine.sampling.history import History
from app.engine.sampling.sampler import Sampler
from app.engine.speculation.drafts import Drafts
from app.engine.speculation.lookup import Lookup
from app.errors import InvalidRequest, ModelNotFound
from tests.engine import graphs
from tests.engine.reference import Shape
from tests.engine.test_generate import text_folder
from tests.engine.vocabularies import byte_level


class Text:
    """A sequence of ids; a lookup needs nothing else."""

    sampler: Sampler
    history: History

    def __init__(self, ids: list[int]) -> None:
        self.ids = ids


def opened(folder: Path) -> Model:
    return open_model(folder, None, Provider.CPU, lambda done, total: None)


@pytest.fixture(scope="module")
def built_in() -> Model:
    return opened(paths.built_in_model())


def quiet(done: int, total: int) -> None: ...


def test_auto_takes_the_model_beside_it(built_in: Model) -> None:
    drafter = Drafts(built_in).drafter(Drafting(kind=DraftKind.AUTO), quiet)
    assert drafter
    assert drafter.report().kind is DraftKind.MODEL
    assert drafter.report().model == "candor-small-draft"


def test_auto_looks_tokens_up_where_there_is_none(tmp_path: Path) -> None:
    model = opened(graphs.small_model(tmp_path / "alone"))
    drafter = Drafts(model).drafter(Drafting(kind=DraftKind.AUTO), quiet)
    assert drafter
    assert drafter.report().kind is DraftKind.LOOKUP
    assert not drafter.report().notes


def test_auto_says_why_the_model_beside_it_is_not_taken(tmp_path: Path) -> None:
    model = opened(graphs.small_model(tmp_path / "it"))
    graphs.small_model(tmp_path / "it-draft", Shape(vocabulary=64))
    drafter = Drafts(model).drafter(Drafting(kind=DraftKind.AUTO), quiet)
    assert drafter
    assert drafter.report().kind is DraftKind.LOOKUP
    assert "vocabulary differs at id 64" in drafter.report().notes[0]


def test_auto_says_so_where_a_draft_costs_more_than_it_can_bring(tmp_path: Path) -> None:
    model = opened(graphs.small_model(tmp_path / "it"))
    graphs.small_model(tmp_path / "it-draft", Shape(layers=8))
    drafts = Drafts(model)
    drafter = drafts.drafter(Drafting(kind=DraftKind.AUTO), quiet)
    assert drafter
    assert drafter.report().kind is DraftKind.LOOKUP
    assert "it-draft would be slower than none" in drafter.report().notes[0]
    asked = drafts.drafter(Drafting(kind=DraftKind.AUTO, tokens=2), quiet)
    assert asked
    assert asked.report().kind is DraftKind.MODEL
    assert model.forward.slots.idle == len(model.forward.slots)


def test_a_draft_of_another_vocabulary_is_refused_with_the_id(
    built_in: Model, tmp_path: Path
) -> None:
    wanted = Drafting(kind=DraftKind.MODEL, path=str(text_folder(tmp_path)))
    with pytest.raises(InvalidRequest, match=r"cannot draft for .* vocabulary differs at id \d+"):
        Drafts(built_in).drafter(wanted, quiet)


def test_the_first_id_that_differs_is_named(tmp_path: Path) -> None:
    model = opened(text_folder(tmp_path / "one"))
    other = tmp_path / "other"
    text_folder(other)
    file = byte_level(other / "tokenizer.json")
    written = file.read_text()
    token = model.tokenizer.written(139) if model.tokenizer else None
    assert token
    assert f'"{token}":139' in written.replace(" ", "")
    file.write_text(
        written.replace(f'"{token}": 139', '"zzz": 139').replace(f'"{token}":139', '"zzz":139')
    )
    wanted = Drafting(kind=DraftKind.MODEL, path=str(other))
    with pytest.raises(InvalidRequest, match="vocabulary differs at id 139"):
        Drafts(model).drafter(wanted, quiet)


def test_a_folder_without_a_tokenizer_cannot_be_compared(built_in: Model, tmp_path: Path) -> None:
    graphs.small_model(tmp_path, Shape(vocabulary=1024))
    wanted = Drafting(kind=DraftKind.MODEL, path=str(tmp_path))
    with pytest.raises(InvalidRequest, match="only one of the two has a tokenizer"):
        Drafts(built_in).drafter(wanted, quiet)


def test_a_draft_that_is_not_there_is_named(built_in: Model, tmp_path: Path) -> None:
    wanted = Drafting(kind=DraftKind.MODEL, path=str(tmp_path / "none"))
    with pytest.raises(ModelNotFound):
        Drafts(built_in).drafter(wanted, quiet)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": DraftKind.MODEL},
        {"kind": DraftKind.LOOKUP, "path": "x"},
        {"kind": DraftKind.LOOKUP, "tokens": 0},
        {"kind": DraftKind.LOOKUP, "tokens": 17},
    ],
)
def test_what_does_not_go_together_is_refused(wrong: dict) -> None:
    with pytest.raises(InvalidRequest):
        Drafting(**wrong)


def proposed(ids: list[int], count: int = 16) -> list[int]:
    return [each.token for each in Lookup().propose(Text(ids), count, 0.0)]


def test_what_came_before_is_proposed_again() -> None:
    text = list(range(20, 60))
    assert proposed([*text, 7, 8, *text[:10]], 4) == text[10:14]
    assert proposed([*text, 7, 8]) == []
    assert proposed([5]) == []


def test_a_short_match_is_trusted_with_little() -> None:
    text = list(range(20, 60))
    assert proposed([*text, 7, *text[:2]]) == text[2:4]
    assert proposed([*text, 7, *text[:3]]) == text[3:7]


def test_the_longest_match_is_taken_not_the_latest() -> None:
    assert proposed([1, 2, 3, 4, 5, 9, 9, 3, 4, 6, 8, 8, 1, 2, 3, 4], 1) == [5]


def test_a_loop_is_proposed_to_go_on() -> None:
    assert proposed([1, 2, 3] * 4, 9) == [1, 2, 3] * 3


def test_a_text_is_indexed_as_it_grows() -> None:
    lookup, text = Lookup(), Text([1, 2, 3])
    assert not lookup.propose(text, 4, 0.0)
    text.ids += [9, 1, 2]
    assert [each.token for each in lookup.propose(text, 1, 0.0)] == [3]
    text.ids += [3, 9]
    assert [each.token for each in lookup.propose(text, 2, 0.0)] == [1, 2]
