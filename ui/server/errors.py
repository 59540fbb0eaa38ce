"""The one place that turns errors into answers of the routes: a sentence, a hint, a status."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import wire
from core.errors import (
    BusyError,
    ConflictError,
    CropMapError,
    DiskFullError,
    ProjectError,
    ProjectReplacedError,
    ProjectUnavailableError,
)
from core.shortage import shortage_of
from ui.remedies import page_hint
from ui.server.json_answer import JsonAnswer

_log = logging.getLogger(__name__)

NO_STORE = {"Cache-Control": "no-store"}

_UNEXPECTED = CropMapError(
    "Something went wrong in the app itself. What was saved before is unchanged.",
    "Try again, or load the page again. The details are in the terminal where the app runs.",
)


class ForbiddenError(CropMapError):
    """The caller may not ask for this."""


class NotFoundError(CropMapError):
    """There is no such thing to be had."""


class TooLargeError(CropMapError):
    """More was sent than is read."""


class TooManyError(CropMapError):
    """Too much is being sent at once."""


class TooSlowError(CropMapError):
    """What was sent did not arrive in time."""


_STATUS: tuple[tuple[type[CropMapError], int], ...] = (
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (TooSlowError, 408),
    (TooLargeError, 413),
    (TooManyError, 429),
    # The server opens the file that is there now, or the disk is back: the map keeps what it could
    # not save, and asks again.
    (ProjectReplacedError, 503),
    (ProjectUnavailableError, 503),
    (BusyError, 503),
    (ProjectError, 404),
    (ConflictError, 409),
    (DiskFullError, 507),
    (CropMapError, 400),
)

_HTTP_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that kind of request.",
    413: "This is too much at once.",
}


def error_response(
    error: BaseException,
    *,
    status: int | None = None,
    details: wire.ErrorDetails | None = None,
) -> Response:
    """The answer for an error; an unexpected one is logged with its traceback.

    It never raises: where the error itself cannot be told, it is unexpected.

    Parameters
    ----------
    status : int, optional
        Instead of the one that belongs to the kind of error.
    details : optional
        Further members of the body, such as the present ``state`` of a conflict.
    """
    try:
        return _told(error, status, details or {})
    except Exception:  # noqa: BLE001  (the answer to an error must not be a second one)
        _log.exception("an error could not be told")
        return JsonAnswer(
            {"message": _UNEXPECTED.message, "hint": _UNEXPECTED.hint},
            status_code=500,
            headers=NO_STORE,
        )


def _told(error: BaseException, status: int | None, details: wire.ErrorDetails) -> Response:
    if isinstance(error, HTTPException):
        sentence = _HTTP_SENTENCES.get(error.status_code, "This request cannot be answered.")
        return _answer(error.status_code, CropMapError(sentence), details)
    if isinstance(error, CropMapError):
        known = next(code for kind, code in _STATUS if isinstance(error, kind))
        return _answer(status or known, error, details)
    _log.error("a route failed", exc_info=error)
    return _answer(500, shortage_of(error) or _UNEXPECTED, details)


def error_body(error: CropMapError) -> wire.Complaint:
    """An error as the map reads it: ``message`` and ``hint``, in the words of the pages."""
    return {"message": error.message, "hint": page_hint(error)}


def _answer(status: int, error: CropMapError, details: wire.ErrorDetails) -> Response:
    body: wire.ErrorAnswer = {**error_body(error), **details}
    return JsonAnswer(body, status_code=status, headers=NO_STORE)


class ErrorAnswers:
    """ASGI middleware around the routes below ``/cropmap``: what goes wrong becomes an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or tell why there is no answer."""
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:  # the last resort of a request: logged there, and told
            if started or scope["type"] != "http":
                raise
            await error_response(error)(scope, receive, send)
