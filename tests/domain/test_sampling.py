"""Sampling parameters refuse what cannot be meant, however they are made."""

import math

import msgspec
import pytest

from app.domain.sampling import RANGES, SamplingParams
from app.errors import InvalidRequest


def test_the_ranges_cover_every_number_that_can_be_given():
    given = {field.name for field in msgspec.structs.fields(SamplingParams)}
    assert given == set(RANGES) | {"logit_bias"}


@pytest.mark.parametrize("name", sorted(RANGES))
def test_values_at_the_ends_of_a_range_are_taken_and_beyond_are_refused_by_name(name: str):
    low, high = RANGES[name]
    assert getattr(SamplingParams(**{name: low}), name) == low
    assert getattr(SamplingParams(**{name: high}), name) == high
    for bad in (low - 1, high * 2 + 1, math.nan, math.inf):
        with pytest.raises(InvalidRequest, match=name):
            SamplingParams(**{name: bad})


def test_a_decoded_value_is_checked_like_a_constructed_one():
    with pytest.raises(InvalidRequest, match="top_p"):
        msgspec.json.decode(b'{"top_p": 1.5}', type=SamplingParams)


def test_an_unknown_parameter_is_named():
    with pytest.raises(msgspec.ValidationError, match="top_q"):
        msgspec.json.decode(b'{"top_q": 0.5}', type=SamplingParams)


def test_a_bias_must_be_finite():
    with pytest.raises(InvalidRequest, match="bias"):
        SamplingParams(logit_bias={3: math.inf})
