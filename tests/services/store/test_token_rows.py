"""Token rows: equal after the way through a blob, and small."""

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.tokens import Candidate, Channel, Source, TokenRecord
from app.services.store.token_rows import decode, encode
from tests.services.store.turns import token

MOST_BYTES = 250

ids = st.integers(0, 2**31 - 1)
pieces = st.binary(max_size=12)
numbers = st.floats(allow_nan=False)
candidates = st.builds(Candidate, ids, pieces, numbers)
records = st.builds(
    TokenRecord,
    id=ids,
    data=pieces,
    start=st.integers(0, 10**9),
    end=st.integers(0, 10**9),
    logprob=st.none() | numbers,
    sampled_logprob=st.none() | numbers,
    rank=st.none() | st.integers(1, 300_000),
    entropy=st.none() | numbers,
    top=st.lists(candidates, max_size=8).map(tuple),
    tail=st.none() | numbers,
    channel=st.sampled_from(Channel),
    source=st.sampled_from(Source),
    draft_q=st.none() | numbers,
    accept=st.none() | numbers,
    refused=st.none() | candidates,
)


@given(st.lists(records, max_size=20))
def test_records_come_back_equal(tokens: list[TokenRecord]):
    assert decode(encode(tokens)) == tuple(tokens)


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_a_token_takes_little_room_even_where_no_alternative_repeats(count: int):
    tokens = [token(place) for place in range(count)]
    assert len({each.id for record in tokens for each in record.top}) == 8 * count
    assert len(encode(tokens)) <= MOST_BYTES * count


def test_a_drafted_token_takes_little_room_too():
    tokens = [drafted(place) for place in range(1000)]
    assert len(encode(tokens)) <= MOST_BYTES * len(tokens)


def drafted(place: int) -> TokenRecord:
    """A token in place of its likeliest alternative, which a draft proposed."""
    plain = token(place)
    fate = {"draft_q": 1 / (place + 11), "accept": 1 / (place + 13), "refused": plain.top[1]}
    return msgspec.structs.replace(plain, source=Source.CORRECTED, **fate)


def test_rows_from_before_there_were_drafts_can_be_read():
    columns = msgspec.msgpack.decode(zlib.decompress(encode([token(0), token(1)])))
    assert columns[-1] == []
    blob = zlib.compress(msgspec.msgpack.encode(columns[:-1]))
    assert decode(blob) == (token(0), token(1))


@given(st.binary(max_size=200))
def test_what_is_no_blob_is_refused(noise: bytes):
    with pytest.raises(ValueError, match="no token rows"):
        decode(noise)


def test_a_flipped_bit_is_noticed():
    blob = bytearray(encode([token(0), token(1)]))
    blob[len(blob) // 2] ^= 1
    with pytest.raises(ValueError, match="no token rows"):
        decode(bytes(blob))
