"""The map's own files: scripts, styles and pictures, from one folder and no other."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from ui.server.errors import NotFoundError

BUNDLE = Path(__file__).resolve().parent.parent / "map" / "bundle"

IMMUTABLE = "private, max-age=31536000, immutable"

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


def static_file(request: Request) -> Response:
    """One file of the bundle; ``?v=`` lets the browser keep it for good."""
    name = request.path_params["file"]
    path = _allowed().get(name)
    if path is None:
        raise NotFoundError("The map has no such file.", "Load the page again.")
    kept = IMMUTABLE if request.query_params.get("v") else "no-cache"
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": kept})


def _allowed() -> dict[str, Path]:
    """The files that may be had, by name: what lies in the folder, never what is asked for."""
    if not BUNDLE.is_dir():
        return {}
    return {
        path.name: path
        for path in BUNDLE.iterdir()
        if path.suffix in _TYPES and path.is_file() and not path.is_symlink()
    }


ROUTES = [Route("/static/{file}", static_file, methods=["GET"])]
