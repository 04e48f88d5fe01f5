"""Kept rows of logits: bounded in bytes, and found by the exact ids before them alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.engine.sampling.rows import RowStore, Trail

IDS = st.lists(st.integers(0, 200_000), max_size=30)


def row(value: float, size: int = 16) -> np.ndarray:
    return np.full(size, value, dtype=np.float32)


def key(*ids: int) -> bytes:
    return Trail(ids).key


@given(IDS, IDS)
def test_a_trail_grows_into_the_one_of_the_whole(beginning: list[int], rest: list[int]) -> None:
    trail = Trail(beginning)
    for id in rest:
        trail.add(id)
    assert trail.key == Trail(beginning + rest).key


@given(IDS, IDS)
def test_other_ids_have_another_key(one: list[int], other: list[int]) -> None:
    assert (Trail(one).key == Trail(other).key) == (one == other)


def test_a_row_is_a_copy_and_found_by_its_ids_alone() -> None:
    store, buffer = RowStore(), row(1.0)
    store.keep(key(1, 2, 3), buffer)
    buffer[:] = 9.0
    found = store.find(key(1, 2, 3))
    assert found is not None
    assert found.tolist() == row(1.0).tolist()
    for wrong in ((), (1, 2), (1, 2, 3, 0), (3, 2, 1), (1, 2, 4), (0, 1, 2, 3)):
        assert store.find(key(*wrong)) is None


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 40)), max_size=60))
def test_the_bytes_stay_bounded_whatever_comes(rows: list[tuple[int, int]]) -> None:
    store = RowStore(most_bytes=400)
    held: dict[int, int] = {}
    for id, size in rows:
        store.keep(key(id), row(id, size))
        held[id] = size
        found = {id: store.find(key(id)) for id in held}
        kept = {id: each for id, each in found.items() if each is not None}
        assert store.size == sum(each.nbytes for each in kept.values()) <= 400
        assert all(each.tolist() == [float(id)] * held[id] for id, each in kept.items())
        assert id in kept


def test_the_row_unused_for_longest_makes_room() -> None:
    store = RowStore(most_bytes=3 * row(0).nbytes)
    for id in (1, 2, 3):
        store.keep(key(id), row(id))
    store.find(key(1))
    store.keep(key(4), row(4))
    held = [id for id in (1, 2, 3, 4) if store.find(key(id)) is not None]
    assert held == [1, 3, 4]


def test_a_row_too_large_for_the_store_is_not_kept() -> None:
    store = RowStore(most_bytes=10)
    store.keep(key(1), row(1.0))
    assert store.find(key(1)) is None
    assert store.size == 0


def test_a_row_that_may_be_another_generations_is_told_from_an_own_one() -> None:
    store = RowStore(most_bytes=2 * row(0).nbytes)
    assert not store.is_own(key(1))
    store.keep(key(1), row(1.0))
    store.keep(key(1), row(1.0001))
    assert store.is_own(key(1))
    store.keep(key(1), row(1.1))
    assert not store.is_own(key(1))
    store.keep(key(2), row(2.0), own=False)
    assert not store.is_own(key(2))
    for id in (3, 4, 1, 2):
        store.keep(key(id), row(id))
        assert store.is_own(key(id)), "the mark goes with the row"
