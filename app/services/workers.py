"""The one worker process there is: started for a provider, watched, and ended."""

import asyncio
from collections.abc import Awaitable, Callable

from app.domain.events import Hello
from app.domain.requests import Provider
from app.errors import WorkerLost
from app.worker.client import WorkerClient

CLOSED = "The engine has been closed."

MakeClient = Callable[[Provider], WorkerClient]
OnLoss = Callable[[WorkerClient, WorkerLost], Awaitable[None]]


def built_in_worker(provider: Provider) -> WorkerClient:
    """The worker that is part of the program, which says itself what it cannot use."""
    return WorkerClient()


class Workers:
    """`before_start` is called before a worker is started, `on_loss` when one ended by itself.

    `client` is the present worker and `hello` what it said of itself.
    """

    def __init__(
        self, make_client: MakeClient, before_start: Callable[[], None], on_loss: OnLoss
    ) -> None:
        self._make_client = make_client
        self._before_start = before_start
        self._on_loss = on_loss
        self._provider = Provider.CPU
        self._closed = False
        self._watching: set[asyncio.Task[None]] = set()
        self.client: WorkerClient | None = None
        self.hello: Hello | None = None

    async def for_provider(self, provider: Provider) -> WorkerClient:
        """The present worker, or a new one where it is lost or another provider's.

        Raises:
            WorkerLost: it could not be started, or no worker is wanted any more.
        """
        client = self.client
        if client is not None and not client.lost and provider is self._provider:
            return client
        await self.discard()
        return await self._start(provider)

    async def discard(self) -> None:
        """End the worker, if there is one."""
        client, self.client, self.hello = self.client, None, None
        if client is not None:
            await client.close()

    async def close(self) -> None:
        """End the worker for good: one that is just being started ends with its start."""
        self._closed = True
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await self.discard()

    async def _start(self, provider: Provider) -> WorkerClient:
        self._before_start()
        client = self._make_client(provider)
        hello = await client.start()
        if self._closed:
            await client.close()
            raise WorkerLost(CLOSED)
        self.client, self.hello, self._provider = client, hello, provider
        task = asyncio.create_task(self._watch(client))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return client

    async def _watch(self, client: WorkerClient) -> None:
        lost = await client.ended()
        if lost is not None:
            await self._on_loss(client, lost)
