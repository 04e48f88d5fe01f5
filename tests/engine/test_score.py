"""Scores of given texts, against an independent forward pass and against generation."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as NativeTokenizer
from tokenizers.processors import TemplateProcessing

from app import paths
from app.domain.events import Delta, Event, FinishReason, Progress
from app.domain.messages import Message, Role
from app.domain.requests import ChatPrompt, IdsPrompt, Score, TextPrompt
from app.domain.tokens import Channel, Source
from app.engine.generate import generate
from app.engine.model import Model
from app.engine.plain_transcript import PlainTranscript
from app.engine.prompt import encode
from app.engine.sampling.block import block_numbers
from app.engine.sampling.record import Choice, Numbers
from app.engine.sampling.statistics import Distribution
from app.engine.score import begin
from app.engine.text.channels import PLAIN, ChannelSplitter
from app.engine.text.stop import StopStrings
from app.engine.transcript import Transcript
from app.errors import ContextExceeded, InvalidRequest
from tests.engine import graphs, reference
from tests.engine.reference import Shape, random_weights
from tests.engine.test_generate import (
    PROMPT,
    SHAPE,
    WEIGHTS,
    finished,
    ids,
    opened,
    records,
    request,
    run,
    stepped,
    text,
    text_folder,
)
from tests.engine.test_statistics import slow_entropy, slow_logprobs


@pytest.fixture(scope="module")
def ids_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(graphs.small_model(tmp_path_factory.mktemp("ids"), SHAPE))


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(text_folder(tmp_path_factory.mktemp("text")))


@pytest.fixture(scope="module")
def chat_model() -> Model:
    return opened(paths.built_in_model())


def score(model: Model, prompt: TextPrompt | IdsPrompt, top_logprobs: int = 5) -> list[Event]:
    return run(model, begin(model, Score(prompt=prompt, top_logprobs=top_logprobs)))


def with_special(folder: Path, single: str) -> Path:
    """Let the folder's tokenizer put its special tokens around a text as `single` says."""
    path = folder / "tokenizer.json"
    native = NativeTokenizer.from_file(str(path))
    specials = [(name, native.token_to_id(name)) for name in ("<|im_start|>", "<|im_end|>")]
    native.post_processor = TemplateProcessing(single=single, special_tokens=specials)
    native.save(str(path))
    config = folder / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "eos_token_id": 2}))
    return folder


def test_scores_are_those_of_the_reference(ids_model: Model) -> None:
    rows = reference.logits(WEIGHTS, SHAPE, list(PROMPT))
    events = score(ids_model, IdsPrompt(PROMPT))
    tokens = records(events)
    assert [token.id for token in tokens] == list(PROMPT)
    for token, row in zip(tokens[1:], rows, strict=False):
        assert token.logprob == pytest.approx(slow_logprobs(row)[token.id], abs=1e-4)
        assert token.entropy == pytest.approx(slow_entropy(row), abs=1e-3)
        assert token.rank == 1 + (row > row[token.id]).sum()


def test_the_first_token_has_no_numbers_and_none_is_sampled(ids_model: Model) -> None:
    first, *others = records(score(ids_model, IdsPrompt(PROMPT)))
    assert (first.logprob, first.rank, first.entropy, first.tail) == (None, None, None, None)
    assert first.top == ()
    assert all(token.logprob is not None for token in others)
    for token in (first, *others):
        assert token.sampled_logprob is None
        assert (token.source, token.channel) == (Source.FORCED, Channel.PROMPT)


def test_progress_and_result(ids_model: Model) -> None:
    events = score(ids_model, IdsPrompt(PROMPT))
    steps = [(each.done, each.total) for each in events if isinstance(each, Progress)]
    result = finished(events)
    assert steps == [(128, 200), (200, 200)]
    assert (result.reason, result.seed) == (FinishReason.STOP, None)
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (200, 0)
    assert result.timings.prefill_tokens_per_s > 0


def test_a_chunk_comes_as_one_delta(ids_model: Model) -> None:
    deltas = [event for event in score(ids_model, IdsPrompt(PROMPT)) if isinstance(event, Delta)]
    assert len(deltas) == 2


def test_a_generated_token_scores_as_it_was_generated(ids_model: Model) -> None:
    generated = records(generate(ids_model, request()))
    whole = (*PROMPT, *(token.id for token in generated))
    scored = records(score(ids_model, IdsPrompt(whole)))[len(PROMPT) :]
    for token, expected in zip(scored, generated, strict=True):
        assert token.logprob == pytest.approx(expected.logprob, abs=1e-4)
        assert token.rank == expected.rank


def test_a_score_leaves_generation_as_it_was(ids_model: Model) -> None:
    ids_model.forward.clear()
    fresh = ids(generate(ids_model, request()))
    score(ids_model, IdsPrompt(PROMPT[:50]))
    assert ids(generate(ids_model, request())) == fresh


def test_the_text_comes_back_in_the_prompt_channel(text_model: Model) -> None:
    written = "déjà 東 <think>vu</think>\n" * 12
    events = score(text_model, TextPrompt(written))
    assert text(events, Channel.PROMPT) == written
    assert records(events)[-1].end == len(written)


def test_a_start_token_is_context_and_has_no_record(tmp_path: Path) -> None:
    model = opened(with_special(text_folder(tmp_path), "<|im_start|> $A <|im_end|>"))
    assert model.tokenizer is not None
    own = model.tokenizer.encode("hello", add_special=False)
    events = score(model, TextPrompt("hello"))
    assert ids(events) == own
    assert all(token.logprob is not None for token in records(events))
    assert finished(events).usage.prompt_tokens == len(own) + 1


def test_a_completion_reads_the_start_token_but_not_the_end_token(tmp_path: Path) -> None:
    model = opened(with_special(text_folder(tmp_path), "<|im_start|> $A <|im_end|>"))
    assert model.tokenizer is not None
    own = model.tokenizer.encode("hello", add_special=False)
    events = list(generate(model, request(TextPrompt("hello"), max_tokens=1)))
    assert finished(events).usage.prompt_tokens == len(own) + 1
    events = list(generate(model, request(TextPrompt(""), max_tokens=1)))
    assert finished(events).usage.prompt_tokens == 2


@pytest.mark.parametrize("after", [0, 1])
def test_cancel_ends_within_one_tick(ids_model: Model, after: int) -> None:
    scoring = begin(ids_model, Score(prompt=IdsPrompt(PROMPT)))
    events = [event for _ in range(after) for event in stepped(ids_model, scoring)]
    scoring.cancel()
    events += stepped(ids_model, scoring)
    assert finished(events).reason is FinishReason.CANCELLED
    assert len(records(events)) == after * 129


def test_what_cannot_be_scored_is_refused(ids_model: Model, text_model: Model) -> None:
    with pytest.raises(InvalidRequest, match="The prompt is empty"):
        begin(ids_model, Score(prompt=IdsPrompt(())))
    with pytest.raises(InvalidRequest, match="The prompt is empty"):
        begin(text_model, Score(prompt=TextPrompt("")))
    with pytest.raises(InvalidRequest, match="top_logprobs"):
        begin(ids_model, Score(prompt=IdsPrompt((1,)), top_logprobs=101))
    with pytest.raises(InvalidRequest, match="no text to score"):
        begin(ids_model, Score(prompt=IdsPrompt((1, 2)), context=2))
    for stride in (0, 512):
        with pytest.raises(InvalidRequest, match="between 1 and 511"):
            begin(ids_model, Score(prompt=IdsPrompt((1,) * 600), stride=stride))
    with pytest.raises(ContextExceeded, match="16,000,001 characters; at most 16,000,000"):
        begin(text_model, Score(prompt=TextPrompt("a" * 16_000_001), stride=100))
    with pytest.raises(ContextExceeded, match="needs 513 tokens; this model holds 512"):
        begin(ids_model, Score(prompt=IdsPrompt((1,) * 513)))


@pytest.mark.parametrize("stride", [1, 5, 15])
def test_a_longer_text_is_read_in_windows_that_overlap(tmp_path: Path, stride: int) -> None:
    shape = Shape(context=16)
    model = opened(graphs.small_model(tmp_path, shape))
    weights, ids = random_weights(shape), list(PROMPT[:40])
    events = run(model, begin(model, Score(prompt=IdsPrompt(tuple(ids)), stride=stride)))
    tokens = records(events)
    assert [token.id for token in tokens] == ids
    assert tokens[0].logprob is None
    start, end = 0, 16
    for place, token in enumerate(tokens[1:], 1):
        while place >= end:
            start, end = start + stride, start + stride + 16
        row = reference.logits(weights, shape, ids[start:place])[-1]
        assert token.logprob == pytest.approx(slow_logprobs(row)[token.id], abs=1e-4)
    progress = [(each.done, each.total) for each in events if isinstance(each, Progress)]
    assert progress[-1] == (40, 40)
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)


def test_windows_begin_with_the_start_token(tmp_path: Path) -> None:
    model = opened(with_special(text_folder(tmp_path), "<|im_start|> $A"))
    assert model.tokenizer
    written = "some text " * 400
    own = model.tokenizer.encode(written, add_special=False)
    assert len(own) > model.forward.capacity
    events = run(model, begin(model, Score(prompt=TextPrompt(written), stride=200)))
    assert ids(events) == own
    assert text(events, Channel.PROMPT) == written
    assert all(token.logprob is not None for token in records(events))


def test_context_gets_no_records_and_comes_from_the_cache(ids_model: Model) -> None:
    ids_model.forward.clear()
    whole = records(score(ids_model, IdsPrompt(PROMPT)))
    asked = Score(prompt=IdsPrompt(PROMPT), context=180)
    events = run(ids_model, begin(ids_model, asked))
    assert [record.id for record in records(events)] == list(PROMPT[180:])
    assert finished(events).usage.cached_tokens == 179
    for one, other in zip(records(events), whole[180:], strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_every_token_of_a_chats_prompt_has_a_record(chat_model: Model) -> None:
    chat = ChatPrompt((Message(Role.USER, "What is 12 + 7?"),))
    events = run(chat_model, begin(chat_model, Score(prompt=chat)))
    assert chat_model.tokenizer
    assert "What is 12 + 7?" in text(events, Channel.PROMPT)
    assert ids(events) == encode(chat_model, chat, spare=0).ids
    assert [token.logprob is None for token in records(events)].count(True) == 1


@given(st.lists(st.sampled_from([b"", b"a", b" b", "é".encode(), b"\xe6\x9d", b"\xb1c", b"\xff"])))
def test_a_plain_transcript_is_that_of_a_generation(pieces: list[bytes]) -> None:
    plain = PlainTranscript(Channel.PROMPT, lambda token: pieces[token])
    splitter = ChannelSplitter(PLAIN, Channel.PROMPT)
    read = pieces.__getitem__
    full = Transcript(splitter, StopStrings(()), read, read)
    deltas: list[list[Delta]] = [[], []]
    for token in range(len(pieces)):
        plain.push(Choice(token, Source.FORCED, None))
        full.push(Choice(token, Source.FORCED, None))
        for side, each in enumerate((plain, full)):
            deltas[side] += each.take()
    for side, each in enumerate((plain, full)):
        each.close()
        deltas[side] += each.take()
    texts = ["".join(delta.text for delta in side) for side in deltas]
    assert texts[0] == texts[1] == b"".join(pieces).decode(errors="replace")
    tokens = [[token for delta in side for token in delta.tokens] for side in deltas]
    assert tokens[0] == tokens[1]


@pytest.mark.parametrize("vocabulary", [97, 700, 40_000])
def test_many_rows_at_once_say_what_each_says_alone(vocabulary: int) -> None:
    rows = (np.random.default_rng(1).standard_normal((9, vocabulary)) * 3).astype(np.float32)
    rows[2] = np.round(rows[2])  # ties
    rows[3, 5:] = -np.inf
    rows[4, 7] = 90.0
    tokens = [0, 1, 2, 3, 7, 5, 6, 7]
    for count in (0, 1, 5, 60):
        found = block_numbers(rows, tokens, count)
        for row, token, numbers in zip(rows, tokens, found, strict=False):
            alone = Numbers.of(Distribution.of(row), token, count)
            assert (numbers.rank, [id for id, _ in numbers.top]) == (
                alone.rank,
                [id for id, _ in alone.top],
            )
            for name in ("logprob", "entropy", "tail"):
                assert getattr(numbers, name) == pytest.approx(getattr(alone, name), abs=1e-4)


def test_a_text_may_fill_the_whole_context(tmp_path: Path) -> None:
    model = opened(graphs.small_model(tmp_path, Shape(context=16)))
    assert len(records(score(model, IdsPrompt(PROMPT[:16])))) == 16


def test_a_single_token_has_a_record_without_numbers(ids_model: Model) -> None:
    (token,) = records(score(ids_model, IdsPrompt((7,))))
    assert token.logprob is None
