"""What the kernel still lets a restricted thread do, tried with real sockets in a fresh process."""

import json
import subprocess
import sys
from typing import Any

import pytest

from app import sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux'")

TRY = """
import json, socket, sys, threading
from app import sandbox

KINDS = {
    "unix": (socket.AF_UNIX, socket.SOCK_STREAM, 0),
    "tcp": (socket.AF_INET, socket.SOCK_STREAM, 0),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, 0),
    "mptcp": (socket.AF_INET, socket.SOCK_STREAM, 262),
    "udp": (socket.AF_INET, socket.SOCK_DGRAM, 0),
    "udp6": (socket.AF_INET6, socket.SOCK_DGRAM, 0),
    "netlink": (socket.AF_NETLINK, socket.SOCK_RAW, 0),
}

def may(action):
    try:
        action()
    except PermissionError:
        return False
    return True

def look(restrict, found):
    listener = socket.create_server(("127.0.0.1", 0))
    found["said"] = restrict()
    found["sockets"] = [name for name, kind in KINDS.items() if may(lambda: socket.socket(*kind))]
    found["listen"] = may(lambda: socket.create_server(("127.0.0.1", 0)))
    found["connect"] = may(lambda: socket.create_connection(listener.getsockname()))

found, other = {}, {}
thread = threading.Thread(target=look, args=(getattr(sandbox, sys.argv[1]), found))
thread.start()
thread.join()
look(lambda: "", other)
print(json.dumps([found, other]))
"""


def tried(restriction: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a thread may do under the restriction, and another one of the process without it."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", TRY, restriction], capture_output=True, text=True, check=True
    )
    inside, outside = json.loads(done.stdout)
    if inside["said"] != sandbox.CLOSED:
        pytest.skip(f"this system's network stays {inside['said']}")
    return inside, outside


def test_a_closed_network_leaves_only_sockets_of_this_system() -> None:
    inside, outside = tried("close_network")
    assert inside["sockets"] == ["unix"]
    assert (inside["listen"], inside["connect"]) == (False, False)
    assert outside["connect"]
    assert "udp" in outside["sockets"]


def test_forbidden_connections_leave_listening() -> None:
    inside, outside = tried("forbid_connections")
    assert inside["sockets"] == ["unix", "tcp", "tcp6"]
    assert (inside["listen"], inside["connect"]) == (True, False)
    assert outside["connect"]


def test_an_unknown_system_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "m68k")
    assert sandbox.close_network().startswith("open: Candor cannot close it on Linux m68k")
    assert sandbox.forbid_connections().startswith("open: ")
