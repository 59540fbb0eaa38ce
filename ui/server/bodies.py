"""Bodies of requests, read in the event loop: a slow one keeps no worker thread from others.

Each has a size, a time within which all of it must be here, and a number that one session, and
all together, may be sending at once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from core.errors import InputError
from ui.server import tokens
from ui.server.errors import TooLargeError, TooManyError, TooSlowError

MOST_BYTES = 4 * 1024 * 1024
MOST_DISCARDED = 16 * MOST_BYTES
"""So much of a body that is too large is still taken in: who sends it then reads the answer."""
WITHIN_SECONDS = 30.0
MOST_OF_A_SESSION = 6
MOST_AT_ONCE = 64

Body = dict[str, Any]
_sending: Counter[str] = Counter()


def with_body(
    handle: Callable[[Request, Body], Response],
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a handler that is given the JSON object which was sent.

    The handler runs in a worker thread, once all of the body is here.
    """

    async def endpoint(request: Request) -> Response:
        token = request.path_params["token"]
        tokens.resolve(token)  # who may not ask sends nothing
        try:
            with _one_more(token):
                raw = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        return await run_sync(lambda: handle(request, _parsed(raw)))

    return endpoint


@contextmanager
def _one_more(token: str) -> Iterator[None]:
    """One body more of a session; this runs in the event loop alone, so there is no lock."""
    if _sending[token] >= MOST_OF_A_SESSION or _sending.total() >= MOST_AT_ONCE:
        raise TooManyError("Too much is being sent at once.", "Wait a moment, and try again.")
    _sending[token] += 1
    try:
        yield
    finally:
        _sending[token] -= 1
        if _sending[token] <= 0:
            del _sending[token]


async def _read(request: Request) -> bytes:
    """The whole body.

    Raises
    ------
    TooLargeError
        More than ``MOST_BYTES``.
    TooSlowError
        Not all here within ``WITHIN_SECONDS``.
    """
    declared = request.headers.get("content-length", "")
    claimed = int(declared) if declared.isdigit() and len(declared) < 20 else 0
    if claimed > MOST_DISCARDED or (claimed > MOST_BYTES and "expect" in request.headers):
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    with anyio.move_on_after(WITHIN_SECONDS) as limit:
        async for part in request.stream():
            size += len(part)
            if size > MOST_DISCARDED:
                break
            if size <= MOST_BYTES:
                parts.append(part)
            else:
                parts.clear()
    if size > MOST_BYTES:
        raise _too_large()
    if limit.cancelled_caught:
        raise TooSlowError(
            f"The edit did not arrive within {WITHIN_SECONDS:.0f} seconds.",
            "Check the connection; the map sends it again.",
        )
    return b"".join(parts)


def _too_large() -> TooLargeError:
    return TooLargeError("That edit is too large.", "Draw it in parts.")


def _parsed(raw: bytes) -> Body:
    """The JSON object that was sent.

    Raises
    ------
    InputError
        No JSON object.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError("That edit could not be understood.", "Load the page again.") from error
    if not isinstance(body, dict):
        raise InputError("That edit could not be understood.", "Load the page again.")
    return body
