"""Frames over a real pipe: whole, in order, and honest about their end."""

import os
import threading
from collections.abc import Iterator
from io import FileIO

import pytest

from app.worker.channel import MAX_FRAME, Closed, FrameChannel, FrameTooLong


class Pipe:
    """Two channels that talk to each other."""

    def __init__(self) -> None:
        down_reader, down_writer = os.pipe()
        up_reader, up_writer = os.pipe()
        self.parent = FrameChannel(FileIO(up_reader, "rb"), FileIO(down_writer, "wb"))
        self.child = FrameChannel(FileIO(down_reader, "rb"), FileIO(up_writer, "wb"))
        self.raw = down_writer

    def close(self) -> None:
        for channel in (self.parent, self.child):
            channel.close_writer()
            channel.close_reader()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def test_frames_larger_than_the_pipe_arrive_whole_and_in_order(pipe: Pipe) -> None:
    sent = [b"", b"a", os.urandom(3_000_000), b"end"]
    thread = threading.Thread(target=lambda: [pipe.parent.send(frame) for frame in sent])
    thread.start()
    assert [bytes(pipe.child.receive()) for _ in sent] == sent
    thread.join()


def test_senders_do_not_mix_their_frames(pipe: Pipe) -> None:
    frames = [bytes([number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=pipe.parent.send, args=(frame,)) for frame in frames]
    for thread in threads:
        thread.start()
    assert sorted(bytes(pipe.child.receive()) for _ in frames) == frames
    for thread in threads:
        thread.join()


def test_the_end_of_the_stream_is_closed_even_inside_a_frame(pipe: Pipe) -> None:
    os.write(pipe.raw, b"\x00\x00\x00\x09half")
    pipe.parent.close_writer()
    with pytest.raises(Closed):
        pipe.child.receive()


def test_sending_to_nobody_is_closed(pipe: Pipe) -> None:
    pipe.child.close_reader()
    with pytest.raises(Closed):
        pipe.parent.send(b"hello")


def test_an_impossible_length_is_refused_before_anything_is_read(pipe: Pipe) -> None:
    os.write(pipe.raw, b"GET / HTTP/1.1")
    with pytest.raises(FrameTooLong, match="1,195,725,856"):
        pipe.child.receive()


def test_a_frame_too_long_is_not_begun(pipe: Pipe) -> None:
    with pytest.raises(FrameTooLong):
        pipe.parent.send(bytes(MAX_FRAME + 1))
    pipe.parent.send(b"next")
    assert pipe.child.receive() == b"next"
