"""What the worker and its template process say to each other, as msgpack."""

from typing import Any

import msgspec
from msgspec import Struct

from app.domain.events import Failed
from app.engine.text.jinja import Facts


class Read(Struct, frozen=True, tag="read"):
    """Say what a template reads; the answer is its facts."""

    source: str


class Fill(Struct, frozen=True, tag="fill"):
    """Fill a template; the answer is its text."""

    source: str
    values: dict[str, Any]


class Filled(Struct, frozen=True, tag="filled"):
    """A template's text."""

    text: str


Order = Read | Fill
Result = Facts | Filled | Failed

encode = msgspec.msgpack.encode
decode_order = msgspec.msgpack.Decoder(Order).decode
decode_result = msgspec.msgpack.Decoder(Result).decode
