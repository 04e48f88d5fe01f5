"""A real worker whose opened files are written down, by Python itself and by the kernel.

The hook of the interpreter sees every attempt of Python code, what the kernel tells sees native
code too: inotify whether a file outside was opened, strace, where there is one and it is wanted,
every attempt to open one.
"""

import ctypes
import os
import re
import shutil
import sys
from pathlib import Path

HOOK = """
import os, sys
log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        os.write(log, os.fsencode(arguments[0]) + b"\\0")

sys.addaudithook(hook)
sys.argv = ["candor", "--worker"]
from app.__main__ import main
sys.exit(main())
"""
_IN_OPEN = 0x20
_IN_NONBLOCK = os.O_NONBLOCK
_TRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=open,openat,openat2", "-s", "4096"]
_OPENED = re.compile(r'open(?:at2?)?\((?:[^,"]+, )?"((?:[^"\\]|\\.)*)"')


def command(hook_log: Path, trace_log: Path | None) -> list[str]:
    """How a watched worker is started; it is traced too if `trace_log` is given."""
    worker = [sys.executable, "-P", "-c", HOOK, str(hook_log)]
    return worker if trace_log is None else [*_TRACE, "-o", str(trace_log), *worker]


def can_trace() -> bool:
    """Whether this machine has a strace that can do so."""
    return shutil.which("strace") is not None


def hooked(log: Path) -> list[str]:
    """The paths that Python code opened or tried to."""
    return [os.fsdecode(each) for each in log.read_bytes().split(b"\0") if each]


def traced(log: Path) -> list[str]:
    """The paths that any code of the worker and its helper opened or tried to."""
    return _OPENED.findall(log.read_text(errors="replace"))


class OpenWatch:
    """Counts how often files below a folder are opened, by whoever; Linux only."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._queue = self._libc.inotify_init1(_IN_NONBLOCK)
        assert self._queue >= 0

    def add(self, folder: Path) -> None:
        """Watch the files of a folder."""
        watch = self._libc.inotify_add_watch(self._queue, os.fsencode(folder), _IN_OPEN)
        assert watch >= 0

    def take(self) -> int:
        """Bytes of news since the last call; 0 if nothing was opened."""
        try:
            return len(os.read(self._queue, 65536))
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Stop watching."""
        os.close(self._queue)
