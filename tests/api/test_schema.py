"""What a request may hold, and that whatever else it holds is refused by name."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from app.api.asking import SAMPLING, generation
from app.api.body import read_object
from app.api.refusals import Refusal
from app.api.schema import NOT_YET, ChatRequest, chat_request
from app.domain.drafting import Drafting, DraftKind
from app.domain.grammar import Grammar, GrammarKind
from app.domain.messages import Role
from app.domain.models import Layout, ModelInfo
from app.domain.requests import ChatPrompt, Generate
from app.domain.sampling import RANGES, SamplerStage, SamplingParams
from tests.api.serving import question


def model(reasoning: str | None = "enable_thinking", effort: str | None = "effort") -> ModelInfo:
    """A model whose template knows a low and a high effort where it has any."""
    return ModelInfo(
        name="candor-small",
        path="",
        layout=Layout.SINGLE,
        variant="",
        variants=(),
        context_length=2048,
        vocabulary_size=1000,
        has_tokenizer=True,
        has_template=True,
        reasoning_switch=reasoning,
        effort_switch=effort,
        effort_levels=("low", "high") if effort else (),
        providers=(),
        sampling=SamplingParams(temperature=0.6, top_k=20),
    )


def ask(given: dict[str, Any], info: ModelInfo | None = None) -> Generate:
    """The whole way from bytes to the engine's request."""
    return generation(chat_request(read_object(json.dumps(given).encode())), info or model())


def refusal(given: dict[str, Any], info: ModelInfo | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ask(given, info)
    return caught.value


def prompt(given: dict[str, Any], info: ModelInfo | None = None) -> ChatPrompt:
    found = ask(given, info).prompt
    assert isinstance(found, ChatPrompt)
    return found


def test_the_server_says_how_to_draft_where_a_request_does_not() -> None:
    default = Drafting(kind=DraftKind.MODEL, path="/models/small")

    def drafting(**more: Any) -> Drafting:
        return generation(chat_request(question() | more), model(), default).drafting

    assert drafting() == default
    assert drafting(draft="off") == Drafting()
    assert drafting(draft="lookup") == Drafting(kind=DraftKind.LOOKUP)
    assert drafting(draft_tokens=3) == structs.replace(default, tokens=3)
    with pytest.raises(Refusal, match="draft_tokens needs draft"):
        drafting(draft="off", draft_tokens=3)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(ChatRequest.__struct_fields__)


@given(name=st.text(), value=anything)
def test_no_name_is_ignored(name: str, value: Any) -> None:
    if name in ChatRequest.__struct_fields__:
        return
    with pytest.raises(Refusal) as caught:
        chat_request(question() | {name: value})
    assert caught.value.status == 400
    assert caught.value.reply.error.param == name.encode("utf-8", "replace").decode()


@settings(max_examples=400)
@given(changes=st.dictionaries(names, anything, max_size=4))
def test_any_value_is_understood_or_refused_by_name(changes: dict[str, Any]) -> None:
    try:
        asked = chat_request(question() | changes)
        wanted = generation(asked, model())
    except Refusal as no:
        refused = no
    else:
        for field, name in SAMPLING.items():
            if changes.get(name) is not None:
                told, given = getattr(wanted.sampling, field), getattr(asked, name)
                assert told == given
                assert given == changes[name] or isinstance(given, dict | tuple)
        return
    param = refused.reply.error.param or ""
    assert param.partition(".")[0].partition("[")[0] in changes
    assert refused.status in (400, 404)


@given(body=st.binary() | st.text().map(str.encode) | anything.map(json.dumps).map(str.encode))
def test_any_body_is_an_object_or_refused(body: bytes) -> None:
    try:
        found = read_object(body)
    except Refusal as no:
        found = no.status
    assert found == 400 or found == json.loads(body)


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_what_openai_knows_and_we_do_not_says_so(name: str) -> None:
    error = refusal(question() | {name: None}).reply.error
    assert (error.param, error.code) == (name, "unsupported_parameter")


@pytest.mark.parametrize("name", sorted(RANGES))
def test_every_sampling_range_is_kept(name: str) -> None:
    low, high = RANGES[name]
    for inside in (low, high):
        wanted = ask(question() | {name: type(low)(inside)})
        assert getattr(wanted.sampling, name) == inside
    outside = type(low)(low - 1), type(low)(high * 2)
    for value in outside:
        assert refusal(question() | {name: value}).reply.error.param == name


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "x", "name": "y"}]}, "messages[0].name"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "text": ""}]}]},
            "messages[0].content[0].type",
        ),
        ({"n": 2}, "n"),
        ({"n": 0}, "n"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["x"] * 17}, "stop"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 2**40}, "max_completion_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
        ({"max_tokens": 5.5}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 101}, "top_logprobs"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"more": 1}}, "stream_options.more"),
        ({"logit_bias": {"1000": 1}}, "logit_bias"),
        ({"logit_bias": {"-1": 1}}, "logit_bias"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"logit_bias": {"1": 101}}, "logit_bias"),
        ({"reasoning_effort": "minimal"}, "reasoning_effort"),
        ({"chat_template_kwargs": {"x": [1]}}, "chat_template_kwargs"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "text", "schema": {}}}, "response_format.schema"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_what_cannot_be_done_is_named(changes: dict[str, Any], param: str) -> None:
    error = refusal(question() | changes).reply.error
    assert error.param == param
    assert error.message.endswith((".", "`."))


@pytest.mark.parametrize("name", ["model", "messages"])
def test_what_is_missing_is_named(name: str) -> None:
    given = question()
    del given[name]
    error = refusal(given).reply.error
    assert (error.param, error.code) == (name, "missing_required_parameter")


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(Refusal, match='"model" is given twice'):
        read_object(b'{"model": "a", "model": "b"}')
    with pytest.raises(Refusal, match='"role" is given twice'):
        read_object(b'{"messages": [{"role": "user", "role": "system"}]}')


@pytest.mark.parametrize("text", [r"\ud800", r"\udfff", r"x\ud83dx"])
def test_half_a_character_is_refused_in_words_that_can_be_sent(text: str) -> None:
    for body in (f'{{"model": "{text}"}}', f'{{"{text}": 1, "{text}": 2}}'):
        with pytest.raises(Refusal) as caught:
            read_object(body.encode())
        assert json.dumps(caught.value.reply.error.message, ensure_ascii=False).encode()
    assert read_object(rb'{"model": "\ud83d\ude00"}') == {"model": "😀"}


def test_what_is_not_given_is_the_models_own() -> None:
    wanted = ask(question(top_p=0.5))
    assert (wanted.sampling.temperature, wanted.sampling.top_k) == (0.6, 20)
    assert wanted.sampling.top_p == 0.5
    assert wanted.max_tokens is None
    assert wanted.top_logprobs == 0


def test_a_drawn_seed_is_one_that_javascript_can_repeat() -> None:
    seeds = {ask(question()).sampling.seed for _ in range(20)}
    assert len(seeds) > 1
    assert all(seed is not None and 0 <= seed < 2**53 for seed in seeds)


def test_null_is_not_given() -> None:
    nothing = dict.fromkeys(set(ChatRequest.__struct_fields__) - {"model", "messages"})
    given = ask(question() | nothing | {"seed": 1})
    assert given == ask(question(seed=1))


def test_numbers_keep_their_value() -> None:
    wanted = ask(question(temperature=1, logit_bias={"7": 1, "8": -0.5}, seed=2**63 - 1))
    assert wanted.sampling.temperature == 1.0
    assert wanted.sampling.logit_bias == {7: 1.0, 8: -0.5}
    assert wanted.sampling.seed == 2**63 - 1
    assert math.isfinite(wanted.sampling.temperature)


def test_messages_keep_their_roles_and_thoughts() -> None:
    said = [
        {"role": "developer", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]},
        {"role": "assistant", "content": "d", "reasoning_content": "e", "refusal": None},
        {"role": "user", "content": "f"},
    ]
    messages = prompt(question() | {"messages": said}).messages
    assert [(each.role, each.content, each.reasoning) for each in messages] == [
        (Role.SYSTEM, "a", ""),
        (Role.USER, "b\nc", ""),
        (Role.ASSISTANT, "d", "e"),
        (Role.USER, "f", ""),
    ]


@pytest.mark.parametrize(
    ("switches", "effort", "reasoning", "variables", "tokens"),
    [
        (("think", "effort"), None, None, {}, None),
        (("think", "effort"), "none", False, {}, None),
        (("think", "effort"), "low", True, {"effort": "low"}, None),
        (("think", "effort"), "medium", True, {}, 512),
        ((None, "effort"), "high", None, {"effort": "high"}, None),
        ((None, "effort"), "none", None, {}, 0),
        (("think", None), "none", False, {}, None),
        (("think", None), "low", True, {}, 256),
        (("think", None), "high", True, {}, 1024),
        ((None, None), "none", None, {}, None),
    ],
)
def test_effort_becomes_what_the_template_reads(
    switches: tuple[str | None, str | None],
    effort: str | None,
    reasoning: bool | None,
    variables: dict[str, str],
    tokens: int | None,
) -> None:
    given, info = question(reasoning_effort=effort), model(*switches)
    found = prompt(given, info)
    assert (found.reasoning, found.variables) == (reasoning, variables)
    assert ask(given, info).thought.tokens == tokens


def test_a_model_that_does_not_reason_is_not_asked_to() -> None:
    bare = model(None, None)
    error = refusal(question(reasoning_effort="low"), bare).reply.error
    assert error.param == "reasoning_effort"
    assert refusal(question(reasoning_budget=9), bare).reply.error.param == "reasoning_budget"


def test_a_budget_goes_before_the_effort() -> None:
    assert ask(question(reasoning_effort="low", reasoning_budget=77)).thought.tokens == 77
    assert ask(question(reasoning_budget=0)).thought.tokens == 0
    assert refusal(question(reasoning_budget=-1)).reply.error.param == "reasoning_budget"


def test_effort_set_twice_must_agree() -> None:
    twice = {"reasoning_effort": "low", "chat_template_kwargs": {"effort": "low", "more": 1}}
    assert prompt(question() | twice).variables == {"effort": "low", "more": 1}
    twice["chat_template_kwargs"] = {"effort": "high"}
    assert refusal(question() | twice).reply.error.param == "reasoning_effort"


def test_xtc_dry_and_the_order_reach_the_engine() -> None:
    order = tuple(reversed(SamplerStage))
    given = {
        "xtc_probability": 0.5,
        "dry_multiplier": 0.8,
        "dry_sequence_breakers": [";"],
        "sampler_order": list(order),
    }
    found = ask(question(**given)).sampling
    assert (found.xtc_probability, found.dry_multiplier) == (0.5, 0.8)
    assert (found.dry_sequence_breakers, found.order) == ((";",), order)
    assert refusal(question(sampler_order=["top_k"])).reply.error.param == "sampler_order"
    assert refusal(question(sampler_order=["top_q"])).reply.error.param == "sampler_order[0]"


def test_a_response_format_becomes_a_grammar() -> None:
    schema = {"type": "integer", "maximum": 10**30}
    named = {"name": "n", "schema": schema, "strict": True}
    told = ask(question(response_format={"type": "json_schema", "json_schema": named})).grammar
    assert told
    assert (told.kind, json.loads(told.text)) == (GrammarKind.JSON_SCHEMA, schema)
    told = ask(question(response_format={"type": "json_object"})).grammar
    assert told == Grammar(GrammarKind.JSON)
    assert ask(question(response_format={"type": "text"})).grammar is None
