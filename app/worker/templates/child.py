"""The template process: fills templates for the worker and nothing else.

A template may try to take all time or memory; here it can only lose its own process. One order
after the other, until the pipe ends.
"""

import contextlib
import signal
from typing import NoReturn

from app.domain.events import Failed
from app.engine.text import jinja
from app.errors import CandorError, InvalidRequest, ModelDamaged
from app.worker.channel import Closed, FrameChannel, take_standard_streams
from app.worker.templates import limits
from app.worker.templates.frames import Fill, Filled, Order, Result, decode_order, encode


def main() -> int:
    """Serve the pipe on the standard streams until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = take_standard_streams()
    limits.limit_memory()
    with contextlib.suppress(Closed):
        _serve(channel)
    return 0


def _serve(channel: FrameChannel) -> NoReturn:
    while True:
        order = decode_order(channel.receive())
        filling = isinstance(order, Fill)
        with limits.limited_time(limits.FILLING_SECONDS if filling else limits.READING_SECONDS):
            result = encode(_answer(order))
        channel.send(result)


def _answer(order: Order) -> Result:
    try:
        if isinstance(order, Fill):
            return Filled(jinja.fill(order.source, order.values))
        return jinja.read(order.source)
    except CandorError as error:
        return Failed(error.code, error.message, error.hint)
    except MemoryError:
        kind = InvalidRequest if isinstance(order, Fill) else ModelDamaged
        return Failed(kind.code, "The model's chat template takes too much memory.", "")
