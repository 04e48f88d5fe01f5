"""A program and the person at the window share one model: the server beside Qt's loop."""

import http.client
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from urllib.parse import urlsplit

from app.bootstrap import make_server
from app.services.local_server import Binding, Endpoint
from tests.ui.desk import Desk, until

ASKED = {"model": "candor-small", "messages": [{"role": "user", "content": "Hello"}]}


def ask(endpoint: Endpoint) -> Future[int]:
    """The status of a request that another thread makes."""
    status: Future[int] = Future()

    def run() -> None:
        connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=60)
        headers = {
            "Authorization": f"Bearer {endpoint.token}",
            "Content-Type": "application/json",
        }
        connection.request("POST", "/v1/chat/completions", json.dumps(ASKED), headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        status.set_result(response.status)

    threading.Thread(target=run).start()
    return status


def test_a_program_asks_while_the_person_does(drive: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ready()
        server = make_server(desk.services.host, Binding(port=0), "a-token-for-the-tests-only")
        endpoint = await server.start()
        status = ask(endpoint)
        turn = await desk.ask("Hello")
        await until(status.done)
        assert status.result() == 200
        assert turn.text
        await server.stop()
        assert server.endpoint is None

    drive(scenario)
