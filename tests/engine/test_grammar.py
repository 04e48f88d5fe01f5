"""Answers that are held to a form: they fit it whatever is drawn, and only they are."""

import json
import math
import re
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from app import paths
from app.domain.events import Event, FinishReason
from app.domain.grammar import Grammar, GrammarKind
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, Generate, IdsPrompt, Replay, TextPrompt, ThoughtLimit
from app.domain.sampling import SamplingParams
from app.domain.tokens import Channel, Source
from app.engine import generate
from app.engine.model import Model
from app.engine.replay import replay
from app.engine.speculation.draft_model import DraftModel
from app.engine.speculation.drafter import Drafter
from app.engine.speculation.lookup import Lookup
from app.errors import InvalidRequest
from tests.engine import graphs
from tests.engine.speculation.drafting import answered, finished, fixed
from tests.engine.test_generate import SHAPE, WEIGHTS, opened, records, text

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "unit": {"enum": ["metre", "second"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["name", "unit", "count"],
    "additionalProperties": False,
}
FORM = Grammar(GrammarKind.JSON_SCHEMA, json.dumps(SCHEMA))
COLOUR = Grammar(GrammarKind.REGEX, "(violet|ochre|vermilion){1,3}")
GREEDY = SamplingParams(temperature=0.0)
DRAWN = SamplingParams(seed=4, temperature=1.5, top_k=40, repetition_penalty=1.1)


@pytest.fixture(scope="module")
def model() -> Model:
    return opened(paths.built_in_model())


@pytest.fixture(scope="module")
def draft() -> Model:
    return opened(paths.built_in_model().with_name("candor-small-draft"))


def asking(
    grammar: Grammar | None, sampling: SamplingParams = DRAWN, *, thinks: bool = False
) -> Generate:
    prompt = ChatPrompt((Message(Role.USER, "What is 3 + 4?"),), reasoning=thinks)
    return Generate(prompt=prompt, sampling=sampling, grammar=grammar, max_tokens=80)


def ids(events: Sequence[Event]) -> list[int]:
    return [token.id for token in records(events)]


@pytest.mark.parametrize(("seed", "temperature"), [(0, 2.0), (1, 2.0), (1, 1.0)])
def test_an_answer_fits_its_schema(model: Model, seed: int, temperature: float) -> None:
    events = answered(model, asking(FORM, SamplingParams(seed=seed, temperature=temperature)))
    found = json.loads(text(events))
    assert finished(events).reason is FinishReason.STOP
    assert sorted(found) == ["count", "name", "unit"]
    assert len(found["name"]) <= 8
    assert found["unit"] in ("metre", "second")
    assert 0 <= found["count"] <= 99


@pytest.mark.parametrize("seed", range(3))
def test_an_answer_matches_its_expression_to_the_end(model: Model, seed: int) -> None:
    events = answered(model, asking(COLOUR, SamplingParams(seed=seed, temperature=3.0)))
    assert re.fullmatch(COLOUR.text, text(events))
    assert finished(events).reason is FinishReason.STOP


def test_json_of_any_shape_is_an_object_and_a_grammar_is_followed(model: Model) -> None:
    found = json.loads(text(answered(model, asking(Grammar(GrammarKind.JSON), GREEDY))))
    assert isinstance(found, dict)
    lark = Grammar(GrammarKind.LARK, 'start: "so" be+\nbe: " be"')
    assert re.fullmatch("so( be)+", text(answered(model, asking(lark))).strip())


def test_a_thought_is_free_and_the_answer_behind_it_is_not(model: Model) -> None:
    plain = answered(model, asking(None, GREEDY, thinks=True))
    events = answered(model, asking(COLOUR, GREEDY, thinks=True))
    assert text(events, Channel.REASONING) == text(plain, Channel.REASONING) != ""
    assert re.fullmatch(COLOUR.text, text(events))


def test_an_answer_does_not_end_before_its_form_does(model: Model) -> None:
    eager = replace(DRAWN, temperature=1.0, logit_bias=dict.fromkeys(model.eos_ids, 30.0))
    assert not text(answered(model, asking(None, eager, thinks=True)))
    found = text(answered(model, asking(COLOUR, eager, thinks=True)))
    assert found in ("violet", "ochre", "vermilion")  # the shortest that may end


def test_a_thought_that_is_closed_by_force_leads_to_the_form(model: Model) -> None:
    limit = ThoughtLimit(tokens=3)
    events = answered(model, replace(asking(FORM, thinks=True), thought=limit))
    assert "enough thinking" in text(events, Channel.REASONING)
    assert json.loads(text(events))["unit"] in ("metre", "second")


def test_raw_numbers_stay_the_models_own(model: Model) -> None:
    first = records(answered(model, asking(COLOUR, GREEDY)))[0]
    free = records(answered(model, asking(None, GREEDY)))[0]
    assert first.id != free.id
    assert first.top[0].id == free.id
    assert first.rank
    assert first.rank > 1
    assert first.entropy == free.entropy
    assert first.sampled_logprob == 0.0  # greedy


@pytest.mark.parametrize("sampling", [GREEDY, DRAWN])
@pytest.mark.parametrize("thinks", [False, True])
def test_drafts_change_no_token_under_a_grammar(
    model: Model, draft: Model, sampling: SamplingParams, thinks: bool
) -> None:
    request = asking(FORM, sampling, thinks=thinks)
    expected = ids(answered(model, request))
    kept = 0
    for drafter in (fixed(DraftModel(draft), 3), fixed(Lookup(), 4)):
        found = answered(model, request, drafter)
        assert ids(found) == expected
        kept += sum(token.source is Source.DRAFT_KEPT for token in records(found))
    assert kept > 3


def test_a_drafts_proposals_keep_to_the_grammar(model: Model, draft: Model) -> None:
    events = answered(model, asking(COLOUR, GREEDY), fixed(DraftModel(draft), 3))
    tokens = records(events)
    assert all(token.accept for token in tokens if token.source is Source.DRAFT_KEPT)
    assert model.tokenizer
    written = [model.tokenizer.token_bytes(each.refused.id) for each in tokens if each.refused]
    assert all(each in b"violetochrevermilion" for each in written)


def test_requests_side_by_side_are_held_to_their_own_forms(model: Model, draft: Model) -> None:
    """As many answers to one question are, with and without drafts."""
    requests = [
        asking(grammar, replace(DRAWN, seed=seed))
        for seed, grammar in enumerate((FORM, COLOUR, None, FORM))
    ]
    alone = [ids(answered(model, request)) for request in requests]
    drafters: list[Drafter | None] = [None, fixed(Lookup(), 3), None, fixed(DraftModel(draft), 3)]
    works = [
        generate.begin(model, request, drafter)
        for request, drafter in zip(requests, drafters, strict=True)
    ]
    events: dict[int, list[Event]] = {id(work): [] for work in works}
    while going := [work for work in works if not work.finished]:
        for work, news in generate.tick(model, going):
            events[id(work)] += news
    assert [ids(events[id(work)]) for work in works] == alone


def test_a_replay_repeats_the_grammars_cut_and_the_draw(model: Model) -> None:
    request = asking(FORM, thinks=True)
    tokens = records(answered(model, request))
    own = ids(answered(model, request))
    for at in (2, len(own) - 9, len(own) - 1):
        asked = Replay(
            prompt=request.prompt,
            answer=tuple(own[:at]),
            sampling=request.sampling,
            grammar=FORM,
            tokens=(own[at],),
            trace=True,
        )
        found = replay(model, asked, cancelled=lambda: False)
        assert found
        assert found.trace
        assert found.trace.draw
        assert found.trace.draw.token == own[at]
        chosen = next(each for each in found.alternatives if each.id == own[at])
        assert chosen.sampled_logprob == pytest.approx(tokens[at].sampled_logprob, abs=1e-6)
        cut = found.trace.grammar
        assert cut
        assert cut.kept + cut.removed == model.info.vocabulary_size
        assert (cut.removed <= 2) == (tokens[at].channel is Channel.REASONING)
        assert found.trace.stages[0].kept == cut.kept
        told = dict(zip((each.id for each in found.alternatives), cut.logprobs, strict=True))
        assert told[own[at]] is not None
        left = [
            each.logprob
            for each, after in zip(found.alternatives, cut.logprobs, strict=True)
            if after is not None
        ]
        assert sum(map(math.exp, left)) <= 1.0 - cut.removed_mass + 1e-6
    without = replay(model, replace(asked, grammar=None), cancelled=lambda: False)
    assert without
    assert without.trace
    assert without.trace.grammar is None


def test_what_an_answer_begins_with_goes_on_in_its_grammar(model: Model) -> None:
    assert model.tokenizer
    begun = tuple(model.tokenizer.encode('{"name": "Ada", "un', add_special=False))
    events = answered(model, replace(asking(FORM), prefix=begun))
    assert json.loads(text(events))["name"] == "Ada"
    other = tuple(model.tokenizer.encode("A", add_special=False))
    assert len(other) == 1
    with pytest.raises(InvalidRequest, match="does not fit the grammar"):
        generate.begin(model, replace(asking(FORM), prefix=other))


@pytest.mark.parametrize(
    ("kind", "written", "said"),
    [
        (GrammarKind.REGEX, "(yes|no", "The regular expression cannot be used: unclosed group."),
        (GrammarKind.JSON_SCHEMA, "{", "The JSON schema cannot be used: it is not JSON"),
        (GrammarKind.JSON_SCHEMA, "[]", "The JSON schema cannot be used: it is not a JSON object."),
        (GrammarKind.JSON_SCHEMA, '{"type": "objec"}', "cannot be used: Invalid type: objec."),
        (GrammarKind.JSON_SCHEMA, '{"uniqueItems": true}', "cannot be used: Unimplemented keys"),
        (GrammarKind.LARK, "start: a", 'The grammar cannot be used: at 1(8): unknown name: "a".'),
    ],
)
def test_a_grammar_that_cannot_be_used_is_refused_at_once(
    model: Model, kind: GrammarKind, written: str, said: str
) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(said)):
        generate.begin(model, asking(Grammar(kind, written)))


def test_where_no_token_is_possible_the_answer_ends_in_an_error(model: Model) -> None:
    request = Generate(
        prompt=TextPrompt("a"), grammar=Grammar(GrammarKind.REGEX, r"a[^\x00-\u{10ffff}]")
    )
    with pytest.raises(InvalidRequest, match="fits the grammar"):
        answered(model, request)


def test_a_model_without_a_tokenizer_has_no_grammar(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("bare")
    bare = opened(graphs.write_folder(folder, graphs.grouped(SHAPE, WEIGHTS), SHAPE))
    with pytest.raises(InvalidRequest, match="needs a tokenizer"):
        generate.begin(bare, Generate(prompt=IdsPrompt((1, 2)), grammar=COLOUR))
