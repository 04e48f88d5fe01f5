"""Whole frames over two byte streams: a length, then that many bytes.

The streams are unbuffered, so that a thread blocked in `receive` holds no lock which the
interpreter would want at its end.
"""

import os
import struct
import threading
from io import FileIO

MAX_FRAME = 256 * 2**20
"""Bytes; far above any honest frame, far below what a damaged length would ask for."""

_LENGTH = struct.Struct(">I")


class Closed(Exception):
    """The other side has closed its end, or ended."""


class FrameTooLong(Exception):
    """A frame announces, or would need, more than MAX_FRAME bytes."""


def take_standard_streams() -> "FrameChannel":
    """A channel over this process's standard streams, kept for frames alone: whoever prints or
    reads later gets the log or nothing."""
    channel = FrameChannel(FileIO(os.dup(0), "rb"), FileIO(os.dup(1), "wb"))
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    os.close(nowhere)
    return channel


class FrameChannel:
    """Both directions between two processes; `send` may be called from any thread."""

    def __init__(self, reader: FileIO, writer: FileIO) -> None:
        self._reader = reader
        self._writer = writer
        self._sending = threading.Lock()

    def send(self, payload: bytes) -> None:
        """Write one frame, waiting while the pipe is full.

        Raises:
            Closed: nobody reads any more.
            FrameTooLong: the payload is longer than MAX_FRAME.
        """
        if len(payload) > MAX_FRAME:
            raise FrameTooLong(f"A frame of {len(payload):,} bytes cannot be sent.")
        with self._sending:
            try:
                self._write(_LENGTH.pack(len(payload)))
                self._write(payload)
            except (OSError, ValueError) as error:
                raise Closed from error

    def receive(self) -> bytearray:
        """Wait for the next frame and return its payload.

        Raises:
            Closed: the stream ended; a frame cut short by that is dropped.
            FrameTooLong: the announced length cannot be right, so the stream is out of step.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if length > MAX_FRAME:
            raise FrameTooLong(f"A frame announces {length:,} bytes, at most {MAX_FRAME:,} can be.")
        return self._read(length)

    def close_writer(self) -> None:
        """End the outgoing stream: the other side reads `Closed`. Not while a `send` runs."""
        self._writer.close()

    def close_reader(self) -> None:
        """Give up the incoming stream. Not while a `receive` runs."""
        self._reader.close()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._writer.write(rest) :]

    def _read(self, length: int) -> bytearray:
        data = bytearray(length)
        rest = memoryview(data)
        while rest:
            count = self._reader.readinto(rest)
            if not count:
                raise Closed
            rest = rest[count:]
        return data
