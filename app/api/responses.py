"""Values and refusals as HTTP responses."""

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from app.api.refusals import Refusal, refused
from app.errors import Bug, CandorError

JSON = "application/json"


def json_response(value: Struct) -> Response:
    """The value as the body of a response."""
    return Response(msgspec.json.encode(value), media_type=JSON)


async def send_json(send: Send, value: Struct) -> None:
    """Send the value as a whole response."""
    response = json_response(value)
    await send(
        {"type": "http.response.start", "status": 200, "headers": response.raw_headers},
    )
    await send({"type": "http.response.body", "body": response.body})


def refusal_response(refusal: Refusal) -> Response:
    """The refusal in OpenAI's shape."""
    body = msgspec.json.encode(refusal.reply)
    return Response(body, refusal.status, refusal.headers, media_type=JSON)


async def on_refusal(request: Request, error: Exception) -> Response:
    """The response to a request that was refused, or failed in a way that has a sentence."""
    if isinstance(error, Refusal):
        return refusal_response(error)
    assert isinstance(error, CandorError)
    return refusal_response(refused(error))


async def on_http_error(request: Request, error: Exception) -> Response:
    """The response to a path or a method that is not there."""
    assert isinstance(error, HTTPException)
    message = f"There is no {request.method} {request.url.path} here."
    code = error.detail.lower().replace(" ", "_")
    return refusal_response(Refusal(error.status_code, message, code, headers=error.headers))


async def on_defect(request: Request, error: Exception) -> Response:
    """The response to a request that met a defect of ours, which is logged elsewhere."""
    bug = Bug(f"Something in Candor failed ({type(error).__name__}).", "The log says where.")
    return refusal_response(refused(bug))
