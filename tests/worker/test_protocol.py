"""What is encoded on one side is what the other side gets, and what is not is named."""

import contextlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.drafting import Drafting, DraftKind
from app.domain.events import (
    Delta,
    Failed,
    Finished,
    FinishReason,
    Heartbeat,
    Hello,
    Loaded,
    Progress,
    Stage,
    Timings,
    Usage,
)
from app.domain.messages import Message
from app.domain.models import Layout, ModelInfo
from app.domain.requests import (
    Cancel,
    ChatPrompt,
    Generate,
    IdsPrompt,
    Load,
    Provider,
    Score,
    TextPrompt,
)
from app.domain.sampling import RANGES, SamplerStage, SamplingParams
from app.domain.tokens import Candidate, Channel, TokenRecord
from app.errors import InvalidRequest
from app.worker.protocol import (
    BadFrame,
    Reply,
    Request,
    decode_replies,
    decode_request,
    encode_replies,
    encode_request,
)

text = st.text(st.characters(exclude_categories=["Cs"]))
whole = st.integers(0, 2**40)
number = st.floats(allow_nan=False)
WHOLE = ("top_k", "dry_allowed_length", "dry_range")
sampling = st.builds(
    SamplingParams,
    logit_bias=st.dictionaries(whole, st.floats(-100, 100)),
    order=st.permutations(list(SamplerStage)).map(tuple),
    **{
        name: st.integers(int(low), int(high)) if name in WHOLE else st.floats(low, high)
        for name, (low, high) in RANGES.items()
        if name != "seed"
    },
)
variables = st.dictionaries(text, st.one_of(text, st.booleans(), whole, number), max_size=3)
messages = st.lists(st.builds(Message, content=text, reasoning=text), max_size=3).map(tuple)
chats = st.builds(ChatPrompt, messages=messages, variables=variables)
texts = st.builds(TextPrompt, text=text)
ids = st.builds(IdsPrompt, ids=st.lists(whole).map(tuple))
commands = st.one_of(
    st.builds(
        Load,
        path=text,
        variant=st.none() | text,
        provider=st.sampled_from(Provider),
        device=st.integers(0, 9),
    ),
    st.builds(
        Generate,
        prompt=st.one_of(chats, texts, ids),
        sampling=sampling,
        stop=st.lists(text, max_size=2).map(tuple),
        max_tokens=st.none() | whole,
        top_logprobs=whole,
        drafting=st.builds(
            Drafting,
            kind=st.sampled_from([DraftKind.OFF, DraftKind.AUTO, DraftKind.LOOKUP]),
            tokens=st.none() | st.integers(1, 16),
        ),
    ),
    st.builds(Score, prompt=st.one_of(texts, ids), top_logprobs=whole),
    st.builds(Cancel, target=whole),
)
candidates = st.builds(Candidate, id=whole, data=st.binary(), logprob=number)
records = st.builds(
    TokenRecord,
    id=whole,
    data=st.binary(),
    start=whole,
    end=whole,
    top=st.lists(candidates, max_size=3).map(tuple),
    logprob=st.none() | number,
    sampled_logprob=st.none() | number,
    rank=st.none() | whole,
    entropy=st.none() | number,
    tail=st.none() | number,
    draft_q=st.none() | number,
    accept=st.none() | number,
    refused=st.none() | candidates,
)
models = st.builds(
    ModelInfo,
    layout=st.sampled_from(Layout),
    sampling=sampling,
    name=text,
    context_length=whole,
    vocabulary_size=whole,
)
usage = st.builds(Usage, whole, whole, whole, whole)
timings = st.builds(Timings, number, number, number)
events = st.one_of(
    st.builds(Hello, protocol=whole, pid=whole, versions=st.dictionaries(text, text, max_size=2)),
    st.builds(Heartbeat),
    st.builds(Progress, stage=st.sampled_from(Stage), done=whole, total=whole),
    st.builds(Loaded, model=models),
    st.builds(Delta, text=text, tokens=st.lists(records, max_size=2).map(tuple)),
    st.builds(
        Finished,
        reason=st.sampled_from(FinishReason),
        usage=usage,
        timings=timings,
        seed=st.none() | whole,
    ),
    st.builds(Failed, code=text, message=text, hint=text),
)


@settings(max_examples=50)
@given(whole, commands)
def test_every_command_arrives_as_it_was_sent(id: int, command: msgspec.Struct) -> None:
    request = Request(id, command)  # type: ignore[arg-type]
    assert decode_request(encode_request(request)) == request


@settings(max_examples=30)
@given(st.lists(st.builds(Reply, whole, events), max_size=4))
def test_every_event_arrives_as_it_was_sent(replies: list[Reply]) -> None:
    assert decode_replies(encode_replies(replies)) == replies


def test_a_reply_that_names_what_is_no_text_becomes_a_sentence() -> None:
    spoilt = Reply(7, Delta(Channel.ANSWER, "\ud800", ()))
    sound, failed = decode_replies(encode_replies([Reply(8, Heartbeat()), spoilt]))
    assert sound == Reply(8, Heartbeat())
    assert failed.id == 7
    assert isinstance(failed.event, Failed)
    assert failed.event.code == "model_unsupported"


@settings(max_examples=50)
@given(st.binary())
def test_noise_is_refused_and_nothing_else_happens(noise: bytes) -> None:
    for decode in (decode_request, decode_replies):
        with contextlib.suppress(BadFrame):
            decode(noise)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ({"type": "generate", "prompt": {"type": "ids", "ids": ["one"]}}, r"\$.prompt.ids\[0\]"),
        ({"type": "dance"}, "dance"),
        ({"type": "load"}, "path"),
        (
            {
                "type": "generate",
                "prompt": {"type": "text", "text": "a"},
                "sampling": {"temperature": 9.0},
            },
            "temperature must lie between 0 and 5",
        ),
        (
            {
                "type": "generate",
                "prompt": {"type": "text", "text": "a"},
                "sampling": {"top_q": 0.5},
            },
            "top_q",
        ),
    ],
)
def test_a_bad_command_is_named_with_its_request(command: dict[str, object], says: str) -> None:
    with pytest.raises(BadFrame, match=says) as caught:
        decode_request(msgspec.msgpack.encode({"id": 7, "command": command}))
    assert caught.value.id == 7


@pytest.mark.parametrize("prompt", [TextPrompt("half \ud83d"), IdsPrompt((2**70,))])
def test_what_cannot_be_encoded_is_the_callers_error(prompt: TextPrompt | IdsPrompt) -> None:
    with pytest.raises(InvalidRequest):
        encode_request(Request(1, Generate(prompt=prompt)))
