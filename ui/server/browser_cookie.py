"""One cookie by which the app knows a browser again: a random number, nothing about the person.

What its person is called lies on this server under that number (``ui.shared.preferences``).
No page and no script can read the cookie, and no other site can have it sent.
"""

from __future__ import annotations

import re
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "cropmap_browser"

_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_BYTES = 32
_TEN_YEARS_S = 10 * 365 * 24 * 3600
_ASKED_FIRST = "/_stcore/health"
"""Every page of Streamlit asks this of its own server before it opens the websocket.

A page's own visit would not do: where a link of another site leads here, the browser does not send
the cookie that it has, and a new one would make a stranger of somebody who is known.
"""


class BrowserCookie:
    """ASGI middleware that gives a browser its cookie where it has none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with a cookie where one is due."""
        first = scope["type"] == "http" and str(scope["path"]).endswith(_ASKED_FIRST)
        if not first or browser_of(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = new_cookie(secure=scope.get("scheme") == "https")
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def new_cookie(*, secure: bool) -> str:
    """A ``Set-Cookie`` for a browser that has none; ``secure`` where the page came by https."""
    parts = [
        f"{COOKIE}={new_id()}",
        f"Max-Age={_TEN_YEARS_S}",
        "Path=/",
        "HttpOnly",
        "SameSite=Strict",
    ]
    return "; ".join([*parts, "Secure"] if secure else parts)


def new_id() -> str:
    """A number for a browser that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def browser_of(headers: Headers) -> str:
    """The number that a request's cookie holds; empty where there is none, or no such number."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load("; ".join(headers.getlist("cookie")))
    except CookieError:
        return ""
    found = cookies.get(COOKIE)
    return valid_id(found.value if found is not None else None)


def valid_id(text: object) -> str:
    """The text where it is such a number, else an empty one."""
    return text if isinstance(text, str) and _ID.fullmatch(text) else ""
