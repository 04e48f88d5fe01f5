"""Why a request gets no answer, in the shape that OpenAI's clients read."""

from collections.abc import Mapping

from msgspec import Struct

from app.errors import Bug, CandorError, ContextExceeded, InvalidRequest


class ErrorDetail(Struct, frozen=True):
    """What was wrong; `param` names the part of the request it was wrong with."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorReply(Struct, frozen=True):
    """The body of every answer that is a refusal, and the last event of a stream that broke."""

    error: ErrorDetail


class Refusal(Exception):
    """A request that gets `reply` with an HTTP `status` instead of what it asked for."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        kind = "server_error" if status >= 500 else "invalid_request_error"
        self.status = status
        self.headers = dict(headers or {})
        named = param and _whole(param)
        self.reply = ErrorReply(ErrorDetail(_whole(message), kind, named, code))


def invalid(param: str | None, message: str, code: str = "invalid_value") -> Refusal:
    """The refusal of a request because of its part `param`."""
    return Refusal(400, message, code, param=param)


def refused(error: CandorError, param: str | None = None) -> Refusal:
    """The refusal that an error of ours amounts to."""
    if isinstance(error, ContextExceeded):
        return Refusal(400, str(error), error.code, param="messages")
    if isinstance(error, InvalidRequest):
        return Refusal(400, str(error), error.code, param=param)
    return Refusal(500 if isinstance(error, Bug) else 503, str(error), error.code)


def _whole(text: str) -> str:
    """The text without half characters, which a request may hold and a reply may not."""
    return text.encode("utf-8", "replace").decode()
