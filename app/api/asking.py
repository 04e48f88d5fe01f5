"""A chat request and the loaded model as a request to the engine.

Where the client says nothing, the model's own generation defaults hold.
"""

import json
import secrets

from msgspec import structs

from app.api.prompts import EFFORTS, chat_prompt, thinking
from app.api.refusals import Refusal, invalid
from app.api.schema import ChatRequest, JsonObjectFormat, JsonSchemaFormat, ResponseFormat
from app.domain.drafting import MOST_DRAFT_TOKENS, NO_DRAFTS, Drafting, DraftKind
from app.domain.grammar import Grammar, GrammarKind, json_schema
from app.domain.models import ModelInfo
from app.domain.requests import Generate, Priority
from app.domain.sampling import SamplingParams
from app.errors import InvalidRequest

MOST_TOKENS = 2**31 - 1
MOST_CANDIDATES = 100
MOST_STOPS = 16
STRONGEST_BIAS = 100.0
EXACT_BITS = 53  # of whole numbers in JavaScript, which could not repeat a larger seed
SAMPLING = {name: name for name in SamplingParams.__struct_fields__} | {"order": "sampler_order"}
"""The fields of `SamplingParams`, and what a request calls them."""


def generation(asked: ChatRequest, info: ModelInfo, drafting: Drafting = NO_DRAFTS) -> Generate:
    """What the engine shall do for `asked`; `drafting` holds where it does not say how to draft.

    Raises:
        Refusal: the model is another one, or a value is out of its range; it says which.
    """
    _check(asked)
    if asked.model != info.name:
        message = f'There is no model "{asked.model}" here; "{info.name}" is loaded.'
        raise Refusal(404, message, "model_not_found", param="model")
    return Generate(
        prompt=chat_prompt(asked, info),
        sampling=_sampling(asked, info),
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        stop=_stops(asked),
        top_logprobs=asked.top_logprobs or 0,
        priority=Priority.API,
        thought=thinking(asked, info).limit,
        drafting=_drafting(asked, drafting),
        grammar=_grammar(asked.response_format),
    )


def _check(asked: ChatRequest) -> None:
    """Refuse what no model could do."""
    if not asked.messages:
        raise invalid("messages", "messages must hold at least one message.")
    if asked.n not in (None, 1):
        raise invalid("n", "n must be 1: one answer for each request.")
    if asked.stream_options is not None and not asked.stream:
        raise invalid("stream_options", "stream_options needs stream to be true.")
    if asked.top_logprobs is not None and not asked.logprobs:
        raise invalid("top_logprobs", "top_logprobs needs logprobs to be true.")
    if asked.max_tokens is not None and asked.max_completion_tokens is not None:
        raise invalid("max_tokens", "Give max_completion_tokens or max_tokens, not both.")
    if asked.reasoning_effort not in (None, *EFFORTS):
        *others, last = EFFORTS
        message = f"reasoning_effort must be {', '.join(others)} or {last}."
        raise invalid("reasoning_effort", message)
    _check_range("max_tokens", asked.max_tokens, 1, MOST_TOKENS)
    _check_range("max_completion_tokens", asked.max_completion_tokens, 1, MOST_TOKENS)
    _check_range("reasoning_budget", asked.reasoning_budget, 0, MOST_TOKENS)
    _check_range("top_logprobs", asked.top_logprobs, 0, MOST_CANDIDATES)


def _check_range(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise invalid(name, f"{name} must lie between {low} and {high}, not {value}.")


def _sampling(asked: ChatRequest, info: ModelInfo) -> SamplingParams:
    _check_bias(asked.logit_bias or {}, info.vocabulary_size)
    params = info.sampling
    if params.seed is None:
        params = structs.replace(params, seed=secrets.randbits(EXACT_BITS))
    for field, name in SAMPLING.items():
        value = getattr(asked, name)
        if value is not None:
            try:
                params = structs.replace(params, **{field: value})
            except InvalidRequest as error:
                raise invalid(name, str(error)) from error
    return params


def _check_bias(bias: dict[int, float], vocabulary_size: int) -> None:
    for token, value in bias.items():
        if not 0 <= token < vocabulary_size:
            last = vocabulary_size - 1
            message = f"logit_bias names token {token}; this model has tokens 0 to {last}."
            raise invalid("logit_bias", message)
        if abs(value) > STRONGEST_BIAS:
            message = f"A logit bias must lie between -100 and 100, not {value:g}."
            raise invalid("logit_bias", message)


def _drafting(asked: ChatRequest, default: Drafting) -> Drafting:
    """By the model beside it or by lookup; a folder is not a client's to name."""
    drafting = default if asked.draft is None else Drafting(kind=DraftKind(asked.draft))
    if asked.draft_tokens is None:
        return drafting
    if drafting.kind is DraftKind.OFF:
        raise invalid("draft_tokens", "draft_tokens needs draft to be auto or lookup.")
    _check_range("draft_tokens", asked.draft_tokens, 1, MOST_DRAFT_TOKENS)
    return structs.replace(drafting, tokens=asked.draft_tokens)


def _grammar(form: ResponseFormat | None) -> Grammar | None:
    match form:
        case JsonObjectFormat():
            return Grammar(GrammarKind.JSON)
        case JsonSchemaFormat():
            try:
                return json_schema(json.dumps(form.json_schema.schema, ensure_ascii=False))
            except (InvalidRequest, RecursionError) as error:
                message = "This JSON schema is nested too deeply."
                raise invalid("response_format.json_schema.schema", message) from error
        case _:
            return None


def _stops(asked: ChatRequest) -> tuple[str, ...]:
    given = (asked.stop,) if isinstance(asked.stop, str) else asked.stop or ()
    if len(given) > MOST_STOPS:
        raise invalid("stop", f"stop must hold at most {MOST_STOPS} texts, not {len(given)}.")
    if not all(given):
        raise invalid("stop", "A stop text must not be empty.")
    return given
