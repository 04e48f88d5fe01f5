"""Which slot a request gets, how many there are, and what they lend to each other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.requests import MOST_PARALLEL, Provider
from app.engine.cache.kv import NoKv
from app.engine.cache.room import MOST_SLOTS, Room, room
from app.engine.cache.slots import Slots
from app.engine.contract import Geometry, Names, read_contract
from app.engine.files.config import read_configs
from app.engine.files.folder import find_model
from app.engine.forward import Forward
from app.engine.runtime.memory import physical_memory
from app.errors import InvalidRequest
from tests.engine import graphs, reference
from tests.engine.test_forward import IDS, SHAPE, WEIGHTS, open_forward

PLAIN = graphs.plain(SHAPE, WEIGHTS)
CONTRACT = read_contract(PLAIN, Names(), Geometry())
AFFORDABLE = physical_memory() // 4 // CONTRACT.bytes_per_token


def filled(*held: list[int], copied: bool = True) -> Slots:
    """Slots that were left in this order."""
    slots = Slots([NoKv() for _ in held], copied=copied)
    for index, ids in enumerate(held):
        slots[index].ids = ids
        slots[index].taken = True
        slots.release(index)
    return slots


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "model"


@pytest.fixture
def forward(tmp_path: Path) -> Forward:
    return open_forward(graphs.write_folder(tmp_path, graphs.grouped(SHAPE, WEIGHTS), SHAPE))


def test_a_chat_goes_on_in_its_own_slot() -> None:
    slots = filled(IDS[:40], IDS[50:90], [])
    assert slots.take([*IDS[50:90], 5, 6]) == 1
    assert slots.take([*IDS[:30], 7]) == 0


def test_a_new_chat_takes_the_slot_left_alone_for_longest() -> None:
    slots = filled(IDS[:40], IDS[50:90], IDS[100:140])
    assert slots.take([*IDS[150:170]]) == 0
    slots.release(0)
    assert slots.take([*IDS[150:170]]) == 1


def test_a_long_chat_is_not_given_up_for_a_few_words_that_all_chats_begin_with() -> None:
    system = [3, 4, 5]
    slots = filled([*system, *IDS[50:90]], IDS[100:140])
    assert slots.take([*system, *IDS[:20]]) == 0, "it was left alone for longest"
    slots = filled(IDS[100:140], [*system, *IDS[50:90]])
    assert slots.take([*system, *IDS[:20]]) == 0, "the beginning is copied"
    slots = filled(IDS[100:140], [*IDS[:30], *IDS[50:90]], copied=False)
    assert slots.take([*IDS[:30], 8, 9]) == 1, "without copies, most of the request is there"


def test_no_slot_is_taken_twice() -> None:
    slots = filled([], [])
    assert {slots.take([1, 2]), slots.take([1, 2])} == {0, 1}
    assert slots.take([1, 2]) is None
    assert slots.idle == 0


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=4), st.data())
def test_what_is_shared_is_the_longest_common_beginning(
    held: list[list[int]], data: st.DataObject
) -> None:
    slots = filled(*held)
    ids = data.draw(st.lists(st.integers(0, 2), max_size=6))
    for index, own in enumerate(held):
        limit = min(len(own), max(0, len(ids) - 1))
        length = max(n for n in range(limit + 1) if own[:n] == ids[:n])
        assert slots[index].shared(ids) == length
    best = max(slots[index].shared(ids) for index in range(len(held)))
    assert slots[slots.sharing(ids)].shared(ids) == best


def test_what_another_slot_has_read_is_copied_and_not_computed(forward: Forward) -> None:
    forward.run(IDS[:60], slot=2)
    forward.run([*IDS[:20], 9], slot=0)
    wanted = [*IDS[:50], 7, 8]
    assert forward.reuse(wanted, slot=0) == 50
    assert forward.cached_ids(0) == tuple(IDS[:50])
    expected = reference.logits(WEIGHTS, SHAPE, wanted)[-1:]
    np.testing.assert_allclose(forward.run([7, 8], slot=0), expected, atol=1e-4, rtol=0)
    further = [*IDS[:60], 4]
    assert forward.reuse(further, slot=2) == 60
    expected = reference.logits(WEIGHTS, SHAPE, further)[-1:]
    np.testing.assert_allclose(forward.run([4], slot=2), expected, atol=1e-4, rtol=0)


def test_a_full_context_comes_before_more_conversations(folder: Path) -> None:
    assert space(folder, 512) == Room(MOST_SLOTS, 512)
    third = AFFORDABLE // 3
    assert space(folder, third) == Room(3, third)
    assert space(folder, AFFORDABLE - 1) == Room(1, AFFORDABLE - 1)
    assert space(folder, 10 * AFFORDABLE) == Room(1, AFFORDABLE)


def test_conversations_that_are_asked_for_share_what_there_is(folder: Path) -> None:
    assert space(folder, 512, 12) == Room(12, 512)
    assert space(folder, 10 * AFFORDABLE, 4) == Room(4, AFFORDABLE // 4)
    for number in (0, MOST_PARALLEL + 1):
        with pytest.raises(InvalidRequest, match="between 1 and 16"):
            space(folder, 512, number)


def space(folder: Path, context: int, parallel: int | None = None) -> Room:
    """The room of a model that was made for so many tokens, with tables for all of them."""
    graphs.write_folder(folder, PLAIN, replace(SHAPE, context=context))
    found = find_model(folder, None, Provider.CPU)
    return room(CONTRACT, read_configs(found), parallel)
