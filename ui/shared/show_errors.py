"""The one place that shows what went wrong: a sentence and a hint, never a traceback."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import CancelledError, CropMapError
from ui.shared.text import escape

_log = logging.getLogger(__name__)

UNEXPECTED = CropMapError(
    "Something went wrong in the application itself. What you have done so far is saved.",
    "Try it again; the details are in the terminal where the app runs.",
)


_FOR_PAGES = (
    (r"name it with --product KEY \(see: cropmap landcovers\)", "choose it under Product"),
    (r"with --product KEY", "under Product"),
    (r"\(see: cropmap landcovers\)", "under Product"),
    (r"pass (it|its file) with --landcover FILE", "add it here as a file"),
    (r"pass a land cover file with --landcover FILE", "add a land cover file"),
    (r"state the right one with --crs", "state the right one"),
    (r"for example --crs EPSG", "for example EPSG"),
    (r"Name one with --model[^.]*", "Choose one in the settings"),
    (r"(Fetch them|fetch it again)(.*): cropmap weights fetch \w+", r"\1\2 in the settings"),
)
"""Hints of ``core`` name options of the command line; here there are fields for them."""


def for_pages(hint: str) -> str:
    """A hint of ``core`` in the words of the pages."""
    for pattern, words in _FOR_PAGES:
        hint = re.sub(pattern, words, hint)
    return hint


def as_told(error: BaseException) -> CropMapError:
    """``error`` as a person may read it; an unexpected one goes to the log with its traceback."""
    if isinstance(error, CropMapError):
        return error
    _log.error("unexpected error", exc_info=error)
    return UNEXPECTED


def show(error: BaseException) -> None:
    """Show an error where the page stands."""
    told = as_told(error)
    body = escape(told.message) + (f"\n\n{escape(for_pages(told.hint))}" if told.hint else "")
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
