"""Drafts of several answers checked in one run: the numbers of one run each."""

from pathlib import Path

import numpy as np
import pytest

from app.engine.model import Model
from tests.engine import graphs, reference
from tests.engine.test_generate import PROMPT, SHAPE, WEIGHTS, opened


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(written(tmp_path_factory.mktemp("verified"), "grouped"))


def written(folder: Path, layout: str) -> Path:
    return graphs.write_folder(folder, getattr(graphs, layout)(SHAPE, WEIGHTS), SHAPE)


def filled(model: Model, lengths: list[int]) -> list[list[int]]:
    model.forward.clear()
    texts = [list((PROMPT * 9)[slot : slot + length]) for slot, length in enumerate(lengths)]
    for slot, ids in enumerate(texts):
        for at in range(0, len(ids), 100):
            model.forward.run(ids[at : at + 100], slot=slot)
    return texts


def test_rows_of_any_lengths_give_what_the_reference_says(model: Model) -> None:
    texts = filled(model, [30, 7, 51])
    for slots, widths in (((2, 0), (5, 2)), ((0, 1, 2), (1, 17, 4)), ((1, 2), (3, 3))):
        news = [PROMPT[50 + 3 * slot :][:width] for slot, width in zip(slots, widths, strict=True)]
        rows = model.forward.verify(list(zip(slots, news, strict=True)))
        assert rows
        for slot, new, row in zip(slots, news, rows, strict=True):
            texts[slot] += new
            assert isinstance(row, np.ndarray)
            expected = reference.logits(WEIGHTS, SHAPE, texts[slot])[-len(new) :]
            np.testing.assert_allclose(row, expected, atol=1e-4, rtol=0)
            assert model.forward.cached_ids(slot) == tuple(texts[slot])


def test_near_the_end_of_the_context_each_runs_alone(model: Model) -> None:
    room = 4
    filled(model, [model.forward.capacity - room, 9])
    assert model.forward.verify([(0, [1] * room), (1, [1] * room)])
    filled(model, [model.forward.capacity - room, 9])
    assert model.forward.verify([(0, [1]), (1, [1] * (room + 1))]) is None
    assert len(model.forward.cached_ids(1)) == 9


def test_graphs_that_are_not_told_lengths_check_one_at_a_time(tmp_path: Path) -> None:
    model = opened(written(tmp_path, "plain"))
    filled(model, [20, 9])
    assert model.forward.verify([(0, [1, 2]), (1, [1, 2])]) is None
