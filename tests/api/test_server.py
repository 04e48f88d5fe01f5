"""The server's life: started and stopped, crowded, left by its clients and by its worker."""

import http.client
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from app.api.answering import MOST_REQUESTS
from app.api.server import Server
from app.errors import Bug, EnvironmentFault, InvalidRequest
from app.services.local_server import Binding
from tests.api.serving import (
    CHAT,
    HEADERS,
    PATIENCE_S,
    TOKEN,
    UNENDING,
    Serving,
    question,
    serving,
)
from tests.worker.harness import wait_until

ENDLESS = question(logit_bias=UNENDING)
SLOTS = 8
"""Answers that are written at once."""


def begin(server: Serving, **more: Any) -> http.client.HTTPConnection:
    """Send an endless request and return its connection once the engine works on it."""
    known = len(server.host.answers)
    connection = server.connect()
    connection.request("POST", CHAT, json.dumps(ENDLESS | more), HEADERS)
    wait_until(lambda: len(server.host.answers) > known, PATIENCE_S)
    return connection


def events(response: http.client.HTTPResponse) -> list[str]:
    blocks = response.read().decode().split("\n\n")
    return [block.strip().removeprefix("data: ") for block in blocks if block]


@pytest.mark.parametrize("stream", [True, False])
def test_who_hangs_up_ends_the_generation(server: Serving, stream: bool) -> None:
    connection = begin(server, stream=stream)
    answer = server.host.answers[-1]
    assert answer.begun.wait(PATIENCE_S)
    connection.close()
    assert answer.left.wait(PATIENCE_S)
    assert answer.finished is None, "it must be abandoned, not waited for"
    assert server.ask(question(max_tokens=2))[0] == 200


def test_who_waits_and_hangs_up_leaves_the_line(server: Serving) -> None:
    running = [begin(server, stream=True) for _ in range(SLOTS)]
    waiting = begin(server)
    waiting.close()
    assert server.host.answers[-1].left.wait(PATIENCE_S)
    assert not server.host.answers[-1].begun.is_set()
    for each in running:
        each.close()
    for answer in server.host.answers[-SLOTS - 1 :]:
        assert answer.left.wait(PATIENCE_S)


def test_a_full_line_asks_to_come_again(server: Serving) -> None:
    waiting = [begin(server, stream=True) for _ in range(MOST_REQUESTS)]
    connection = server.connect()
    connection.request("POST", CHAT, json.dumps(question()), HEADERS)
    response = connection.getresponse()
    assert response.status == 503
    assert response.getheader("retry-after") == "1"
    assert json.loads(response.read())["error"]["code"] == "overloaded"
    connection.close()
    assert server.ask(b"", "/v1/models", "GET")[0] == 200
    for each in waiting:
        each.close()
    for answer in server.host.answers[-MOST_REQUESTS:]:
        assert answer.left.wait(PATIENCE_S)
    assert server.ask(question(max_tokens=2))[0] == 200


def test_a_lost_worker_breaks_a_stream_with_a_sentence_and_comes_back() -> None:
    with serving() as server:
        connection = begin(server, stream=True)
        response = connection.getresponse()
        response.readline()
        assert server.host.worker is not None
        os.kill(server.host.worker.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        last = events(response)[-1]
        assert json.loads(last)["error"]["code"] == "worker_lost"
        connection.close()
        assert server.ask(question(max_tokens=2))[0] == 200


def test_stopping_ends_open_answers_with_a_sentence() -> None:
    with serving() as server:
        streaming = begin(server, stream=True)
        stream = streaming.getresponse()
        stream.readline()
        waiting = begin(server)
        server.do(server.server.stop)
        assert json.loads(events(stream)[-1])["error"]["code"] == "server_stopped"
        with waiting.getresponse() as refused:
            assert refused.status == 503
            assert json.loads(refused.read())["error"]["code"] == "server_stopped"
        streaming.close()
        waiting.close()
        for answer in server.host.answers:
            assert answer.left.wait(PATIENCE_S)


def test_it_starts_again_after_a_stop_and_never_twice() -> None:
    with serving() as server:
        assert server.server.endpoint is not None
        with pytest.raises(Bug, match="started twice"):
            server.do(server.server.start)
        server.do(server.server.stop)
        server.do(server.server.stop)
        assert server.server.endpoint is None
        with pytest.raises(ConnectionRefusedError):
            server.connect().connect()
        server.url = server.do(server.server.start).url
        assert server.ask(b"", "/v1/models", "GET")[0] == 200


def test_without_a_model_it_says_so() -> None:
    with serving(loaded=False) as server:
        assert server.ask(b"", "/v1/models", "GET") == (200, {"data": [], "object": "list"})
        status, said = server.ask(question())
        assert status == 503
        assert "No model is loaded" in said["error"]["message"]


def test_a_taken_port_is_a_sentence(server: Serving) -> None:
    other = Server(server.host, Binding(port=server.port), TOKEN)
    with pytest.raises(EnvironmentFault, match=f"Port {server.port} is taken") as caught:
        server.do(other.start)
    assert caught.value.hint
    server.do(other.stop)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org", "127.0.0.2", ""])
def test_other_computers_cannot_be_served(server: Serving, host: str) -> None:
    other = Server(server.host, Binding(host, 0), TOKEN)
    with pytest.raises(InvalidRequest, match="for this computer only"):
        server.do(other.start)


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_the_other_loopback_address(server: Serving) -> None:
    other = Server(server.host, Binding("::1", 0), TOKEN)
    url = server.do(other.start).url
    assert url.startswith("http://[::1]:")
    port = int(url.split(":")[-1].removesuffix("/v1"))
    connection = http.client.HTTPConnection("::1", port, timeout=PATIENCE_S)
    connection.request("GET", "/v1/models", headers=HEADERS)
    assert connection.getresponse().status == 200
    connection.close()
    server.do(other.stop)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_thread_is_kept_from_connecting_and_the_others_are_not(server: Serving) -> None:
    thread = next(each for each in threading.enumerate() if each.name == "candor-server")
    assert server.ask(question(max_tokens=1))[0] == 200
    assert filters(f"/proc/self/task/{thread.native_id}/status") == 2
    assert filters("/proc/self/status") == 0


def filters(status: str) -> int:
    """The mode of system call filters that the kernel reports for a thread: 2 is a program."""
    fields = dict(line.split(":\t", 1) for line in Path(status).read_text().splitlines())
    return int(fields["Seccomp"])
