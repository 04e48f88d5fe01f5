"""Rows, words and spreadsheet text of a token, and what the sampling fields read."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.domain.events import Alternative, Replayed
from app.domain.sampling import RANGES, SamplingParams
from app.errors import InvalidRequest
from app.ui.viewmodels.alternatives import MOST, REST, percent, rows, token_name
from app.ui.viewmodels.record_text import tsv
from app.ui.viewmodels.sampling import KNOBS, Knob, SamplingModel, remark
from app.ui.viewmodels.typed import read_count, read_number
from tests.ui.records import record
from tests.ui.test_viewmodels import MODEL

KNOB = {knob.name: knob for knob in KNOBS}


def replay_of(*shares: tuple[int, bytes, float, float | None]) -> Replayed:
    """A replay of (id, bytes, raw share, share after sampling) whose rest is what is left."""
    alternatives = tuple(
        Alternative(id, data, math.log(raw), None if after is None else math.log(after), rank)
        for rank, (id, data, raw, after) in enumerate(shares, 1)
    )
    return Replayed(
        alternatives=alternatives,
        tail=max(0.0, 1 - math.fsum(raw for _, _, raw, _ in shares)),
        sampled_tail=max(0.0, 1 - math.fsum(after or 0 for _, _, _, after in shares)),
        kept=sum(after is not None for _, _, _, after in shares),
        entropy=1.0,
        raw_entropy=1.0,
        recomputed=False,
    )


def test_a_row_says_both_shares_in_words():
    found = rows(
        record(" 17", probability=0.62),
        replay_of((7, b" 17", 0.62, 0.8), (3, b" 16", 0.21, 0.2), (4, b"\n", 0.06, None)),
    )
    assert [row.spoken for row in found] == [
        "17, 62 percent, 80 percent after sampling",
        "16, 21 percent, 20 percent after sampling",
        "new line, 6 percent, cut by sampling",
        f"{REST}, 11 percent, cut by sampling",
    ]
    assert [row.sampled_number for row in found] == ["0.800", "0.200", "cut", "cut"]
    assert [row.chosen for row in found] == [True, False, False, False]


def test_without_a_replay_only_the_token_itself_has_a_share_after_sampling():
    token = replace(
        record(" a", probability=0.5, top=((" a", 0.5), (" b", 0.3))), sampled_logprob=0.0
    )
    assert [row.sampled for row in rows(token)] == [1.0, None, None]
    assert rows(token)[1].spoken == "b, 30 percent"
    assert [row.sampled_number for row in rows(token)] == ["1.000", "", ""]


@given(
    raw=st.lists(st.floats(1e-6, 1), min_size=2, max_size=20),
    after=st.lists(st.one_of(st.none(), st.floats(1e-6, 1)), min_size=20, max_size=20),
    chosen=st.integers(0, 19),
)
def test_rows_hold_the_chosen_one_and_add_up(
    raw: list[float], after: list[float | None], chosen: int
):
    after = after[: len(raw)]
    after[0] = after[0] or 0.5
    raw_total = math.fsum(raw) * 1.1
    after_total = math.fsum(share or 0 for share in after) * 1.1
    shares = [
        (id, b"x%d" % id, share / raw_total, None if left is None else left / after_total)
        for id, (share, left) in enumerate(zip(raw, after, strict=True))
    ]
    chosen %= len(shares)
    found = rows(record("x", id=chosen), replay_of(*shares))
    assert len(found) == min(MOST, len(shares)) + 1
    assert [row.text for row in found if row.chosen] == [f"x{chosen}"]
    assert math.fsum(row.share for row in found) == pytest.approx(1)
    assert math.fsum(row.sampled or 0 for row in found) == pytest.approx(1)
    assert [row.rest for row in found] == [False] * (len(found) - 1) + [True]


def test_control_tokens_are_words():
    assert token_name(b"", 2, "<|im_end|>") == "⟨end of turn⟩"
    assert token_name(b"", 9, "<|tool|>") == "⟨<|tool|>⟩"
    assert token_name(b"", 9) == "control 9"
    assert token_name(b" a\n", 9) == "␣a⏎"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.62, "62 percent"),
        (0.6204, "62.04 percent"),
        (1.0, "100 percent"),
        (0.99999, "over 99.99 percent"),
        (0.0, "0 percent"),
        (0.000001, "under 0.01 percent"),
        (0.0001, "0.01 percent"),
    ],
)
def test_a_share_in_words_is_never_rounded_to_certainty(share: float, words: str):
    assert percent(share) == words


def test_a_copied_row_keeps_its_columns_whatever_the_text():
    token = record("a\tb\n\\", top=(("\r", 0.2),))
    names, values = (line.split("\t") for line in tsv(token).splitlines())
    row = dict(zip(names, values, strict=True))
    assert row["text"] == "a\\tb\\n\\\\"
    assert row["top1_text"] == "\\r"
    assert float(row["top1_logprob"]) == math.log(0.2)
    assert row["draft_q"] == ""
    assert row["channel"] == "answer"


@pytest.mark.parametrize("text", ["0.5", " 0.5 ", "0,5", ".5", "5e-1"])
def test_a_number_is_read_as_people_type_it(text: str):
    assert read_number(text, KNOB["top_p"]) == 0.5


def test_a_minus_sign_is_read_in_both_its_forms():
    assert read_number("−1.5", KNOB["presence_penalty"]) == -1.5


@pytest.mark.parametrize("text", ["", "abc", "inf", "nan", "1e999", "0x1", "--1", "1_0", "½"])
def test_what_is_no_number_is_refused(text: str):
    with pytest.raises(InvalidRequest, match="is no number"):
        read_number(text, KNOB["temperature"])


@given(st.text(alphabet="0123456789.,+-−e xß٣", max_size=12), st.sampled_from(KNOBS))
def test_whatever_is_accepted_lies_in_the_range(text: str, knob: Knob):
    with contextlib.suppress(InvalidRequest):
        low, high = RANGES[knob.name]
        assert low <= read_number(text, knob) <= high


def test_a_count_may_be_left_out():
    assert read_count("", "The seed", 0, 10) is None
    assert read_count(" 7 ", "The seed", 0, 10) == 7
    assert read_count("1,000", "The seed", 0, 1000) == 1000
    for wrong in ("x", "1.5", "11", "-1", "٣x", "1_0"):
        with pytest.raises(InvalidRequest):
            read_count(wrong, "The seed", 0, 10)


def test_every_transform_of_the_parameters_has_a_knob():
    fields = set(SamplingParams.__struct_fields__) - {
        "seed",
        "logit_bias",
        "order",
        "dry_sequence_breakers",
    }
    assert set(KNOB) == fields
    for knob in KNOBS:
        low, high = RANGES[knob.name]
        assert low <= knob.low < knob.high <= high
        assert knob.explanation.endswith(".")


def test_neutral_keeps_the_seed_and_gives_the_rest_back():
    sampling = SamplingModel()
    sampling.adopt(MODEL)
    sampling.set("top_k", 7.0)
    sampling.set_seed(5)
    sampling.set_max_tokens(9)
    former = sampling.params
    sampling.set_neutral(True)
    assert sampling.options().sampling == SamplingParams(seed=5)
    assert not sampling.is_default
    sampling.set_neutral(False)
    assert sampling.params == former
    assert sampling.params.top_k == 7
    sampling.set_neutral(True)
    sampling.reset()
    assert (sampling.params, sampling.max_tokens, sampling.is_default) == (
        MODEL.sampling,
        None,
        True,
    )


def test_greedy_says_what_is_ignored():
    assert remark(MODEL.sampling) == ""
    assert remark(SamplingParams(temperature=0.0)) == (
        "Temperature 0 always takes the likeliest token."
    )
    greedy = replace(MODEL.sampling, temperature=0.0, seed=3)
    assert remark(greedy).endswith("Ignored now: Top-p, Top-k, Seed.")
