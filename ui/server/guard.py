"""What stands before everything that the app answers: who asks, and who may frame it.

A page of another site can make a browser send requests here, and with a name of its own that
resolves to 127.0.0.1 (DNS rebinding) it could also read the answers.  So the Host must be one
under which this app is meant to be reached, and a request must come from this app's own pages.
Streamlit's pages, files, uploads and its websocket stand behind the same check as our routes.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings import get_settings
from ui.server.errors import NO_STORE, ForbiddenError, error_response

_log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"same-origin", "none"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
_POLICY = "; ".join(
    (
        "frame-ancestors 'self'",
        # Whatever a text could make of itself: no picture, sound or font comes from elsewhere.
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
    )
)
_LONGEST_NAME = 100


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse in a sentence."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                # Beside a policy that an answer has itself: both hold.
                headers.append("Content-Security-Policy", _POLICY)
            await send(message)

        headers = Headers(scope=scope)
        try:
            refuse_strangers(scope.get("method", "GET"), headers)
        except ForbiddenError as error:
            _log.warning("refused a request: %s", error.message)
            await _refuse(error, headers, scope, receive, send_guarded)
            return
        await self._app(_under_own_host(scope, headers), receive, send_guarded)


def refuse_strangers(method: str, headers: Headers) -> None:
    """Raise unless the request was made to this app by one of its own pages, or is a visit.

    A visit is what a link or the address bar of a browser asks for: a page to be shown by itself.

    Raises
    ------
    ForbiddenError
        Another Host, or a request that another site started.
    """
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    name = _host_name(hosts[0]) if len(hosts) == 1 else None
    if name is None or not _is_ours(name, hosts[0]):
        raise ForbiddenError(
            "The app does not answer under this address"
            + (f" ({name[:_LONGEST_NAME]})." if name else "."),
            "Use the address that it printed when it started; to allow another name, start the "
            "app with that name in CROPMAP_ALLOWED_HOSTS.",
        )
    if _is_visit(method, headers):
        return
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _OWN_SITES:
        raise _foreign()
    if len(origins) > 1 or not all(_is_own_origin(origin, hosts[0]) for origin in origins):
        raise _foreign()
    if method not in _SAFE_METHODS and site is None and not origins:
        # Every browser says where a change comes from; who does not is no page of ours.
        raise _foreign()


def _is_visit(method: str, headers: Headers) -> bool:
    """Whether a browser asks for a page of its own, not for a part of another page."""
    return (
        method in _SAFE_METHODS
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _foreign() -> ForbiddenError:
    return ForbiddenError(
        "Another site asked for this; only the app's own pages may.",
        "Open the app itself; behind a proxy, start it with the name that the browser shows in "
        "CROPMAP_ALLOWED_HOSTS.",
    )


def _is_own_origin(origin: str, host: str) -> bool:
    """Whether an Origin names the host and port of the request, or an address that was allowed.

    A proxy may change the scheme, and may ask for another Host than the browser did.
    """
    try:
        place = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    return place != "" and (place == host.lower() or place in get_settings().allowed_addresses)


def _under_own_host(scope: Scope, headers: Headers) -> Scope:
    """The request with the Host that its own Origin names.

    Streamlit compares the two once more, and where they differ looks up this machine's address at
    an outside server.
    """
    origin = headers.get("origin")
    if origin is None or not (place := urlsplit(origin).netloc):
        return scope
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [(b"host", place.encode("latin-1")), *others]}


async def _refuse(
    error: ForbiddenError, headers: Headers, scope: Scope, receive: Receive, send: Send
) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get(
        "extensions", {}
    ):
        await send({"type": "websocket.close", "code": 1008, "reason": error.message[:120]})
        return
    answer: Response = error_response(error)
    if "text/html" in headers.get("accept", ""):
        # For a person to read, not for the map.
        text = f"{error.message} {error.hint}\n"
        answer = PlainTextResponse(text, status_code=answer.status_code, headers=NO_STORE)
    await answer(scope, receive, send)


def _host_name(host: str) -> str | None:
    """The name in a Host header, without port and brackets; None where it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.netloc != host or parts.username is not None or parts.path:
        return None
    return parts.hostname


def _is_ours(name: str, host: str) -> bool:
    if name in _LOOPBACK or {name, host.lower()} & get_settings().allowed_addresses:
        return True
    address = str(st.get_option("server.address") or "").lower().strip("[]")
    told = str(st.get_option("browser.serverAddress") or "").lower().strip("[]")
    if name in {address, told} - {"", "0.0.0.0", "::"}:  # noqa: S104  (left out, not bound)
        return True
    # Open to the network on purpose: machines are reached by number or by their own name, which
    # another site cannot make point here.
    opened = address in {"", "0.0.0.0", "::"}  # noqa: S104
    return opened and (_is_number(name) or name == socket.gethostname().lower())


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
