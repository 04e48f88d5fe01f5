"""Two models on one text, against independent forward passes and their own scores."""

import math
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.domain.comparison import Alignment, Piece, summary, worst
from app.domain.events import Compared, ComparedPart, Stage
from app.domain.requests import Compare, IdsPrompt, Load, Score, TextPrompt
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
