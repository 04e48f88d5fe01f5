"""A socket on which only this computer can reach us, and the names under which it does."""

import errno
import socket
import sys

from app.errors import EnvironmentFault, InvalidRequest
from app.services.local_server import Binding

ADDRESSES = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}


def listen(binding: Binding) -> socket.socket:
    """A bound socket; its own address says which port it got.

    Raises:
        InvalidRequest: other computers could reach such a host.
        EnvironmentFault: the port cannot be had.
    """
    address = ADDRESSES.get(binding.host)
    if address is None:
        raise InvalidRequest(
            f"The server is for this computer only, so it cannot listen on {binding.host}.",
            f"Choose {', '.join(ADDRESSES)}.",
        )
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        _claim(listener)
        listener.bind((address, binding.port))
    except OSError as error:
        listener.close()
        raise _unavailable(binding, error) from error
    return listener


def port_of(listener: socket.socket) -> int:
    """The port that a socket listens on."""
    return listener.getsockname()[1]


def host_names(port: int) -> frozenset[str]:
    """What a client of this computer writes into its Host header."""
    return frozenset(f"{_bracketed(name)}:{port}" for name in ADDRESSES)


def url(listener: socket.socket) -> str:
    """The base URL for clients."""
    address, port = listener.getsockname()[:2]
    return f"http://{_bracketed(address)}:{port}/v1"


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _claim(listener: socket.socket) -> None:
    """Take over a port whose last connections linger, but never share one that is in use."""
    if sys.platform == "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _unavailable(binding: Binding, error: OSError) -> EnvironmentFault:
    if error.errno == errno.EADDRINUSE:
        taken = f"Port {binding.port} is taken by another program."
        return EnvironmentFault(taken, "Choose another port; 0 takes any free one.")
    where = f"{_bracketed(binding.host)}:{binding.port}"
    reason = error.strerror or str(error)
    return EnvironmentFault(
        f"The server cannot listen on {where}: {reason}.", "Choose another port."
    )
