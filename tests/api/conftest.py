"""One server for each module: a worker and a model take a second to come up."""

from collections.abc import Iterator

import pytest
from openai import DefaultHttpxClient, OpenAI

from tests.api.serving import TOKEN, Serving, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Serving) -> Iterator[OpenAI]:
    """OpenAI's own client, which no proxy of the tester's may lead astray."""
    http = DefaultHttpxClient(trust_env=False)
    with OpenAI(base_url=server.url, api_key=TOKEN, max_retries=0, http_client=http) as client:
        yield client
