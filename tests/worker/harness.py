"""What the tests of the worker share: a running client, requests, and a look at processes."""

import os
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from app.domain.events import Delta, Event
from app.domain.requests import Generate, IdsPrompt, Load
from app.domain.sampling import SamplingParams
from app.worker.client import WorkerClient

END = 1
"""The end token of the test models."""


@asynccontextmanager
async def started(
    command: Sequence[str] | None = None, silence: float = 15.0
) -> AsyncIterator[WorkerClient]:
    client = WorkerClient(command, silence=silence)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def loaded(model: Path, silence: float = 15.0) -> AsyncIterator[WorkerClient]:
    async with started(silence=silence) as client:
        await collect(client.submit(Load(str(model))))
        yield client


def asking(tokens: int, *, seed: int = 7) -> Generate:
    """A request for exactly so many tokens."""
    sampling = SamplingParams(seed=seed, logit_bias={END: -1e4})
    return Generate(prompt=IdsPrompt((3, 4, 5)), sampling=sampling, max_tokens=tokens)


ENDLESS = asking(16_000)


async def collect(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


def token_ids(events: Sequence[Event]) -> list[int]:
    return [token.id for event in events if isinstance(event, Delta) for token in event.tokens]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux":
        try:
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> float:
    """Wait for the condition and return how many seconds that took."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, "it did not happen"
        time.sleep(0.01)
    return time.monotonic() - begin


def script(body: str) -> list[str]:
    """A command that runs `body` in the place of a worker, able to greet like one."""
    return [sys.executable, "-P", "-c", GREETING + textwrap.dedent(body)]


GREETING = """
import os, signal, sys, time
from io import FileIO
from app import __version__
from app.domain.events import Hello
from app.worker.channel import FrameChannel
from app.worker.protocol import PROTOCOL, Reply, encode_replies

def greet(protocol=PROTOCOL):
    channel = FrameChannel(FileIO(0, "rb"), FileIO(1, "wb"))
    hello = Hello(protocol, os.getpid(), {"candor": __version__}, (), "")
    channel.send(encode_replies([Reply(0, hello)]))
    return channel
"""
