"""What the system says about another process: time on the cores, time in wait, peak memory.

Linux tells through /proc; elsewhere the numbers are None and what shows them says so.
"""

import os
from pathlib import Path

from msgspec import Struct

_TIME_FIELDS = slice(11, 13)
"""utime and stime, counted after the process name, which may itself hold spaces."""


class ProcessStats(Struct, frozen=True):
    """Totals since the process began; seconds over all threads, and bytes.

    `waiting_s` is the time its threads were ready to run while others held the cores.
    """

    cpu_s: float | None
    waiting_s: float | None
    peak_bytes: int | None


def process_stats(pid: int) -> ProcessStats:
    """The totals of process `pid` now; None for each that this system does not tell."""
    folder = Path("/proc") / str(pid)
    return ProcessStats(_cpu(folder), _waiting(folder), _peak(folder))


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _cpu(folder: Path) -> float | None:
    if (stat := _read(folder / "stat")) is None:
        return None
    times = stat.rpartition(")")[2].split()[_TIME_FIELDS]
    return sum(int(ticks) for ticks in times) / os.sysconf("SC_CLK_TCK")


def _waiting(folder: Path) -> float | None:
    """Field 2 of each thread's schedstat, in nanoseconds."""
    lines = [_read(path) for path in folder.glob("task/*/schedstat")]
    known = [line.split() for line in lines if line]
    return sum(int(fields[1]) for fields in known) / 1e9 if known else None


def _peak(folder: Path) -> int | None:
    status = _read(folder / "status") or ""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None
