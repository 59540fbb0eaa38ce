"""Map tiles of a scene and of what is known about it, as PNG."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import cast

import anyio
import numpy as np
import numpy.typing as npt
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.grid import Grid
from core.imagery import (
    SceneImage,
    outside,
    pixel_tile,
    pixel_tile_grid,
    warped_tile,
    web_mercator_grid,
)
from core.landcover import cropland_rgba, landcover_rgba
from core.project import Project
from core.session import (
    IDLE,
    LayerName,
    OpenedScene,
    layers_overlay,
    layers_version,
    open_project,
    open_project_scene,
)
from ui.server import tokens
from ui.server.cache import PictureCache
from ui.server.errors import NotFoundError
from ui.server.static import IMMUTABLE

SIDE = 256
LAYERS = frozenset(
    {"imagery", "landcover", "cropland", "label", "accepted", "probability", "uncertainty"}
)
_LANDCOVER = {"landcover": landcover_rgba, "cropland": cropland_rgba}
_FIXED = frozenset({"imagery", *_LANDCOVER})
_MOST_LEVEL = 30
_CACHE_BYTES = 192 * 1024 * 1024
_THREADS = max(4, os.cpu_count() or 1)

_cache = PictureCache(_CACHE_BYTES)
IDLE.add(_cache.clear)
_limiter: RunVar[anyio.CapacityLimiter] = RunVar("cropmap_tile_threads")

Rgba = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Place:
    """Which tile: ``warped`` to Web Mercator, or in the scene's own pixels."""

    warped: bool
    level: int
    x: int
    y: int

    def grid(self, scene: Grid) -> Grid:
        """Where its pixels lie."""
        if self.warped:
            return web_mercator_grid(self.level, self.x, self.y, SIDE)
        return pixel_tile_grid(scene, self.level, self.x, self.y, SIDE)


async def layer_tile(request: Request) -> Response:
    """A tile in the native pixels of the scene."""
    return await _answer(request, warped=False)


async def warped_layer_tile(request: Request) -> Response:
    """A Web Mercator tile."""
    return await _answer(request, warped=True)


async def _answer(request: Request, *, warped: bool) -> Response:
    # Threads of their own: a map that fills its screen must not keep an edit waiting.
    return await run_sync(partial(_tile, request, warped=warped), limiter=_tile_threads())


def _tile_threads() -> anyio.CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_THREADS)
        _limiter.set(limiter)
        return limiter


def _tile(request: Request, *, warped: bool) -> Response:
    parameters = request.path_params
    access = tokens.resolve(parameters["token"])
    IDLE.asked()
    layer = parameters["layer"]
    if layer not in LAYERS:
        raise NotFoundError("The map has no such layer.", "Load the page again.")
    place = _checked_place(parameters, warped=warped)
    project = open_project(access.project_path)
    opened = open_project_scene(project, parameters["scene"])
    if layer in _LANDCOVER and opened.landcover is None:
        picture = nothing()
    else:
        without = "" if layer in _FIXED else request.query_params.get("without", "")
        key = (*_identity(project, opened, layer), place, without)
        picture = _cache.get(key, lambda: _render(project, opened, layer, place, without))
    # Labels and predictions change with every edit, and the map's version does not tell.
    fixed = layer in _FIXED and request.query_params.get("v")
    kept = IMMUTABLE if fixed else "private, no-cache"
    return Response(picture, media_type="image/png", headers={"Cache-Control": kept})


def _checked_place(parameters: dict[str, str], *, warped: bool) -> _Place:
    """The tile that the address names.

    Raises
    ------
    NotFoundError
        No whole numbers, or no tile of any map.
    """
    texts = [parameters[name] for name in ("level", "x", "y")]
    if all(text.isascii() and text.isdigit() and len(text) <= 10 for text in texts):
        level, x, y = map(int, texts)
        most = 1 << (level if warped else 31)
        if level <= _MOST_LEVEL and x < most and y < most:
            return _Place(warped, level, x, y)
    raise NotFoundError("There is no such map tile.")


def _identity(project: Project, opened: OpenedScene, layer: str) -> tuple[Hashable, ...]:
    """What a layer's pixels depend on, for all sessions and projects alike."""
    scene = opened.scene
    if layer == "imagery":
        seen = (scene.bands, scene.stretch, scene.unknown)
        return (layer, scene.path, scene.fingerprint, *seen)
    if layer in _LANDCOVER and opened.landcover is not None:
        landcover = opened.landcover
        return (layer, landcover.path, landcover.fingerprint, scene.fingerprint)
    record = opened.record
    return (
        layer,
        project.file_stamp,
        record.id,
        record.version,
        layers_version(project, record.id),
    )


def _render(
    project: Project, opened: OpenedScene, layer: str, place: _Place, without: str
) -> bytes:
    if layer == "imagery":
        return _imagery(opened, place)
    grid = place.grid(opened.scene.grid)
    picture = _overlay(project, opened, layer, grid, without)
    if picture is None:
        return nothing()
    picture[outside(opened.scene.grid, grid)] = 0
    return encode(picture)


def _overlay(
    project: Project, opened: OpenedScene, layer: str, grid: Grid, without: str
) -> Rgba | None:
    if layer in _LANDCOVER:
        draw: Callable[..., Rgba] = _LANDCOVER[layer]
        return draw(opened.landcover, grid)
    # The route has refused every other name.
    name = cast(LayerName, layer)
    scene_id = opened.record.id
    picture: Rgba | None = layers_overlay(project, scene_id, name, grid, without=without)
    return None if picture is None else picture.copy()


def _imagery(opened: OpenedScene, place: _Place) -> bytes:
    image: SceneImage | None
    if place.warped:
        image = warped_tile(opened.scene, place.level, place.x, place.y, SIDE)
    else:
        image = pixel_tile(opened.scene, place.level, place.x, place.y, SIDE)
    if image is None or not image.valid.any():
        return nothing()
    if image.valid.all():
        return encode(image.rgb)
    return encode(np.dstack([image.rgb, np.where(image.valid, 255, 0).astype(np.uint8)]))


def encode(pixels: npt.NDArray[np.uint8]) -> bytes:
    """PNG of uint8 (rows, columns, 3 or 4)."""
    buffer = io.BytesIO()
    # The lightest compression: tiles are made while somebody waits, and mostly go nowhere far.
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@lru_cache(maxsize=1)
def nothing() -> bytes:
    """A transparent tile."""
    buffer = io.BytesIO()
    blank = Image.new("LA", (SIDE, SIDE))
    blank.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


_TILE = "/{token}/%s/{scene}/{layer}/{level}/{x}/{y}.png"

ROUTES = [
    Route(_TILE % "layers", layer_tile, methods=["GET"]),
    Route(_TILE % "warped", warped_layer_tile, methods=["GET"]),
]
