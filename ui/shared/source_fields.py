"""Fields that say where a file is: a path on this machine, an upload, or a URL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.allowed_folders import check_allowed
from core.errors import InputError
from ui.shared.uploaded_files import RASTERS, SIDECARS, Source, Upload

_TITLES = {"path": "A path on this computer", "upload": "Upload", "url": "A URL"}
_RASTER_ENDINGS = (*RASTERS, *SIDECARS)
_RASTER_NOTE = "A raster, with its world file where it has one."


def source_fields(
    label: str,
    key: str,
    placeholder: str,
    *,
    endings: Sequence[str] = _RASTER_ENDINGS,
    note: str = _RASTER_NOTE,
    titled: bool = False,
    url: str | None = None,
) -> Source:
    """The choice between path and upload, and the field of the one that is chosen.

    Parameters
    ----------
    label : str
        What is asked for; shown where ``titled``.
    key : str
        Unique on the page.
    placeholder : str
        An example of a path.
    endings : sequence of str
        Of the files that may be uploaded, with their dots.
    note : str
        What to upload.
    url : str, optional
        An example of a URL, where one may be given.
    """
    way = st.segmented_control(
        label,
        [way for way in _TITLES if way != "url" or url],
        default="path",
        format_func=_TITLES.__getitem__,
        key=f"{key} from",
        label_visibility="visible" if titled else "collapsed",
    )
    if way == "upload":
        return Source(uploads=uploads(key, endings, note))
    if way == "url" and url:
        return Source(path=_text(f"url {key}", "URL", url))
    return Source(path=path_field(key, placeholder))


def checked(source: Source, what: str) -> Source:
    """The source, once it names something.

    Raises
    ------
    InputError
        Neither path nor upload is given, ``what`` stands in its sentence; or the path lies in a
        folder that is not allowed.
    """
    if not source.path and not source.uploads:
        raise InputError(f"No {what} is named yet.", "Type its path, or upload it.")
    if source.path and "://" not in source.path:
        check_allowed(Path(source.path))
    return source


def uploads(
    key: str,
    endings: Sequence[str] = _RASTER_ENDINGS,
    note: str = _RASTER_NOTE,
) -> tuple[Upload, ...]:
    """A field for files that the browser sends."""
    found = st.file_uploader(
        "Files",
        type=[ending.removeprefix(".") for ending in endings],
        accept_multiple_files=True,
        key=f"upload {key}",
        label_visibility="collapsed",
        help=note,
    )
    st.caption("For a large file on this computer, the path is faster: nothing is uploaded.")
    return tuple(found or ())


def path_field(key: str, placeholder: str) -> str:
    """A field for the path of a file on this machine; absolute, or empty."""
    typed = _text(f"path {key}", "Path", placeholder)
    # Absolute: the app may be started from another folder next time.
    return str(Path(typed).expanduser().absolute()) if typed else ""


def _text(key: str, label: str, placeholder: str) -> str:
    typed = st.text_input(label, placeholder=placeholder, key=key, label_visibility="collapsed")
    return typed.strip().strip("\"'")
