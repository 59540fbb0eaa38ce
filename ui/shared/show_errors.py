"""The one place that shows what went wrong: a sentence and a hint, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import CancelledError, CropMapError
from core.shortage import shortage_of
from ui.remedies import page_hint
from ui.shared.text import escape

_log = logging.getLogger(__name__)

UNEXPECTED = CropMapError(
    "Something went wrong in the app itself. Your work so far is saved.",
    "Try again. The details are in the terminal where the app runs.",
)


def as_told(error: BaseException) -> CropMapError:
    """``error`` as a person may read it; an unexpected one goes to the log with its traceback."""
    if isinstance(error, CropMapError):
        return error
    _log.error("unexpected error", exc_info=error)
    return shortage_of(error) or UNEXPECTED


def show(error: BaseException) -> None:
    """Show an error where the page stands."""
    told = as_told(error)
    hint = page_hint(told)
    body = escape(told.message) + (f"\n\n{escape(hint)}" if hint else "")
    if isinstance(told, CancelledError):
        st.info(body)
    else:
        st.error(body)


@contextmanager
def told() -> Iterator[None]:
    """What fails inside is shown, and the page goes on after it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  (the last resort of a page: logged, and told)
        show(error)


def script_error(error: Exception) -> bool:
    """``on_script_error`` of the app: what escaped every page is told as calmly as the rest."""
    show(error)
    return True
