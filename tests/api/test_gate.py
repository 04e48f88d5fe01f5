"""Who gets in: every refusal of the gate, for every route there is."""

import http.client
import json

import pytest
from starlette.routing import Route

from app.api.bridge import Bridge
from app.api.gate import MOST_BYTES
from app.api.routes import application
from app.domain.drafting import Drafting
from tests.api.serving import CHAT, HEADERS, TOKEN, Serving, question

MODELS = "/v1/models"
KINDS = {400: "invalid_request_error", 503: "server_error"}


def routes(server: Serving) -> list[tuple[str, str]]:
    """Method and path of every route, and of one that is not there."""
    known = application(Bridge(server.host, server._loop), Drafting()).routes
    found = [
        (method, route.path.replace("{name:path}", "x"))
        for route in known
        if isinstance(route, Route)
        for method in route.methods or ()
    ]
    assert (("POST", CHAT)) in found
    return [*found, ("GET", "/nowhere"), ("OPTIONS", CHAT), ("DELETE", MODELS)]


def raw(server: Serving, lines: list[str], body: bytes = b"") -> http.client.HTTPResponse:
    """The response to a request of exactly these header lines."""
    connection = server.connect()
    connection.connect()
    connection.sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    response = http.client.HTTPResponse(connection.sock)
    response.begin()
    connection.close()
    return response


def host_line(server: Serving, host: str | None = None) -> str:
    return f"Host: {host if host is not None else f'127.0.0.1:{server.port}'}"


AUTHORIZATION = f"Authorization: Bearer {TOKEN}"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_three_names_of_this_computer_are_answered(server: Serving, name: str) -> None:
    assert server.ask(b"", MODELS, "GET", Host=f"{name}:{server.port}")[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.evil.example:{port}",
        "localhost.evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.:{port}",
        "0x7f000001:{port}",
        "127.0.0.2:{port}",
        "0.0.0.0:{port}",
        ":{port}",
        "",
        "127.0.0.1:{port}, evil.example",
    ],
)
def test_any_other_host_is_refused_everywhere(server: Serving, host: str) -> None:
    for method, path in routes(server):
        status, said = server.ask(b"", path, method, Host=host.format(port=server.port))
        assert status in (400, 421)
        assert method == "HEAD" or status == 400 or said["error"]["code"] == "wrong_host"


@pytest.mark.expects_log
def test_two_hosts_or_none_are_refused(server: Serving) -> None:
    twice = [host_line(server), host_line(server, "evil.example")]
    assert raw(server, [f"GET {MODELS} HTTP/1.1", *twice, AUTHORIZATION]).status == 400
    assert raw(server, [f"GET {MODELS} HTTP/1.1", AUTHORIZATION]).status == 400
    assert raw(server, [f"GET {MODELS} HTTP/1.0", AUTHORIZATION]).status == 421


def test_an_absolute_request_line_does_not_stand_in_for_the_host(server: Serving) -> None:
    line = f"GET http://127.0.0.1:{server.port}{MODELS} HTTP/1.1"
    assert raw(server, [line, host_line(server, "evil.example"), AUTHORIZATION]).status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "file://"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_web_pages_are_refused_everywhere_and_get_no_cors(
    server: Serving, headers: dict[str, str]
) -> None:
    for method, path in routes(server):
        connection = server.connect()
        connection.request(method, path, b"", HEADERS | headers)
        response = connection.getresponse()
        assert response.status == 403
        assert not [name for name, _ in response.getheaders() if name.startswith("access-control")]
        connection.close()


def test_a_request_of_the_persons_own_passes(server: Serving) -> None:
    assert server.ask(b"", MODELS, "GET", **{"Sec-Fetch-Site": "none"})[0] == 200


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"],
)
def test_without_the_token_nothing_is_told(server: Serving, authorization: str) -> None:
    replies = set()
    for method, path in routes(server):
        status, said = server.ask(b"", path, method, Authorization=authorization)
        assert status == 401
        replies.add(json.dumps(said))
    assert len(replies - {"null"}) == 1, "what is there must not show"


def test_the_token_does_not_count_in_the_address(server: Serving) -> None:
    line = f"GET {MODELS}?api_key={TOKEN}&token={TOKEN} HTTP/1.1"
    response = raw(server, [line, host_line(server)])
    assert response.status == 401
    assert response.getheader("www-authenticate") == "Bearer"


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_a_form_can_send_is_refused(server: Serving, kind: str) -> None:
    status, said = server.ask(question(), **{"Content-Type": kind})
    assert status == 415
    assert said["error"]["code"] == "unsupported_media_type"


def test_a_body_that_says_it_is_too_big_is_not_waited_for(server: Serving) -> None:
    length = f"Content-Length: {MOST_BYTES + 1}"
    kind = "Content-Type: application/json"
    lines = [f"POST {CHAT} HTTP/1.1", host_line(server), AUTHORIZATION, kind, length]
    assert raw(server, lines).status == 413


def test_a_body_that_grows_too_big_is_cut(server: Serving) -> None:
    """In chunks a body does not say its length; the last chunk never comes."""
    kind = "Content-Type: application/json"
    coding = "Transfer-Encoding: chunked"
    lines = [f"POST {CHAT} HTTP/1.1", host_line(server), AUTHORIZATION, kind, coding]
    size = MOST_BYTES + 1
    assert raw(server, lines, b"%x\r\n" % size + b" " * size).status == 413


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a":1e999}']
)
def test_a_broken_body_is_a_sentence(server: Serving, body: bytes) -> None:
    status, said = server.ask(body)
    assert status == 400
    assert said["error"]["code"] == "invalid_json"


@pytest.mark.expects_log
def test_garbage_leaves_the_server_standing(server: Serving) -> None:
    connection = server.connect()
    connection.connect()
    connection.sock.sendall(b"\x00\x01 not http\r\n\r\n")
    connection.sock.recv(1000)
    connection.close()
    assert server.ask(b"", MODELS, "GET")[0] == 200


def test_paths_and_methods_that_are_not_there(server: Serving) -> None:
    status, said = server.ask(b"", "/nowhere", "GET")
    assert (status, said["error"]["code"]) == (404, "not_found")
    status, said = server.ask(b"", MODELS, "DELETE")
    assert (status, said["error"]["code"]) == (405, "method_not_allowed")
