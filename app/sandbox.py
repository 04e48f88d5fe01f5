"""Takes the network away from the calling thread, and from all threads and processes it starts.

The kernel enforces it, also on native libraries, and nothing can undo it: seccomp filters the
system calls (Linux, seccomp_filter.rst), Landlock forbids TCP connections (landlock.rst, network
rules from kernel 6.7 on). On other systems each function gives a sentence that says so.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

CLOSED = "closed by the kernel"

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _TYPE_MASK = 1, 0xF
_ANY_PROTOCOL, _TCP = 0, 6
_IO_URING_SETUP = 425  # a ring opens sockets without the call that is filtered
_X32_CALLS = 0x4000_0000
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER_MODE = 22, 38, 2

_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_ASK_VERSION, _VERSION_WITH_NETWORK = 1, 4
_CONNECT_TCP = 1 << 1

# Instructions of classic BPF, places in `struct seccomp_data`, and verdicts.
_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FAMILY, _TYPE, _PROTOCOL = 0, 4, 16, 24, 32
_ALLOW, _KILL, _DENY = 0x7FFF_0000, 0x8000_0000, 0x0005_0000 | errno.EACCES


@dataclass(frozen=True, slots=True)
class _Machine:
    """What the kernel calls an architecture, and its number of the call `socket`."""

    audit: int
    socket: int


_MACHINES = {"x86_64": _Machine(0xC000_003E, 41), "aarch64": _Machine(0xC000_00B7, 198)}


class _Unavailable(Exception):
    """This system cannot do it; the text says why."""


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def close_network() -> str:
    """Allow only sockets between processes of this system; CLOSED, or why that cannot be."""
    return _said(lambda: _filter_sockets(streams=False))


def forbid_connections() -> str:
    """Allow to listen and to answer over TCP, never to connect; CLOSED, or why that cannot be."""

    def forbid() -> None:
        _forbid_tcp_connections()
        _filter_sockets(streams=True)

    return _said(forbid)


def _said(restrict: Callable[[], None]) -> str:
    try:
        restrict()
    except _Unavailable as reason:
        return f"open: {reason}"
    return CLOSED


def _filter_sockets(*, streams: bool) -> None:
    """Refuse to make sockets other than AF_UNIX and, with `streams`, TCP."""
    instructions = b"".join(struct.pack("=HBBI", *each) for each in _instructions(streams))
    program = _Program(len(instructions) // 8, instructions)
    _call_prctl(_PR_SET_NO_NEW_PRIVS, 1, 0)
    _call_prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.addressof(program))


def _instructions(streams: bool) -> list[tuple[int, int, int, int]]:
    """Operation, steps to skip when true and when false, operand."""
    machine = _machine()
    tcp = [
        (_EQUAL, 1, 0, _AF_INET),
        (_EQUAL, 0, 7, _AF_INET6),
        (_LOAD, 0, 0, _TYPE),
        (_AND, 0, 0, _TYPE_MASK),
        (_EQUAL, 0, 4, _SOCK_STREAM),
        (_LOAD, 0, 0, _PROTOCOL),
        (_EQUAL, 1, 0, _ANY_PROTOCOL),
        (_EQUAL, 0, 1, _TCP),  # Landlock knows no connections of MPTCP or SCTP
        (_RETURN, 0, 0, _ALLOW),
    ]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32_CALLS),
        (_RETURN, 0, 0, _DENY),
        (_EQUAL, 0, 1, _IO_URING_SETUP),
        (_RETURN, 0, 0, _DENY),
        (_EQUAL, 1, 0, machine.socket),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FAMILY),
        (_EQUAL, 0, 1, _AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        *(tcp if streams else []),
        (_RETURN, 0, 0, _DENY),
    ]


def _machine() -> _Machine:
    found = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if found is None:
        raise _Unavailable(f"Candor cannot close it on {platform.system()} {platform.machine()}")
    return found


def _forbid_tcp_connections() -> None:
    """Restrict this thread by a Landlock ruleset that governs connections and allows none."""
    _machine()
    system = ctypes.CDLL(None, use_errno=True).syscall
    if system(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION) < _VERSION_WITH_NETWORK:
        raise _Unavailable("this kernel has no Landlock network rules")
    governed = struct.pack("=QQ", 0, _CONNECT_TCP)
    rules = system(_LANDLOCK_CREATE, governed, ctypes.c_size_t(len(governed)), 0)
    if rules < 0:
        raise _Unavailable(os.strerror(ctypes.get_errno()))
    try:
        _call_prctl(_PR_SET_NO_NEW_PRIVS, 1, 0)
        if system(_LANDLOCK_RESTRICT, rules, 0):
            raise _Unavailable(os.strerror(ctypes.get_errno()))
    finally:
        os.close(rules)


def _call_prctl(option: int, first: int, second: int) -> None:
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(option, ctypes.c_ulong(first), ctypes.c_ulong(second), 0, 0):
        raise _Unavailable(os.strerror(ctypes.get_errno()))
