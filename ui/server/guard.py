"""What stands before every route: whose request it is, and that errors come as sentences.

A page of another site can make a browser send requests here, and with a name of its own that
resolves to 127.0.0.1 (DNS rebinding) it could also read the answers.  So the Host must be one
under which this app is meant to be reached, and a request must come from this app's own pages.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.errors import ForbiddenError, error_response

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"same-origin", "none"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """ASGI middleware around the routes below ``/cropmap``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or turn what went wrong into an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        try:
            refuse_strangers(scope["method"], Headers(scope=scope))
            await self._app(scope, receive, send_guarded)
        except Exception as error:  # the last resort of a request: logged there, and told
            if started:
                raise
            await error_response(error)(scope, receive, send_guarded)


def refuse_strangers(method: str, headers: Headers) -> None:
    """Raise unless the request was made to this app by one of its own pages.

    Raises
    ------
    ForbiddenError
        Another Host, or a request that another site started.
    """
    host = _host_name(headers.get("host", ""))
    if host is None or not _is_ours(host):
        raise ForbiddenError(
            "The app does not answer under this address.",
            "Use the address that it printed when it started.",
        )
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _OWN_SITES:
        raise _foreign()
    origin = headers.get("origin")
    if origin is not None and not _same_host(origin, headers.get("host", "")):
        raise _foreign()
    if method not in _SAFE_METHODS and site is None and origin is None:
        # Every browser says where a change comes from; who does not is no page of ours.
        raise _foreign()


def _foreign() -> ForbiddenError:
    return ForbiddenError(
        "Another site asked for this; only the app's own pages may.", "Open the app itself."
    )


def _same_host(origin: str, host: str) -> bool:
    """Whether an Origin names the host and port of the request (a proxy may change the scheme)."""
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False


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


def _is_ours(name: str) -> bool:
    if name in _LOOPBACK:
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
