"""A cache of 8 bits that prompts are read into at full precision: what reading gives, what it
leaves behind, and that answers go on from there however the cache is used."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.domain.events import Event
from app.domain.preparation import KvCache, Precision
from app.domain.requests import Generate, IdsPrompt, Provider, Replay
from app.domain.sampling import SamplingParams
from app.engine.cache.pool import SharedKv
from app.engine.forward import Forward
from app.engine.generate import begin, generate, tick
from app.engine.model import Model, open_model
from app.engine.prepare.preparation import prepare_model
from app.engine.prepare.store import PreparedStore
from app.engine.replay import replay
from app.engine.sampling.rows import RowStore
from tests.engine import graphs, reference
from tests.engine.reference import Shape
from tests.engine.test_generate import records

SHAPE = Shape(context=400)
WEIGHTS = reference.random_weights(SHAPE)
IDS = np.random.default_rng(1).integers(0, SHAPE.vocabulary, 200).tolist()
EXACT = reference.logits(WEIGHTS, SHAPE, IDS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    """A model with a cache of 8 bits."""
    folder = tmp_path_factory.mktemp("int8")
    graphs.write_folder(folder / "model", graphs.grouped(SHAPE, WEIGHTS), SHAPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_HOME", str(folder / "profile"))
        store = PreparedStore(paths.prepared())
        prepare_model(folder / "model", None, Precision.EXACT, store, lambda *_: None, KvCache.INT8)
        yield opened(folder / "model", KvCache.INT8)


@pytest.fixture
def forward(model: Model) -> Forward:
    """Its forward pass, with nothing cached."""
    model.forward.clear()
    return model.forward


def opened(folder: Path, kv: KvCache) -> Model:
    return open_model(folder, None, Provider.CPU, lambda done, total: None, kv=kv, parallel=3)


def run(forward: Forward, sizes: Sequence[int], *, written: bool = False) -> np.ndarray:
    """Logits of the first ids behind what is cached, in runs of these sizes."""
    rows, start = [], len(forward.cached_ids())
    for size in sizes:
        part = IDS[start : start + size]
        rows.append(forward.run(part, every_position=True, written=written).copy())
        start += size
    return np.concatenate(rows)


def held(forward: Forward, count: int) -> dict[str, np.ndarray]:
    kv = forward.slots[0].kv
    assert isinstance(kv, SharedKv)
    return {name: each.copy() for name, each in kv.pool.held(kv.row, count).items()}


def test_the_first_chunk_of_a_prompt_is_exact(forward: Forward) -> None:
    np.testing.assert_allclose(run(forward, [100]), EXACT[:100], atol=1e-4, rtol=0)
    written = np.abs(run_anew(forward, [100], written=True) - EXACT[:100]).max()
    assert written > 1e-3


def run_anew(forward: Forward, sizes: Sequence[int], *, written: bool = False) -> np.ndarray:
    forward.clear()
    return run(forward, sizes, written=written)


def test_reading_leaves_the_8_bits_that_writing_would(forward: Forward) -> None:
    """In the first layer, whose keys and values depend on no cache."""
    run(forward, [60, 60])
    read = held(forward, 120)
    run_anew(forward, [60, 60], written=True)
    written = held(forward, 120)
    first = [name for name in read if ".0." in name]
    assert len(first) == 2
    for name in first:
        assert read[name].dtype == np.int8
        assert np.abs(read[name]).max() > 20
        np.testing.assert_array_equal(read[name], written[name])


def test_later_chunks_see_what_is_cached(forward: Forward) -> None:
    """Rounding shows a little; a past that is lost or misplaced changes logits by far more."""
    read = np.abs(run(forward, [64, 1, 20, 64, 1, 50]) - EXACT)
    written = np.abs(run_anew(forward, [200], written=True) - EXACT)
    assert 1e-3 < read.mean() < written.mean() < 0.06


def test_a_rewound_cache_gives_what_a_fresh_one_does(forward: Forward) -> None:
    fresh = run(forward, [64, 1, 1, 60])
    run_anew(forward, [64, 1, 1, 60, 70])
    assert forward.reuse(IDS[:67]) == 66
    np.testing.assert_array_equal(run(forward, [60]), fresh[66:])


def test_what_another_slot_holds_is_lent(forward: Forward) -> None:
    fresh = run(forward, [64, 60])
    assert forward.reuse(IDS[:65], slot=1) == 64
    again = forward.run(IDS[64:124], slot=1, every_position=True)
    np.testing.assert_array_equal(again, fresh[64:])


def test_answers_side_by_side_are_those_alone(model: Model) -> None:
    asked = [
        Generate(
            prompt=IdsPrompt(tuple(IDS[start:][:count])),
            sampling=SamplingParams(seed=3, temperature=1.5),
            max_tokens=12,
        )
        for start, count in ((0, 150), (20, 40), (50, 3))
    ]
    alone = []
    for each in asked:
        model.forward.clear()
        alone.append(records(generate(model, each)))
    model.forward.clear()
    works = [begin(model, each) for each in asked]
    events: dict[int, list[Event]] = {id(work): [] for work in works}
    while unfinished := [work for work in works if not work.finished]:
        for work, news in tick(model, unfinished):
            events[id(work)] += news
    for work, single in zip(works, alone, strict=True):
        together = records(events[id(work)])
        assert [each.id for each in together] == [each.id for each in single]
        for one, other in zip(together, single, strict=True):
            assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_a_token_that_is_computed_again_has_the_numbers_it_had(model: Model) -> None:
    prompt = IdsPrompt(tuple(IDS[:150]))
    model.forward.clear()
    answer = records(generate(model, Generate(prompt=prompt, max_tokens=40)))
    other = replace(model, rows=RowStore())
    other.forward.clear()
    for index in (0, 30, 39):
        ids = tuple(each.id for each in answer)
        asked = Replay(
            prompt=prompt,
            answer=ids[:index],
            sampling=SamplingParams(),
            tokens=ids[index : index + 1],
        )
        found = replay(other, asked, cancelled=lambda: False)
        assert found is not None
        assert found.recomputed
        logprob = next(each.logprob for each in found.alternatives if each.id == ids[index])
        assert logprob == pytest.approx(answer[index].logprob, abs=1e-4)
