"""`POST /v1/chat/completions`: a request in, an answer out, whole or as it grows."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request
from starlette.types import Send

from app.api.answering import Answering, EventStream, Places
from app.api.asking import generation
from app.api.body import read_object
from app.api.bridge import Bridge
from app.api.completion import Chunks, Whole
from app.api.refusals import Refusal, refused
from app.api.responses import send_json
from app.api.schema import ChatRequest, chat_request
from app.domain.drafting import Drafting
from app.domain.events import Event
from app.domain.models import ModelInfo
from app.domain.requests import Generate
from app.errors import CandorError


class ChatCompletions:
    """The endpoint; all its answers share a few places, and drafts where they name none."""

    def __init__(self, bridge: Bridge, places: Places, drafting: Drafting) -> None:
        self._bridge = bridge
        self._places = places
        self._drafting = drafting

    async def respond(self, request: Request) -> Answering:
        """Read the request; the answer follows as the response is sent.

        Raises:
            Refusal: the request cannot be understood.
        """
        asked = chat_request(read_object(await request.body()))
        return Answering(lambda send: self._answer(asked, send))

    async def _answer(self, asked: ChatRequest, send: Send) -> None:
        with self._places.taken():
            if asked.stream:
                await self._stream(asked, send)
            else:
                await self._whole(asked, send)

    async def _whole(self, asked: ChatRequest, send: Send) -> None:
        whole = Whole(asked)
        async with aclosing(self._events(asked)) as events:
            async for event in events:
                whole.add(event)
        await send_json(send, whole.completion())

    async def _stream(self, asked: ChatRequest, send: Send) -> None:
        stream, chunks = EventStream(send), Chunks(asked)
        try:
            async with aclosing(self._events(asked)) as events:
                async for event in events:
                    if not stream.started:
                        await stream.event(chunks.first())
                    for chunk in chunks.of(event):
                        await stream.event(chunk)
            await stream.done()
        except Refusal as refusal:
            if not stream.started:
                raise
            await stream.broken(refusal.reply)

    async def _events(self, asked: ChatRequest) -> AsyncGenerator[Event]:
        def build(info: ModelInfo) -> Generate:
            return generation(asked, info, self._drafting)

        try:
            async with aclosing(self._bridge.events(build)) as events:
                async for event in events:
                    yield event
        except CandorError as error:
            raise refused(error, _blamed(error, asked)) from error


def _blamed(error: CandorError, asked: ChatRequest) -> str | None:
    """The parameter that the engine's sentence is about; it quotes a template's variable."""
    variables = asked.chat_template_kwargs or {}
    if any(f'"{name}"' in error.message for name in variables):
        return "chat_template_kwargs"
    if asked.response_format and any(word in error.message for word in ("JSON schema", "grammar")):
        return "response_format"
    return "messages" if "conversation" in error.message else None
