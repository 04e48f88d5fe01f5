"""Asks the model as a person chose: at once, or by the steps of Auto."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Protocol

from app.domain.routing import Routing
from app.domain.tokens import TokenRecord
from app.services.conversation import Conversation
from app.services.router import Lender, Router
from app.services.settings import ROUTING, Settings
from app.ui.viewmodels.sampling import SamplingModel
from app.ui.viewmodels.status import StatusModel


class Models(Lender, Protocol):
    """Opens models for a while, and can be told to stop opening one."""

    def cancel(self) -> None:
        """Open no other model after all."""
        ...


class Asking:
    """`status` shows that an answer is coming for as long as the steps of Auto take."""

    def __init__(
        self,
        conversation: Conversation,
        models: Models,
        settings: Settings,
        sampling: SamplingModel,
        status: StatusModel,
    ) -> None:
        self._conversation = conversation
        self._models = models
        self._settings = settings
        self._sampling = sampling
        self._status = status
        self._router = Router(conversation, models, sampling.options)
        self._routed = 0

    async def send(self, text: str) -> None:
        """Ask a question. Raises as `Conversation.send`."""
        if not self._routes():
            await self._conversation.send(text, self._sampling.options())
            return
        with self._routing() as routing:
            await self._router.send(text, routing)

    async def edit(self, question_id: int, text: str) -> None:
        """Ask a question anew with another text. Raises as `Conversation.edit`."""
        if not self._routes():
            await self._conversation.edit(question_id, text, self._sampling.options())
            return
        with self._routing() as routing:
            await self._router.edit(question_id, text, routing)

    async def regenerate(self, answer_id: int) -> None:
        """Have another answer written. Raises as `Conversation.regenerate`."""
        if not self._routes():
            await self._conversation.regenerate(answer_id, self._sampling.options())
            return
        with self._routing() as routing:
            await self._router.regenerate(answer_id, routing)

    async def branch(
        self, answer_id: int, index: int, token: int, way: Sequence[TokenRecord]
    ) -> None:
        """Let an answer go on from another token. Raises as `Conversation.branch`."""
        place = answer_id, index, token
        if not self._routes():
            await self._conversation.branch(*place, self._sampling.options(), way=way)
            return
        with self._routing() as routing:
            await self._router.branch(*place, routing, way=way)

    async def overrule(self, answer_id: int, step: str) -> None:
        """Show the answer of another step of Auto. Raises as `Router.overrule`."""
        with self._routing() as routing:
            await self._router.overrule(answer_id, step, routing)

    def stop(self) -> None:
        """End the answer that is being written, or the opening of the next step's model."""
        self._conversation.stop()
        if self._routed:
            self._models.cancel()

    def _routes(self) -> bool:
        """Whether Auto is chosen and has more than one way to answer."""
        sampling, routing = self._sampling, self._settings.get(ROUTING)
        return sampling.reasoning.auto and (sampling.has_reasoning or routing.large is not None)

    @contextlib.contextmanager
    def _routing(self) -> Iterator[Routing]:
        self._routed += 1
        self._status.set_routing(True)
        try:
            yield self._settings.get(ROUTING)
        finally:
            self._routed -= 1
            self._status.set_routing(self._routed > 0)
