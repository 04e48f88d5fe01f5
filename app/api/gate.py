"""Who may come in: one check of every request, before anything looks at its path.

A page in the person's own browser can reach this computer's ports. It cannot set Host freely, it
says where it comes from, and it does not know the token; each of these alone must keep it out.
"""

import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.refusals import Refusal
from app.api.responses import JSON, refusal_response

MOST_BYTES = 8 * 2**20
_OWN_SITES = ("none", "same-origin")
_TOO_LARGE = f"The request is larger than {MOST_BYTES // 2**20} MiB."


class Gate:
    """Lets requests through to `app`, or refuses them.

    Args:
        app: what is behind the gate.
        hosts: the values of the Host header that mean this server.
        token: what a client shows as its bearer token.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], token: str) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request's headers, then hand it on."""
        try:
            self._check(scope["method"], Headers(scope=scope))
        except Refusal as refusal:
            await refusal_response(refusal)(scope, receive, send)
        else:
            await self._app(scope, _limited(receive), send)

    def _check(self, method: str, headers: Headers) -> None:
        self._check_host(headers)
        _check_origin(headers)
        self._check_token(headers)
        if method not in ("GET", "HEAD"):
            _check_type(headers)
        if int(_only(headers, "content-length") or "0") > MOST_BYTES:
            raise _too_large()

    def _check_host(self, headers: Headers) -> None:
        if _only(headers, "host") not in self._hosts:
            message = "This server answers to its own address only; the Host header names another."
            raise Refusal(421, message, "wrong_host")

    def _check_token(self, headers: Headers) -> None:
        scheme, _, shown = (_only(headers, "authorization") or "").partition(" ")
        right = secrets.compare_digest(shown.strip().encode("utf-8", "replace"), self._token)
        if not right or scheme.lower() != "bearer":
            raise Refusal(
                401,
                "The token is missing or wrong. Send it as Authorization: Bearer, as the API key.",
                "invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )


def _check_origin(headers: Headers) -> None:
    """No page is on the list; a browser that leaves out Origin still tells the site."""
    sites = headers.getlist("sec-fetch-site")
    if headers.getlist("origin") or any(site not in _OWN_SITES for site in sites):
        raise Refusal(403, "Web pages may not use this server.", "origin_refused")


def _check_type(headers: Headers) -> None:
    kind = (_only(headers, "content-type") or "").partition(";")[0].strip().lower()
    if kind != JSON:
        message = f"The Content-Type must be {JSON}."
        raise Refusal(415, message, "unsupported_media_type")


def _only(headers: Headers, name: str) -> str | None:
    """The header's value, if it comes exactly once."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 else None


def _limited(receive: Receive) -> Receive:
    """Count what comes in, for a body need not say its length."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MOST_BYTES:
            raise _too_large()
        return message

    return limited


def _too_large() -> Refusal:
    return Refusal(413, _TOO_LARGE, "request_too_large")
