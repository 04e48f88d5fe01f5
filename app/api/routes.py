"""The server's application: what is at which path."""

import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api.answering import Places
from app.api.bridge import Bridge
from app.api.chat import ChatCompletions
from app.api.refusals import Refusal
from app.api.replies import Model, ModelList
from app.api.responses import json_response, on_defect, on_http_error, on_refusal
from app.domain.drafting import Drafting
from app.errors import CandorError


class Models:
    """`GET /v1/models`: the loaded model, or none."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._since = int(time.time())

    async def all(self, request: Request) -> Response:
        """The list of models."""
        return json_response(ModelList(self._models()))

    async def one(self, request: Request) -> Response:
        """The model of the name in the path."""
        wanted = request.path_params["name"]
        for model in self._models():
            if model.id == wanted:
                return json_response(model)
        raise Refusal(404, f'There is no model "{wanted}" here.', "model_not_found", param="model")

    def _models(self) -> tuple[Model, ...]:
        info = self._bridge.model
        if info is None:
            return ()
        return (Model(id=info.name, created=self._since, context_length=info.context_length),)


def application(bridge: Bridge, drafting: Drafting) -> Starlette:
    """All routes, to be put behind the gate; `drafting` is the server's default."""
    models, chat = Models(bridge), ChatCompletions(bridge, Places(), drafting)
    return Starlette(
        routes=[
            Route("/v1/models", models.all, methods=["GET"]),
            Route("/v1/models/{name:path}", models.one, methods=["GET"]),
            Route("/v1/chat/completions", chat.respond, methods=["POST"]),
        ],
        exception_handlers={
            Refusal: on_refusal,
            CandorError: on_refusal,
            HTTPException: on_http_error,
            Exception: on_defect,
        },
    )
