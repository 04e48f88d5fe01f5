"""Token records as compact blobs, and back, equal in every field.

In columns: what two tokens share (an alternative's bytes) is there once, and like stands beside
like, which compresses. Floats keep all 64 bits. A token with 8 alternatives takes at most 250
bytes on average, also in a vocabulary of 150,000.
"""

import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from app.domain.tokens import Candidate, Channel, Source, TokenRecord

# Their places in these rows are part of the file: append, never reorder.
CHANNELS = (Channel.PROMPT, Channel.REASONING, Channel.ANSWER, Channel.TOOL)
SOURCES = (Source.SAMPLED, Source.FORCED, Source.DRAFT_KEPT, Source.CORRECTED, Source.BONUS)
NUMBERS = 5

Piece = tuple[int, bytes]
_Drafted = tuple[int, float | None, int | None, float]
"""What became of a draft: place of the token, chance of keeping, the piece refused and its logprob,
or None and 0."""


class _Block(Struct, array_like=True):
    """The columns; `chosen` and `others` are places in the pieces `ids` and `data`.

    `numbers` has, as little-endian float64, five columns (logprob, sampled logprob, entropy, tail,
    draft q; NaN stands for None) and then the logprobs of all `others`. Blobs from before there
    were drafts end with it.
    """

    ids: list[int]
    data: list[bytes]
    chosen: list[int]
    starts: list[int]
    ends: list[int]
    ranks: list[int | None]
    channels: bytes
    sources: bytes
    tops: list[int]
    others: list[int]
    numbers: bytes
    drafted: list[_Drafted] = []


def encode(tokens: Sequence[TokenRecord]) -> bytes:
    """The records as one blob."""
    pieces: dict[Piece, int] = {}
    chosen = [pieces.setdefault((token.id, token.data), len(pieces)) for token in tokens]
    candidates = [candidate for token in tokens for candidate in token.top]
    others = [pieces.setdefault((each.id, each.data), len(pieces)) for each in candidates]
    drafted = [
        (place, token.accept, *_refused(token, pieces))
        for place, token in enumerate(tokens)
        if token.accept is not None or token.refused is not None
    ]
    block = _Block(
        ids=[id for id, _ in pieces],
        data=[data for _, data in pieces],
        chosen=chosen,
        starts=[token.start for token in tokens],
        ends=[token.end for token in tokens],
        ranks=[token.rank for token in tokens],
        channels=bytes(CHANNELS.index(token.channel) for token in tokens),
        sources=bytes(SOURCES.index(token.source) for token in tokens),
        tops=[len(token.top) for token in tokens],
        others=others,
        numbers=_packed(tokens, candidates),
        drafted=drafted,
    )
    return zlib.compress(msgspec.msgpack.encode(block))


def decode(blob: bytes) -> tuple[TokenRecord, ...]:
    """The records that `encode` was given.

    Raises:
        ValueError: the blob is none of `encode`'s.
    """
    try:
        block = msgspec.msgpack.decode(zlib.decompress(blob), type=_Block)
        return tuple(_records(block))
    except (zlib.error, struct.error, msgspec.DecodeError, IndexError) as error:
        raise ValueError("These are no token rows.") from error


def _refused(token: TokenRecord, pieces: dict[Piece, int]) -> tuple[int | None, float]:
    """The place of its refused piece, which is added where it is new, and its logprob."""
    each = token.refused
    if each is None:
        return None, 0.0
    return pieces.setdefault((each.id, each.data), len(pieces)), each.logprob


def _packed(tokens: Sequence[TokenRecord], candidates: Sequence[Candidate]) -> bytes:
    columns = (
        [token.logprob for token in tokens],
        [token.sampled_logprob for token in tokens],
        [token.entropy for token in tokens],
        [token.tail for token in tokens],
        [token.draft_q for token in tokens],
        [candidate.logprob for candidate in candidates],
    )
    values = [math.nan if value is None else value for column in columns for value in column]
    return struct.pack(f"<{len(values)}d", *values)


def _records(block: _Block) -> Iterator[TokenRecord]:
    count = len(block.chosen)
    values = struct.unpack(f"<{NUMBERS * count + len(block.others)}d", block.numbers)
    columns = [_optional(values[i * count : (i + 1) * count]) for i in range(NUMBERS)]
    drafted = {place: (accept, piece, value) for place, accept, piece, value in block.drafted}
    candidates = iter(zip(block.others, values[NUMBERS * count :], strict=True))
    for place, piece in enumerate(block.chosen):
        logprob, sampled, entropy, tail, draft_q = (next(column) for column in columns)
        accept, piece_refused, value = drafted.get(place, (None, None, 0.0))
        top = [next(candidates) for _ in range(block.tops[place])]
        yield TokenRecord(
            id=block.ids[piece],
            data=block.data[piece],
            start=block.starts[place],
            end=block.ends[place],
            logprob=logprob,
            sampled_logprob=sampled,
            rank=block.ranks[place],
            entropy=entropy,
            top=tuple(Candidate(block.ids[i], block.data[i], value) for i, value in top),
            tail=tail,
            channel=CHANNELS[block.channels[place]],
            source=SOURCES[block.sources[place]],
            draft_q=draft_q,
            accept=accept,
            refused=_candidate(block, piece_refused, value),
        )


def _candidate(block: _Block, piece: int | None, logprob: float) -> Candidate | None:
    return None if piece is None else Candidate(block.ids[piece], block.data[piece], logprob)


def _optional(values: Iterable[float]) -> Iterator[float | None]:
    return (None if math.isnan(value) else value for value in values)
