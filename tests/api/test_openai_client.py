"""The official client of OpenAI against the real server, worker and built-in model."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.api.serving import MODEL, UNENDING, question


def asking(text: str = "What is 27 + 48?", **more: Any) -> dict[str, Any]:
    return question(text, seed=7, **more)


@pytest.fixture(scope="module")
def whole(client: OpenAI) -> ChatCompletion:
    return client.chat.completions.create(**asking(logprobs=True, top_logprobs=3))


@pytest.fixture(scope="module")
def chunks(client: OpenAI) -> list[ChatCompletionChunk]:
    asked = asking(logprobs=True, top_logprobs=3, stream_options={"include_usage": True})
    return list(client.chat.completions.create(**asked, stream=True))


def joined(chunks: list[ChatCompletionChunk], field: str) -> str:
    return "".join(
        getattr(choice.delta, field, None) or "" for chunk in chunks for choice in chunk.choices
    )


def rows(chunks: list[ChatCompletionChunk], field: str) -> list[Any]:
    return [
        row
        for chunk in chunks
        for choice in chunk.choices
        if choice.logprobs
        for row in getattr(choice.logprobs, field) or ()
    ]


def test_the_model_is_listed_and_found(client: OpenAI) -> None:
    (model,) = client.models.list().data
    assert model.id == MODEL
    assert client.models.retrieve(MODEL) == model
    with pytest.raises(NotFoundError):
        client.models.retrieve("another")


def test_an_answer_with_its_reasoning_apart(whole: ChatCompletion) -> None:
    (choice,) = whole.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert "75" in (choice.message.content or "")
    assert choice.message.reasoning_content  # type: ignore[attr-defined]
    assert "<think>" not in choice.message.model_dump_json()


def test_usage_counts_what_was_thought_and_what_was_cached(whole: ChatCompletion) -> None:
    usage = whole.usage
    assert usage
    assert usage.completion_tokens_details
    assert usage.prompt_tokens_details
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 0 < (usage.completion_tokens_details.reasoning_tokens or 0) < usage.completion_tokens
    assert usage.prompt_tokens_details.cached_tokens is not None


def test_the_second_time_the_prompt_is_cached(client: OpenAI) -> None:
    client.chat.completions.create(**asking(max_tokens=2))
    usage = client.chat.completions.create(**asking(max_tokens=2)).usage
    assert usage
    assert usage.prompt_tokens_details
    assert (usage.prompt_tokens_details.cached_tokens or 0) > 0


def test_logprobs_spell_the_text_byte_by_byte(whole: ChatCompletion) -> None:
    (choice,) = whole.choices
    assert choice.logprobs
    assert choice.logprobs.content
    spelled = b"".join(bytes(row.bytes or ()) for row in choice.logprobs.content)
    assert spelled.decode() == choice.message.content
    thought: Any = choice.logprobs.reasoning_content  # type: ignore[attr-defined]
    spelled = b"".join(bytes(row["bytes"]) for row in thought)
    assert spelled.decode() == choice.message.reasoning_content  # type: ignore[attr-defined]


def test_logprobs_are_those_of_the_whole_distribution(whole: ChatCompletion) -> None:
    (choice,) = whole.choices
    assert choice.logprobs
    assert choice.logprobs.content
    for row in choice.logprobs.content:
        assert row.logprob <= 0
        assert len(row.top_logprobs) == 3
        falling = [other.logprob for other in row.top_logprobs]
        assert falling == sorted(falling, reverse=True)
        assert row.logprob <= falling[0]
        same = [other for other in row.top_logprobs if other.token == row.token]
        assert all(other.logprob == row.logprob for other in same)


def test_as_many_answers_as_there_are_slots_grow_at_once(client: OpenAI) -> None:
    asked = asking(logit_bias=UNENDING, stream=True)
    streams = [client.chat.completions.create(**asked) for _ in range(8)]
    for _ in range(3):
        for stream in streams:
            assert next(iter(stream)).choices[0].finish_reason is None
    for stream in streams:
        stream.close()


def test_clients_at_once_get_what_each_gets_alone(client: OpenAI) -> None:
    asked = [
        asking(f"What is {number} + {number}?", max_tokens=24, logprobs=True, top_logprobs=2)
        for number in range(11, 21)
    ]
    alone = [client.chat.completions.create(**each) for each in asked]
    with ThreadPoolExecutor(len(asked)) as clients:
        together = list(clients.map(lambda each: client.chat.completions.create(**each), asked))
    for mine, theirs in zip(together, alone, strict=True):
        assert mine.choices[0].message == theirs.choices[0].message
        assert logprobs(mine) == pytest.approx(logprobs(theirs), abs=1e-3)


def logprobs(answer: ChatCompletion) -> list[float]:
    """Of all tokens, those of the reasoning first."""
    told = answer.choices[0].logprobs
    assert told
    thought: Any = told.reasoning_content  # type: ignore[attr-defined]
    return [row["logprob"] for row in thought] + [row.logprob for row in told.content or ()]


def test_no_logprobs_unless_asked_for(client: OpenAI) -> None:
    (choice,) = client.chat.completions.create(**asking(max_tokens=2)).choices
    assert choice.logprobs is None


def test_streamed_it_is_the_same_answer(
    whole: ChatCompletion, chunks: list[ChatCompletionChunk]
) -> None:
    message = whole.choices[0].message
    assert joined(chunks, "content") == message.content
    assert joined(chunks, "reasoning_content") == message.reasoning_content  # type: ignore[attr-defined]
    assert whole.choices[0].logprobs
    told = [row.token for row in whole.choices[0].logprobs.content or ()]
    assert [row.token for row in rows(chunks, "content")] == told
    assert len(rows(chunks, "reasoning_content")) == len(
        whole.choices[0].logprobs.reasoning_content  # type: ignore[attr-defined]
    )


def test_a_stream_begins_with_the_role_and_ends_with_reason_and_usage(
    whole: ChatCompletion, chunks: list[ChatCompletionChunk]
) -> None:
    assert chunks[0].choices[0].delta.role == "assistant"
    assert len(chunks) > 5
    assert len({chunk.id for chunk in chunks}) == 1
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    assert reasons[-1] == "stop"
    assert not any(reasons[:-1])
    assert chunks[-1].choices == []
    assert whole.usage
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_without_asking_a_stream_tells_no_usage(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(**asking(max_tokens=2), stream=True))
    assert chunks[-1].choices
    assert "usage" not in chunks[-1].model_fields_set


def test_the_seed_that_is_reported_draws_the_answer_again(client: OpenAI) -> None:
    asked = question("Tell me a joke.", temperature=5.0, top_p=1.0, max_tokens=20)
    asked["extra_body"] = {"top_k": 0, "min_p": 0.0}
    first = client.chat.completions.create(**asked)
    seed: Any = first.seed  # type: ignore[attr-defined]
    again = client.chat.completions.create(**asked, seed=seed)
    other = client.chat.completions.create(**asked, seed=seed + 1)
    assert again.choices == first.choices
    assert other.choices != first.choices


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_length_ends_the_answer(client: OpenAI, name: str) -> None:
    limit: dict[str, Any] = {name: 3}
    answer = client.chat.completions.create(**asking(), **limit)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage
    assert answer.usage.completion_tokens == 3


def test_a_full_context_is_a_length_too(client: OpenAI) -> None:
    def read(words: int, **more: Any) -> ChatCompletion:
        return client.chat.completions.create(**asking("I see. " * words, **more))

    few, many = (tokens_read(read(words, max_tokens=1)) for words in (10, 20))
    fitting = 10 + (2048 - few - 30) * 10 // (many - few)
    answer = read(fitting, logit_bias=UNENDING)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage
    assert answer.usage.total_tokens == 2048


def tokens_read(answer: ChatCompletion) -> int:
    assert answer.usage
    return answer.usage.prompt_tokens


def test_a_stop_text_is_not_part_of_the_answer(client: OpenAI, whole: ChatCompletion) -> None:
    content = whole.choices[0].message.content or ""
    asked = asking(stop=["never", content[1:]], logprobs=True)
    (choice,) = client.chat.completions.create(**asked).choices
    assert choice.finish_reason == "stop"
    assert choice.message.content == content[:1]


def test_reasoning_is_turned_off_and_lowered(client: OpenAI) -> None:
    def thought(effort: Any) -> int:
        usage = client.chat.completions.create(**asking(reasoning_effort=effort)).usage
        assert usage
        assert usage.completion_tokens_details
        return usage.completion_tokens_details.reasoning_tokens or 0

    assert thought("none") == 0
    assert thought("high") > 0


def test_a_template_variable_reaches_the_template(client: OpenAI) -> None:
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    answer = client.chat.completions.create(**asking(), extra_body=off)
    assert answer.choices[0].message.reasoning_content is None  # type: ignore[attr-defined]


def test_samplers_reach_the_engine(client: OpenAI) -> None:
    only_likeliest = {"top_k": 1, "min_p": 0.5, "typical_p": 1.0, "repetition_penalty": 1.0}
    drawn = client.chat.completions.create(**asking(temperature=5.0), extra_body=only_likeliest)
    greedy = client.chat.completions.create(**asking(temperature=0.0))
    assert drawn.choices == greedy.choices


def test_an_answer_goes_back_as_history(client: OpenAI, whole: ChatCompletion) -> None:
    said: Any = whole.choices[0].message
    asked = asking()
    asked["messages"] += [said, {"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    asked["messages"].insert(0, {"role": "developer", "content": "Be short."})
    answer = client.chat.completions.create(**asked, max_tokens=4)
    assert answer.usage
    assert whole.usage
    assert answer.usage.prompt_tokens > whole.usage.prompt_tokens


def test_another_model_is_not_here(client: OpenAI) -> None:
    asked = asking()
    asked["model"] = "gpt-5"
    with pytest.raises(NotFoundError) as caught:
        client.chat.completions.create(**asked)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_prompt_that_does_not_fit_names_both_lengths(client: OpenAI) -> None:
    with pytest.raises(BadRequestError, match=r"needs [\d,]+ tokens; this model holds 2,048") as no:
        client.chat.completions.create(**asking("word " * 5000, stream=True))
    assert (no.value.code, no.value.param) == ("context_length_exceeded", "messages")


def test_an_unknown_template_variable_is_named(client: OpenAI) -> None:
    wrong = {"chat_template_kwargs": {"enable_wings": True}}
    with pytest.raises(BadRequestError, match="enable_wings") as no:
        client.chat.completions.create(**asking(), extra_body=wrong)
    assert no.value.param == "chat_template_kwargs"


def test_a_tool_is_refused_by_name(client: OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "f"}}
    with pytest.raises(BadRequestError, match="tools is not supported") as no:
        client.chat.completions.create(**asking(), tools=[tool])
    assert (no.value.code, no.value.param) == ("unsupported_parameter", "tools")


def test_a_wrong_token_is_an_authentication_error(client: OpenAI) -> None:
    with pytest.raises(AuthenticationError) as no:
        client.with_options(api_key="another-token-than-that").models.list()
    assert no.value.code == "invalid_api_key"


def test_drafts_change_no_token_and_are_counted(client: OpenAI, whole: ChatCompletion) -> None:
    more = {"draft": "auto", "draft_tokens": 4}
    drafted = client.chat.completions.create(**asking(), extra_body=more)
    assert drafted.choices[0].message.content == whole.choices[0].message.content
    assert drafted.usage
    details = drafted.usage.completion_tokens_details
    assert details
    assert (details.accepted_prediction_tokens or 0) > 0
    assert (details.rejected_prediction_tokens or 0) >= 0
    assert whole.usage
    assert whole.usage.completion_tokens_details
    assert whole.usage.completion_tokens_details.accepted_prediction_tokens is None


@pytest.mark.parametrize(
    "wrong", [{"draft": "off", "draft_tokens": 2}, {"draft": "auto", "draft_tokens": 99}]
)
def test_a_length_of_drafts_that_means_nothing_is_refused(
    client: OpenAI, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadRequestError, match="draft_tokens"):
        client.chat.completions.create(**asking(), extra_body=wrong)


def formed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}


def test_an_answer_fits_the_schema_that_is_asked_for(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"sum": {"type": "integer", "minimum": 0, "maximum": 99}},
        "required": ["sum"],
        "additionalProperties": False,
    }
    (choice,) = client.chat.completions.create(
        **asking(response_format=formed("sum", schema), max_tokens=400)
    ).choices
    assert choice.finish_reason == "stop"
    assert choice.message.reasoning_content  # type: ignore[attr-defined]
    (found,) = json.loads(choice.message.content or "").items()
    assert found[0] == "sum"
    assert 0 <= found[1] <= 99


def test_an_answer_can_be_any_json_object(client: OpenAI) -> None:
    form, few = {"type": "json_object"}, {"max_tokens": 4, "reasoning_effort": "none"}
    (choice,) = client.chat.completions.create(**asking(response_format=form, **few)).choices
    assert (choice.message.content or "").lstrip().startswith("{")


def test_a_schema_that_cannot_hold_is_refused_by_name(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as no:
        client.chat.completions.create(
            **asking(response_format=formed("x", {"type": "colour"})), stream=True
        )
    assert no.value.param == "response_format"
