"""Compares two models in a worker of its own, so that the one that is loaded stays."""

import contextlib
from collections.abc import AsyncGenerator

from app.domain.events import Event
from app.domain.requests import Compare, Provider
from app.errors import InvalidRequest
from app.services.workers import MakeClient


def shared_provider(request: Compare) -> Provider:
    """The provider whose worker can run both models; the CPU is in every pack.

    Raises:
        InvalidRequest: they need different packs.
    """
    wanted = {request.first.provider, request.second.provider} - {Provider.CPU}
    if len(wanted) > 1:
        raise InvalidRequest(
            "No pack has both of these devices.", "Compare each with the CPU instead."
        )
    return wanted.pop() if wanted else Provider.CPU


async def compare(make_client: MakeClient, request: Compare) -> AsyncGenerator[Event, None]:
    """Progress, the pieces as they come, and `Compared`; closing the iterator ends the worker.

    Raises:
        CandorError: the models cannot be opened, or not compared.
    """
    client = make_client(shared_provider(request))
    try:
        await client.start()
        async with contextlib.aclosing(client.submit(request)) as events:
            async for event in events:
                yield event
    finally:
        await client.close()
