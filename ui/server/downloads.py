"""Files to take along, streamed from the disk: a training set may be larger than the memory."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from core.project import Project
from core.session import open_project
from core.study.projects import runs_folder
from ui.server import tokens
from ui.server.errors import NO_STORE, NotFoundError

RESULTS = "results"
"""Folder of a project below which files may be taken."""

_LONGEST_NAME = 150


def download(request: Request) -> FileResponse:
    """A file below the project's results; ``name`` is what the browser saves it as."""
    return _sent(request, _project_of(request).folder / RESULTS)


def run_download(request: Request) -> FileResponse:
    """A file of one of the project's evaluations, likewise."""
    return _sent(request, runs_folder(_project_of(request)))


def _project_of(request: Request) -> Project:
    access = tokens.resolve(request.path_params["token"])
    return open_project(access.project_path)


def _sent(request: Request, folder: Path) -> FileResponse:
    path = _inside(folder, request.path_params["file"])
    name = request.query_params.get("name") or path.name
    return FileResponse(
        path,
        filename=Path(name.replace("\\", "/")).name[:_LONGEST_NAME] or path.name,
        media_type="application/octet-stream",
        # Never shown as a page of this app, whatever the file holds.
        headers={**NO_STORE, "Content-Security-Policy": "sandbox"},
    )


def address(token: str, results: Path, file: Path, name: str) -> str:
    """Where the browser gets a file of a project's results folder."""
    below = quote(file.relative_to(results).as_posix())
    return f"/cropmap/{token}/files/{below}?name={quote(name, safe='')}"


def run_address(token: str, runs: Path, file: Path, name: str) -> str:
    """Where the browser gets a file of a project's evaluations."""
    below = quote(file.relative_to(runs).as_posix())
    return f"/cropmap/{token}/evaluation/{below}?name={quote(name, safe='')}"


def _inside(results: Path, name: str) -> Path:
    """The file, unless it lies elsewhere, through links as well.

    Raises
    ------
    NotFoundError
        There is no such file below the results.
    """
    missing = NotFoundError("This file is no longer there.", "Make the files once more.")
    try:
        path = (results / name).resolve()
        if not (path.is_relative_to(results.resolve()) and path.is_file()):
            raise missing
    except (OSError, ValueError):
        raise missing from None
    return path


ROUTES = [
    Route("/{token}/files/{file:path}", download, methods=["GET", "HEAD"]),
    Route("/{token}/evaluation/{file:path}", run_download, methods=["GET", "HEAD"]),
]
