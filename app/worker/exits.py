"""Exit statuses of a worker in plain words."""

import signal

_SIGNALS = {
    "SIGKILL": "it was ended from outside; the system does this when memory runs out",
    "SIGTERM": "it was asked to end by another program",
    "SIGSEGV": "it crashed (invalid memory access)",
    "SIGBUS": "it crashed (a file it was reading was cut short, or memory failed)",
    "SIGABRT": "it gave up after an internal error",
    "SIGILL": "it used an instruction that this processor does not have",
    "SIGFPE": "it crashed (arithmetic error)",
}

_WINDOWS = {
    0xC0000005: "it crashed (invalid memory access)",
    0xC0000017: "memory ran out",
    0xC000012D: "memory ran out (the paging file is full)",
    0xC00000FD: "it crashed (stack overflow)",
    0xC000001D: "it used an instruction that this processor does not have",
    0xC0000135: "one of its libraries is missing",
    0xC000013A: "it was interrupted",
    0xC0000409: "it gave up after an internal error",
}


def describe_exit(status: int) -> str:
    """Why a process ended, from its exit status (negative: the signal that ended it)."""
    if status < 0:
        name = _signal_name(-status)
        return f"{_SIGNALS.get(name, 'it was ended by a signal')} ({name})"
    if status in _WINDOWS:
        return f"{_WINDOWS[status]} (0x{status:08X})"
    return f"it ended with status {status}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
