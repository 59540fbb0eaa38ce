"""The one place that turns errors into answers of the routes: a sentence, a hint, a status."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from core.errors import (
    ConflictError,
    CropMapError,
    DiskFullError,
    ProjectError,
    ProjectReplacedError,
)
from core.session import wire
from ui.remedies import page_hint

_log = logging.getLogger(__name__)

NO_STORE = {"Cache-Control": "no-store"}

_UNEXPECTED = CropMapError(
    "Something went wrong in the application itself; what was saved before is unchanged.",
    "Try again, or load the page again; the details are in the terminal where the app runs.",
)


class ForbiddenError(CropMapError):
    """The caller may not ask for this."""


class NotFoundError(CropMapError):
    """There is no such thing to be had."""


_STATUS: tuple[tuple[type[CropMapError], int], ...] = (
    (ForbiddenError, 403),
    (NotFoundError, 404),
    # The server opens the file that is there now: the page asks again.
    (ProjectReplacedError, 503),
    (ProjectError, 404),
    (ConflictError, 409),
    (DiskFullError, 507),
    (CropMapError, 400),
)

_HTTP_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address is not for that method.",
    413: "This is too much at once.",
}


def error_response(
    error: BaseException,
    *,
    status: int | None = None,
    details: wire.ErrorDetails | None = None,
) -> JSONResponse:
    """The answer for an error; an unexpected one is logged with its traceback.

    Parameters
    ----------
    status : int, optional
        Instead of the one that belongs to the kind of error.
    details : optional
        Further members of the body, such as the present ``state`` of a conflict.
    """
    details = details or {}
    if isinstance(error, HTTPException):
        sentence = _HTTP_SENTENCES.get(error.status_code, "This request cannot be answered.")
        return _answer(error.status_code, CropMapError(sentence), details)
    if isinstance(error, CropMapError):
        known = next(code for kind, code in _STATUS if isinstance(error, kind))
        return _answer(status or known, error, details)
    _log.error("a route failed", exc_info=error)
    return _answer(500, _UNEXPECTED, details)


def error_body(error: CropMapError) -> wire.Complaint:
    """An error as the map reads it: ``message`` and ``hint``, in the words of the pages."""
    return {"message": error.message, "hint": page_hint(error)}


def _answer(status: int, error: CropMapError, details: wire.ErrorDetails) -> JSONResponse:
    body: wire.ErrorAnswer = {**error_body(error), **details}
    return JSONResponse(body, status_code=status, headers=NO_STORE)
