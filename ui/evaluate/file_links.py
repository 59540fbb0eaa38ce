"""Files of an evaluation as links."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from core.study.projects import runs_folder
from ui.server.downloads import run_address
from ui.shared.browser_session import Place, token
from ui.shared.text import escape, file_size

File = tuple[Path, str, str, str]
"""Where it lies, the name that the browser saves it under, its title, and what it holds."""


def links(place: Place, files: Iterable[File]) -> None:
    """A table of links to the files that are there."""
    session, runs = token(place.project), runs_folder(place.project)
    lines = [_line(session, runs, one) for one in files if one[0].is_file()]
    st.html(f'<table class="cropmap-files">{"".join(lines)}</table>')


def _line(session: str, runs: Path, file: File) -> str:
    path, name, title, holds = file
    link = escape(run_address(session, runs, path, name))
    return (
        f'<tr><td><a href="{link}" download="{escape(name)}">{escape(title)}</a></td>'
        f"<td>{escape(holds)}</td>"
        f'<td class="number">{escape(file_size(path.stat().st_size))}</td></tr>'
    )
