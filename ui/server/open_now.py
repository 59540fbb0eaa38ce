"""Which tiles of a scene other people have open now, as one line for the Review page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from core import wire
from core.session import open_project
from ui.server import tokens
from ui.server.errors import NO_STORE
from ui.server.json_answer import JsonAnswer
from ui.server.presence import ROOM


def open_now(request: Request) -> JsonAnswer:
    """The line about a scene; empty where nobody else is."""
    token, scene_id = request.path_params["token"], request.path_params["scene"]
    access = tokens.resolve(token)
    here = [seen for seen in ROOM.others(access.project_path, token) if seen.scene_id == scene_id]
    seen = []
    if here:
        tiles = open_project(access.project_path).tiles(scene_id)
        numbers = {tile.name: tile.order + 1 for tile in tiles}
        seen = [(one.person, numbers[one.tile]) for one in here if one.tile in numbers]
    answer: wire.OpenNow = {"text": open_now_text(seen)}
    return JsonAnswer(answer, headers=NO_STORE)


def open_now_text(seen: list[tuple[str, int]]) -> str:
    """``Open now: Ada on tile 3`` from names and tile numbers; empty where nobody is."""
    if not seen:
        return ""
    people = ", ".join(f"{name} on tile {number}" for name, number in sorted(set(seen)))
    return f"Open now: {people}"


ROUTES = [Route("/{token}/scene/{scene}/open-now", open_now, methods=["GET"])]
