"""What crosses the pipe: requests down one by one, replies up in lists, as msgpack.

Bytes in, validated values out. Both processes import this file, so it knows neither the engine nor
asyncio. A frame that does not fit raises `BadFrame`, which names what is wrong and, where it can
still be read, the request it belongs to.
"""

import msgspec
from msgspec import Struct

from app.domain.events import Event, Failed
from app.domain.requests import Command
from app.errors import InvalidRequest, ModelUnsupported

PROTOCOL = 8
CONTROL = 0
"""The id of what belongs to no request: Hello, Heartbeat, Cancel and AnswerNow."""


class Request(Struct, frozen=True):
    """A command and the number under which its events come back."""

    id: int
    command: Command


class Reply(Struct, frozen=True):
    """One event of request `id`."""

    id: int
    event: Event


class BadFrame(Exception):
    """A frame that is not what the protocol says; `id` is its request, or CONTROL if unknown."""

    def __init__(self, message: str, id: int = CONTROL) -> None:
        super().__init__(message)
        self.id = id


class _Envelope(Struct):
    id: int
    command: msgspec.Raw


_envelope = msgspec.msgpack.Decoder(_Envelope)
_command = msgspec.msgpack.Decoder(Command)
_replies = msgspec.msgpack.Decoder(list[Reply])


def encode_request(request: Request) -> bytes:
    """The request as a frame's payload.

    Raises:
        InvalidRequest: it holds a text or a number that has no encoding.
    """
    try:
        return msgspec.msgpack.encode(request)
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            "The text holds half of a character (a lone surrogate), which no tokenizer can read."
        ) from error
    except OverflowError as error:
        raise InvalidRequest("A number in the request is larger than 64 bits.") from error


def decode_request(payload: bytes | bytearray) -> Request:
    """The request in a frame.

    Raises:
        BadFrame: the payload is no request, or a parameter is out of its range.
    """
    try:
        envelope = _envelope.decode(payload)
    except msgspec.DecodeError as error:
        raise BadFrame(f"The frame holds no request: {error}.") from error
    try:
        return Request(envelope.id, _command.decode(envelope.command))
    except msgspec.DecodeError as error:
        raise BadFrame(f"Request {envelope.id} cannot be read: {error}.", envelope.id) from error
    except InvalidRequest as error:
        raise BadFrame(f"Request {envelope.id} is not valid: {error}", envelope.id) from error


def encode_replies(replies: list[Reply]) -> bytes:
    """The replies as a frame's payload; one that names what is no text says only that."""
    try:
        return msgspec.msgpack.encode(replies)
    except UnicodeEncodeError:
        return msgspec.msgpack.encode([_sendable(reply) for reply in replies])


def _sendable(reply: Reply) -> Reply:
    try:
        msgspec.msgpack.encode(reply)
    except UnicodeEncodeError:
        error = ModelUnsupported(
            "A file or a name of this model is not valid text.", "Rename the folder or its files."
        )
        return Reply(reply.id, Failed(error.code, error.message, error.hint))
    return reply


def decode_replies(payload: bytes | bytearray) -> list[Reply]:
    """The replies in a frame.

    Raises:
        BadFrame: the payload is no list of replies.
    """
    try:
        return _replies.decode(payload)
    except msgspec.DecodeError as error:
        raise BadFrame(f"The frame holds no replies: {error}.") from error
