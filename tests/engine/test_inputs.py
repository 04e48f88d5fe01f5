"""What every kind of integer input is told, for one row and for rows of different lengths."""

import numpy as np
import pytest

from app.engine.contract import Feed, Names, Role
from app.engine.runtime import inputs
from app.engine.runtime.inputs import Step

ONE = Step(np.array([[5, 6, 7]]), np.array([4]), every_position=False)
TWO = Step(np.array([[5, 6], [7, 8]]), np.array([4, 1]), every_position=True)
FRESH = Step(np.array([[5]]), np.array([0]), every_position=False)


@pytest.mark.parametrize(
    ("name", "step", "rank", "expected"),
    [
        ("input_ids", ONE, 2, [[5, 6, 7]]),
        ("attention_mask", ONE, 2, [[1] * 7]),
        ("attention_mask", TWO, 2, [[1] * 6, [1, 1, 1, 0, 0, 0]]),
        ("position_ids", ONE, 2, [[4, 5, 6]]),
        ("position_ids", TWO, 2, [[4, 5], [1, 2]]),
        ("num_logits_to_keep", ONE, 0, 1),
        ("num_logits_to_keep", TWO, 1, [0]),
        ("onnx::Neg_18", ONE, 1, [1]),
        ("logits_pos", ONE, 1, [2]),
        ("logits_pos", TWO, 1, [0, 1]),
        ("seqlens_k", TWO, 1, [5, 2]),
        ("total_sequence_length", TWO, 0, 6),
        ("total_seq_len", ONE, 1, [7]),
        ("past_sequence_length", TWO, 1, [4]),
        ("current_sequence_length", ONE, 0, 3),
        ("query_seqlens", TWO, 1, [2, 2]),
    ],
)
def test_an_input_is_told_what_its_name_says(
    name: str, step: Step, rank: int, expected: object
) -> None:
    role = Names().role(name)
    assert role
    fed = inputs.value(Feed(role, name, np.int32, ("size",) * rank), step)
    assert fed.dtype == np.int32
    assert fed.tolist() == expected


def test_a_merged_decoder_is_told_whether_there_is_a_past() -> None:
    feed = Feed(Role.CACHE_BRANCH, "use_cache_branch", np.bool_, (1,))
    assert inputs.value(feed, ONE).tolist() == [True]
    assert inputs.value(feed, FRESH).tolist() == [False]


@pytest.mark.parametrize("name", ["pixel_values", "onnx::Neg", "my_seqlens_k", ""])
def test_other_names_have_no_role(name: str) -> None:
    assert Names().role(name) is None


def test_names_that_a_folder_gives_have_their_role() -> None:
    names = Names(total_length="total", past_length="before", current_length="now")
    roles = [names.role(each) for each in ("total", "before", "now")]
    assert roles == [Role.TOTAL_LENGTH, Role.PAST_LENGTH, Role.CURRENT_LENGTH]
