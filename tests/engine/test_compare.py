"""Two models on one text, against independent forward passes and their own scores."""

import math
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.domain.comparison import Alignment, Piece, summary, worst
from app.domain.events import Compared, ComparedPart, Stage
from app.domain.requests import Compare, IdsPrompt, Load, Score, TextPrompt
from app.domain.sampling import SamplerStage, SamplingParams
from app.engine.comparing import compare_models
from app.engine.score import begin
from app.engine.text import jinja
from app.errors import InvalidRequest
from tests.engine import graphs, reference
from tests.engine.reference import Shape, random_weights
from tests.engine.test_generate import PROMPT, opened, records, run, text_folder
from tests.engine.test_statistics import slow_logprobs
from tests.engine.vocabularies import sentencepiece

SHORT = Shape(context=64)


def compared(
    one: Path, other: Path, prompt: TextPrompt | IdsPrompt
) -> tuple[list[Piece], Compared]:
    asked = Compare(Load(str(one)), Load(str(other)), prompt)
    steps: list[tuple[int, int]] = []

    def report(stage: Stage, done: int, total: int) -> None:
        if stage is Stage.COMPARE:
            steps.append((done, total))

    *parts, end = compare_models(asked, jinja, report)
    assert isinstance(end, Compared)
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    pieces = [piece for part in parts if isinstance(part, ComparedPart) for piece in part.pieces]
    assert end.summary == summary(
        pieces, end.summary.alignment, end.summary.stride, end.summary.note
    )
    return pieces, end


@pytest.mark.parametrize("length", [40, 150])
def test_the_divergence_is_that_of_whole_distributions(tmp_path: Path, length: int) -> None:
    folders = [graphs.small_model(tmp_path / str(seed), SHORT, seed) for seed in (0, 1)]
    weights = [random_weights(SHORT, seed) for seed in (0, 1)]
    ids = list(PROMPT[:length])
    pieces, end = compared(folders[0], folders[1], IdsPrompt(tuple(ids)))
    assert end.summary.alignment is Alignment.TOKENS
    assert end.summary.stride == (None if length <= 64 else 32)
    assert [piece.first for piece in pieces] == [(id,) for id in ids]
    assert pieces[0].kl is None
    start, stop, agreeing = 0, 64, 0
    for place, piece in enumerate(pieces[1:], 1):
        while place >= stop:
            start, stop = start + 32, start + 32 + 64
        p, q = (
            slow_logprobs(reference.logits(each, SHORT, ids[start:place])[-1]) for each in weights
        )
        assert piece.kl == pytest.approx((np.exp(p) * (p - q)).sum(), abs=1e-4)
        assert (piece.logprob, piece.other) == pytest.approx(
            (p[ids[place]], q[ids[place]]), abs=1e-4
        )
        assert piece.agreeing == (p.argmax() == q.argmax())
        agreeing += piece.agreeing is True
    assert end.summary.agreement == pytest.approx(agreeing / (length - 1))
    assert worst(pieces, 1)[0].kl == end.summary.kl_max


def test_a_model_is_no_way_apart_from_itself() -> None:
    built_in = paths.built_in_model()
    pieces, end = compared(built_in, built_in, TextPrompt("The model says 12 + 7 = 19, déjà 東京."))
    assert (end.summary.kl_mean, end.summary.kl_max, end.summary.agreement) == (0, 0, 1)
    assert "".join(piece.text for piece in pieces if piece.data.isascii()).startswith("The model")
    assert b"".join(piece.data for piece in pieces).decode().endswith("東京.")


def test_different_vocabularies_meet_where_tokens_of_both_end(tmp_path: Path) -> None:
    one = text_folder(tmp_path / "one")
    other = graphs.small_model(tmp_path / "other", Shape(vocabulary=263))
    sentencepiece(other / "tokenizer.json")
    text = "a ba ab äa  bb東a"
    pieces, end = compared(one, other, TextPrompt(text))
    assert end.summary.alignment is Alignment.BYTES
    assert "differ at id 0" in end.summary.note
    assert (end.summary.kl_mean, end.summary.kl_max) == (None, None)
    assert b"".join(piece.data for piece in pieces) == text.encode()
    assert pieces[-1].end == len(text)
    for side, folder in enumerate((one, other)):
        model = opened(folder)
        scored = records(run(model, begin(model, Score(prompt=TextPrompt(text)))))
        ids = [id for piece in pieces for id in (piece.first, piece.second)[side]]
        assert ids == [token.id for token in scored]
        known = [(piece.logprob, piece.other)[side] for piece in pieces]
        assert known[0] is None
        first = len((pieces[0].first, pieces[0].second)[side])
        whole = math.fsum(token.logprob or 0 for token in scored[first:])
        assert math.fsum(each or 0 for each in known) == pytest.approx(whole, abs=1e-3)


def test_ids_of_different_vocabularies_are_refused(tmp_path: Path) -> None:
    one = graphs.small_model(tmp_path / "one", Shape(vocabulary=97))
    other = graphs.small_model(tmp_path / "other", Shape(vocabulary=80))
    with pytest.raises(InvalidRequest, match="differ at id 80"):
        compared(one, other, IdsPrompt((1, 2, 3)))
    with pytest.raises(InvalidRequest, match="no text to compare"):
        compared(one, one, IdsPrompt((1,)))


def sampled(
    folder: Path, pair: tuple[SamplingParams, SamplingParams]
) -> tuple[list[Piece], Compared]:
    load = Load(str(folder))
    asked = Compare(load, load, IdsPrompt(tuple(PROMPT[:40])), pair)
    *parts, end = compare_models(asked, jinja, lambda stage, done, total: None)
    assert isinstance(end, Compared)
    return [p for part in parts if isinstance(part, ComparedPart) for p in part.pieces], end


def test_two_samplings_part_by_what_one_of_them_removes(tmp_path: Path) -> None:
    folder, weights = graphs.small_model(tmp_path, SHORT, 0), random_weights(SHORT, 0)
    neutral, cut = SamplingParams(), SamplingParams(top_k=3)
    forward, end = sampled(folder, (cut, neutral))
    backward, other = sampled(folder, (neutral, cut))
    removed = 0
    for place in range(1, 40):
        p = np.exp(slow_logprobs(reference.logits(weights, SHORT, list(PROMPT[:place]))[-1]))
        kept = np.sort(p)[-3:].sum()
        one, back, token = forward[place], backward[place], PROMPT[place]
        out = bool(p[token] < np.sort(p)[-3])
        removed += out
        assert one.parted
        assert (one.parted.distance, one.parted.gained) == pytest.approx((1 - kept,) * 2, abs=1e-4)
        assert (one.parted.lost, one.parted.lost_by) == (0.0, None)
        assert one.parted.gained_by is SamplerStage.TOP_K
        assert one.parted.cut == (SamplerStage.TOP_K if out else None, None)
        assert one.kl == pytest.approx(-math.log(kept), abs=1e-4)
        assert one.other == pytest.approx(math.log(p[token]), abs=1e-4)
        assert one.logprob == (None if out else pytest.approx(math.log(p[token] / kept), abs=1e-4))
        assert back.parted
        assert (back.kl, back.parted.lost_by) == (None, SamplerStage.TOP_K)
        assert back.parted.lost == pytest.approx(1 - kept, abs=1e-4)
    assert 0 < removed < 39
    assert (end.summary.count, end.summary.infinite) == (39, 0)
    assert (other.summary.count, other.summary.infinite, other.summary.kl_mean) == (39, 39, None)
    assert end.summary.agreement == 1.0
    (furthest,) = worst(forward, 1)
    assert furthest.parted
    assert furthest.parted.distance == end.summary.distance_max


def test_a_repetition_is_heard_and_a_cold_draw_is_no_removal(tmp_path: Path) -> None:
    folder = graphs.small_model(tmp_path, SHORT, 0)
    penal = SamplingParams(frequency_penalty=2.0)
    pieces, _ = sampled(folder, (SamplingParams(), penal))
    assert pieces[1].parted
    assert pieces[1].parted.distance == pytest.approx(0, abs=1e-6), "nothing was said before"
    assert pieces[-1].parted
    assert pieces[-1].parted.distance > 1e-3
    cold, _ = sampled(folder, (SamplingParams(), SamplingParams(temperature=0.01)))
    assert all(piece.kl is not None and piece.kl > 0 for piece in cold[1:])


def test_two_samplings_need_one_model(tmp_path: Path) -> None:
    one, other = (Load(str(tmp_path / name)) for name in "ab")
    asked = Compare(one, other, TextPrompt("a"), (SamplingParams(), SamplingParams()))
    with pytest.raises(InvalidRequest, match="compared with one model"):
        next(compare_models(asked, jinja, lambda stage, done, total: None))
