"""Times the graph itself: runs of several tokens behind a context, and how fast memory is read.

Serves benchmarks. Runs of every width take turns, so that a disturbance meets all of them alike.
"""

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
from onnx import ModelProto

from app.domain.events import Measured
from app.domain.requests import Measure
from app.engine.files import checked, graph
from app.engine.files.folder import find_model
from app.engine.files.weights import stored_bytes
from app.engine.forward import CHUNK, Forward
from app.engine.model import Model
from app.errors import ContextExceeded, InvalidRequest, OutOfMemory

_READ_BYTES = 256 * 2**20
_READS = 5
_LOOKUPS = ("Gather", "GatherBlockQuantized")


def measure(
    model: Model, wanted: Measure, cancelled: Callable[[int, int], bool]
) -> Measured | None:
    """What `wanted` asks for, or None once it is `cancelled`, which is told of done and all steps.

    Raises:
        InvalidRequest: there is nothing to measure.
        ContextExceeded: context and widest run do not fit.
        OutOfMemory: there is no room for what is read to time the memory.
    """
    _check(model, wanted)
    forward = model.forward
    ids = _random_ids(model, wanted.context + max(wanted.widths))
    slot = forward.slots.nearest(ids)
    samples: list[list[float]] = [[] for _ in wanted.widths]
    for turn in range(wanted.repeats + 1):  # the first one warms up
        for width, seconds in zip(wanted.widths, samples, strict=True):
            if cancelled(turn, wanted.repeats + 1):
                return None
            seconds.append(_timed(forward, slot, ids[: wanted.context + width], wanted.context))
    return Measured(
        seconds=tuple(median(each[1:]) for each in samples),
        read_bytes_per_s=_read_speed(),
        weight_bytes=step_bytes(_graph(model)),
        cache_bytes_per_token=forward.cache_bytes_per_token,
    )


def step_bytes(model: ModelProto) -> int:
    """Bytes of the weights that every token needs: all but tables that rows are looked up in."""
    read: set[str] = set()
    for node in graph.nodes(model):
        read.update(node.input[1:] if node.op_type in _LOOKUPS else node.input)
    return sum(stored_bytes(each) for each in model.graph.initializer if each.name in read)


def _check(model: Model, wanted: Measure) -> None:
    if not wanted.widths or min(wanted.widths) < 1 or wanted.context < 1 or wanted.repeats < 1:
        raise InvalidRequest("A measurement needs a context, a width and a repetition.")
    needed = wanted.context + max(wanted.widths)
    if needed > model.forward.capacity:
        raise ContextExceeded(
            f"The context is full: {needed:,} tokens are needed, {model.forward.capacity:,} fit.",
            "Measure behind a shorter prompt.",
        )


def _random_ids(model: Model, count: int) -> list[int]:
    return random.Random(0).choices(range(model.info.vocabulary_size), k=count)


def _timed(forward: Forward, slot: int, ids: Sequence[int], context: int) -> float:
    """Seconds of one run over the ids behind the context, which is read first where it must be."""
    for at in range(forward.reuse(ids[: context + 1], slot=slot), context, CHUNK):
        forward.run(ids[at : min(at + CHUNK, context)], slot=slot)
    begin = time.perf_counter()
    forward.run(ids[context:], slot=slot, every_position=True)
    return time.perf_counter() - begin


def _read_speed() -> float:
    """Bytes per second, the best of a few times that every core takes a maximum of its part."""
    threads = os.cpu_count() or 1
    try:
        parts = np.array_split(np.ones(_READ_BYTES, np.uint8), threads)
    except MemoryError as error:
        raise OutOfMemory("There is not enough memory to measure its speed.") from error
    seconds = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(_READS):
            begin = time.perf_counter()
            list(pool.map(np.max, parts))
            seconds.append(time.perf_counter() - begin)
    return _READ_BYTES / min(seconds)


def _graph(model: Model) -> ModelProto:
    info = model.info
    return checked.read_graph(find_model(Path(info.path), info.variant).chosen.file)
