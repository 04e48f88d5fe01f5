"""Sampling parameters refuse what cannot be meant, however they are made."""

import math

import msgspec
import pytest
from msgspec.structs import replace

from app.domain.sampling import RANGES, SamplerStage, SamplingParams
from app.errors import InvalidRequest


def test_the_ranges_cover_every_number_that_can_be_given():
    given = {field.name for field in msgspec.structs.fields(SamplingParams)}
    assert given == set(RANGES) | {"logit_bias", "dry_sequence_breakers", "order"}


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_range_holds_its_ends_and_refuses_what_is_beyond_by_name(name: str):
    low, high = RANGES[name]
    neutral = SamplingParams()
    assert getattr(replace(neutral, **{name: low}), name) == low
    assert getattr(replace(neutral, **{name: high}), name) == high
    for bad in (low - 1, high * 2 + 1, math.nan, math.inf):
        with pytest.raises(InvalidRequest, match=name):
            replace(neutral, **{name: bad})


def test_a_decoded_value_is_checked_like_a_constructed_one():
    with pytest.raises(InvalidRequest, match="top_p"):
        msgspec.json.decode(b'{"top_p": 1.5}', type=SamplingParams)


def test_an_unknown_parameter_is_named():
    with pytest.raises(msgspec.ValidationError, match="top_q"):
        msgspec.json.decode(b'{"top_q": 0.5}', type=SamplingParams)


def test_an_order_names_every_stage_once():
    backwards = tuple(reversed(SamplerStage))
    assert SamplingParams(order=backwards).order == backwards
    for wrong in (backwards[1:], (*backwards, SamplerStage.XTC), (SamplerStage.XTC,) * 9):
        with pytest.raises(InvalidRequest, match="order must name each of penalties, dry"):
            SamplingParams(order=wrong)


def test_a_sequence_breaker_must_not_be_empty():
    with pytest.raises(InvalidRequest, match="breakers"):
        SamplingParams(dry_sequence_breakers=("",))


def test_a_bias_must_be_finite():
    with pytest.raises(InvalidRequest, match="bias"):
        SamplingParams(logit_bias={3: math.inf})
