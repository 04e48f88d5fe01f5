"""What the system grants to the template process, asked of the system itself.

The system ends the process when it has used up its time on the cores; memory beyond the limit is
simply not given. Where a system has no such limit, the one who waits still has a clock.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

MEMORY = 2**29
"""Bytes of address space, the interpreter's own included."""

READING_SECONDS = 1.0
FILLING_SECONDS = 0.5
"""On the cores, for one order; real templates take some tenths at most to be read, and some
thousandths to be filled."""

PATIENCE = 1.7 if sys.platform == "win32" else 10.0
"""Seconds of a clock, for one order: all that Windows knows, and the last resort elsewhere."""


def limit_memory() -> None:
    """Take no more than `MEMORY` from here on."""
    if sys.platform == "win32":
        from app.worker.templates import windows

        windows.limit_memory(MEMORY)
    else:
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """A time in which the process may use `seconds` on the cores; it is ended if it uses more."""
    if sys.platform == "win32":
        yield
        return
    import signal

    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
