"""The annotation map's routes without a model: docs/app.md in memory, with faults on demand.

Also a page that mounts the component as Streamlit does.  To look at it by hand:
``python -m tests.ui.fake_map_server`` and open the address that it prints.
"""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image, ImageDraw
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ui.map import _BUNDLE, LOADER, bundle_version

Json = dict[str, Any]
TOKEN = "t" * 43
SCENE = "scene-1"
UNSAID: Json = {"land_class": "cropland", "reason": "", "reviewer": "", "reviewed_at": None}
TILE = 256
CORE = 512
HALO = 32

PAGE = """<!doctype html><meta charset="utf-8"><title>map</title>
<style>body {{ margin: 0; padding: 8px; }}</style>
<input id="elsewhere" aria-label="elsewhere" style="position:absolute;left:-400px">
<div id="place"></div>
<script type="module">
const source = {loader};
const blob = new Blob([source], {{ type: "text/javascript" }});
const mount = (await import(URL.createObjectURL(blob))).default;
window.events = [];
window.masks = [];
document.addEventListener("cropmap:mask", (event) => window.masks.push(event.detail));
window.run = async (changes) => {{
  window.data = {{ ...window.data, ...changes }};
  window.cleanUp = await mount({{
    data: window.data,
    parentElement: document.querySelector("#place"),
    setTriggerValue: (name, value) => window.events.push([name, value]),
    setStateValue: () => undefined,
  }});
}};
window.data = {data};
await window.run({{}});
window.ready = true;
</script>
"""


def _field_parcels(window: list[float]) -> list[Json]:
    """A chessboard of fields, a few of them cropland."""
    column, row, width, height = window
    parcels = []
    for index in range(6):
        left = column + 40 + (index % 3) * (width - 80) / 3
        top = row + 40 + (index // 3) * (height - 80) / 2
        right, bottom = left + (width - 80) / 3 - 14, top + (height - 80) / 2 - 14
        ring = [[left, top], [right, top + 8], [right - 6, bottom], [left + 4, bottom - 6]]
        rings = [ring]
        if index == 1:
            x, y = (left + right) / 2, (top + bottom) / 2
            rings.append([[x - 9, y - 9], [x - 9, y + 9], [x + 9, y + 9], [x + 9, y - 9]])
        parcels.append(
            {
                "id": f"p{index}",
                "area_ha": round((right - left) * (bottom - top) * 0.36 / 10_000, 2),
                "score": 0.95 - 0.07 * index,
                "state": "corrected" if index == 4 else "auto",
                **UNSAID,
                "rings": rings,
            }
        )
    return parcels


@dataclass
class FakeTile:
    """One tile: a log of edits and how far it is undone."""

    name: str
    core: list[float]
    window: list[float]
    log: list[Json] = field(default_factory=list)
    undone: list[Json] = field(default_factory=list)
    version: int = 1
    verdict: Json = field(
        default_factory=lambda: {
            "verdict": "open",
            "reviewer": "",
            "comment": "",
            "at": None,
            "version": 0,
        }
    )
    working_reads: int = 0
    refining: bool = False
    many_parcels: int = 0

    def automatic(self) -> dict[str, Json]:
        column, row, width, height = self.window
        spots = [(0.2, 0.3, 1), (0.5, 0.75, 1), (0.8, 0.3, 1), (0.33, 0.5, 0), (0.65, 0.9, 0)]
        return {
            f"{self.name}-auto-{index}": {
                "id": f"{self.name}-auto-{index}",
                "column": column + x * width,
                "row": row + y * height,
                "label": label,
                "source": "auto",
            }
            for index, (x, y, label) in enumerate(spots)
        }

    def replay(self) -> Json:
        prompts, boxes = self.automatic(), {}
        settings = {
            "strategy": "apt_plus",
            "threshold": 0.5,
            "points_per_class": 33,
            "min_area_m2": 1000,
        }
        gone: list[list[float]] = []
        for edit in self.log:
            kind = edit["kind"]
            rest = {name: value for name, value in edit.items() if name != "kind"}
            if kind == "prompt_set":
                prompts[edit["id"]] = {**rest, "source": "person"}
            elif kind == "box_set":
                boxes[edit["id"]] = {**rest, "source": "person"}
            elif kind == "prompt_delete":
                prompts.pop(edit["id"], None)
                boxes.pop(edit["id"], None)
            elif kind == "prompts_clear":
                prompts = {k: v for k, v in prompts.items() if v["source"] == "auto"}
            elif kind == "settings":
                settings |= rest
            elif kind == "parcel_delete":
                gone.append(edit["point"])
        parcels = [p for p in self.parcels() if not any(_covers(p, point) for point in gone)]
        for edit in self.log:
            for parcel in parcels:
                if "point" in edit and _covers(parcel, edit["point"]):
                    parcel.update(_said(edit))
        return {
            "prompts": list(prompts.values()),
            "boxes": list(boxes.values()),
            "settings": settings,
            "parcels": parcels,
        }

    def parcels(self) -> list[Json]:
        parcels = _field_parcels(self.window)
        column, row, width, height = self.window
        for index in range(self.many_parcels):
            x = column + (index % 100) * width / 100
            y = row + (index // 100) * height / 100
            ring = [[x, y], [x + 4, y], [x + 4, y + 4], [x, y + 4]]
            small = {"area_ha": 0.01, "score": 0.5, "state": "auto", **UNSAID, "rings": [ring]}
            parcels.append({"id": f"m{index}", **small})
        return parcels


def _said(edit: Json) -> Json:
    """What an edit says of the parcel at its point."""
    by = {"reviewer": "Ada", "reviewed_at": "2024-05-01T10:00:00+00:00"}
    if edit["kind"] == "reclassify":
        said = {"land_class": edit["land_class"], "reason": edit["reason"]}
        return {**by, **said, "state": "corrected"}
    if edit["kind"] == "parcel_verdict":
        given = "auto" if edit["verdict"] == "none" else edit["verdict"]
        return {**by, "state": given, "reason": edit["reason"]}
    return {}


def _covers(parcel: Json, point: list[float]) -> bool:
    columns = [column for column, _ in parcel["rings"][0]]
    rows = [row for _, row in parcel["rings"][0]]
    return min(columns) <= point[0] <= max(columns) and min(rows) <= point[1] <= max(rows)


class FakeMap:
    """The state of the server, open to tests: what was asked, and what is to go wrong."""

    def __init__(self, picture: Image.Image | None = None, aspect: float = 1.0) -> None:
        self.width, self.height, self.aspect = 1536, 1024, aspect
        self.picture = picture or _painted(self.width, self.height)
        self.title = "ESA WorldCover 2021"
        self.revision = 1
        self.changed: list[tuple[int, str]] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.post_delay_s = 0.0
        self.hover_delay_s = 0.0
        self.read_delay_s = 0.0
        self.refines = False
        self.refine_delay_s = 0.0
        self.reads = 0
        self.failures: list[Response] = []
        self.tiles = {tile.name: tile for tile in self._tiles()}

    def _tiles(self) -> Iterator[FakeTile]:
        for row in range(0, self.height, CORE):
            for column in range(0, self.width, CORE):
                left, top = max(0, column - HALO), max(0, row - HALO)
                right = min(self.width, column + CORE + HALO)
                bottom = min(self.height, row + CORE + HALO)
                yield FakeTile(
                    f"x{column // CORE}_y{row // CORE}",
                    [column, row, CORE, CORE],
                    [left, top, right - left, bottom - top],
                )

    # What tests do to it.

    def fail_next(self, status: int, message: str, hint: str = "", *, times: int = 1) -> None:
        """The next changes are answered with this instead."""
        self.failures += [
            JSONResponse({"message": message, "hint": hint}, status) for _ in range(times)
        ]

    def meddle(self, tile: str, edit: Json) -> None:
        """Somebody else edits a tile."""
        self._commit(self.tiles[tile], lambda held: held.log.append(edit))

    def posts(self, ending: str) -> list[Any]:
        return [
            body
            for method, path, body in self.requests
            if method == "POST" and path.endswith(ending)
        ]

    # What it answers.

    def scene_state(self) -> Json:
        return {
            "id": SCENE,
            "name": "A scene",
            "width": self.width,
            "height": self.height,
            "aspect": self.aspect,
            "gsd_m": 0.6,
            "north_deg": 12.0,
            "layers_version": "layers-1",
            "landcover_title": self.title,
            "revision": self.revision,
            "tiles": [
                {
                    "name": tile.name,
                    "window": tile.window,
                    "core": tile.core,
                    "verdict": tile.verdict["verdict"],
                    "reviewer": tile.verdict["reviewer"],
                    "uncertainty": 0.2,
                    "predicted": True,
                }
                for tile in self.tiles.values()
            ],
        }

    def state(self, tile: FakeTile) -> Json:
        names = list(self.tiles)
        index = names.index(tile.name)
        replayed = tile.replay()
        working = tile.working_reads > 0
        return {
            "scene": SCENE,
            "name": tile.name,
            "window": tile.window,
            "index": index + 1,
            "count": len(names),
            "previous": names[index - 1] if index else None,
            "next": names[index + 1] if index + 1 < len(names) else None,
            "status": "working" if working else "ready",
            "stage": "Reading the image" if working else None,
            "progress": 0.4 if working else None,
            "error": None,
            "version": tile.version,
            "can_undo": bool(tile.log),
            "can_redo": bool(tile.undone),
            "edit_count": len(tile.log),
            **replayed,
            "stamp": self.stamp(tile),
            "refining": tile.refining,
            "problems": self.problems(tile),
            "mask_version": f"{tile.name}-{tile.version}" + "~first" * tile.refining,
            "cropland_ha": sum(parcel["area_ha"] for parcel in replayed["parcels"]),
            "landcover_ha": 3.4,
            "verdict": tile.verdict,
        }

    def stamp(self, tile: FakeTile) -> str:
        return f"{tile.version}.{tile.verdict['version']}"

    def problems(self, tile: FakeTile) -> Json:
        """A gap and a sliver, until they are repaired."""
        column, row, *_ = tile.window
        left = [
            {
                "kind": kind,
                "point": [column + x, row + 100],
                "area_m2": area,
                "extent": [column + x - 5, row + 50, column + x + 5, row + 150],
                "parcels": ["p0", "p1"],
            }
            for kind, x, area in (("gap", 200, 12.4), ("sliver", 300, 3.25))
        ]
        for edit in (edit for edit in tile.log if edit["kind"] == "repair"):
            left = [p for p in left if "point" in edit and p["point"] != edit["point"]]
        return {"width_m": 0.6, "count": len(left), "first": left}

    def change(self, tile: FakeTile, verb: str, body: Json) -> Response:
        current = tile.verdict["version"] if verb == "verdict" else tile.version
        if body["version"] != current:
            complaint = {"message": "Somebody else was faster.", "hint": "Look again."}
            return JSONResponse({**complaint, "state": self.state(tile)}, 409)
        if verb == "verdict":
            given = {"verdict": body["verdict"], "comment": body["comment"], "reviewer": "Ada"}
            tile.verdict = {**given, "at": "2024-05-01T10:00:00Z", "version": current + 1}
            self._commit(tile, lambda _: None, count=False)
        else:
            self._commit(tile, lambda held: _apply(held, verb, body))
            tile.refining = self.refines
        return JSONResponse(self.state(tile))

    def _commit(
        self, tile: FakeTile, how: Callable[[FakeTile], None], *, count: bool = True
    ) -> None:
        how(tile)
        tile.version += int(count)
        self.revision += 1
        self.changed.append((self.revision, tile.name))


def _apply(tile: FakeTile, verb: str, body: Json) -> None:
    if verb == "edits":
        tile.log += body["edits"]
        tile.undone = []
    elif verb == "undo" and tile.log:
        tile.undone.append(tile.log.pop())
    elif verb == "redo" and tile.undone:
        tile.log.append(tile.undone.pop())


def _painted(width: int, height: int) -> Image.Image:
    """Fields of several greens and browns, with roads between them."""
    picture = Image.new("RGB", (width, height), (108, 112, 88))
    draw = ImageDraw.Draw(picture)
    colours = [(86, 121, 58), (140, 128, 78), (66, 98, 52), (168, 150, 98), (98, 132, 72)]
    for index in range(12 * 8):
        left, top = (index % 12) * 128 + 4, (index // 12) * 128 + 4
        draw.rectangle((left, top, left + 120, top + 118), fill=colours[(index * 7) % 5])
        for stripe in range(left, left + 120, 6):
            draw.line((stripe, top, stripe, top + 118), fill=colours[(index * 7 + 1) % 5])
    return picture


def _png(picture: Image.Image) -> Response:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return Response(held.getvalue(), media_type="image/png", headers={"Cache-Control": "no-store"})


def _tile_picture(fake: FakeMap, layer: str, level: int, x: int, y: int) -> Image.Image:
    side = TILE << level
    box = (x * side, y * side, (x + 1) * side, (y + 1) * side)
    cut = fake.picture.crop(box).resize((TILE, TILE), Image.Resampling.BILINEAR)
    if layer == "imagery":
        return cut
    grey = cut.convert("L").quantize(5).convert("RGB")
    return Image.blend(grey, Image.new("RGB", grey.size, (240, 150, 255)), 0.4).convert("RGBA")


def _overlay_picture(fake: FakeMap, tile: FakeTile, overlay: str) -> Image.Image:
    side = 512
    left, top, width, height = tile.window
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    state = fake.state(tile)

    def spot(column: float, row: float) -> tuple[float, float]:
        return (column - left) * side / width, (row - top) * side / height

    fill = {"probability": (80, 0, 160, 160)}.get(overlay, (255, 80, 80, 150))
    for parcel in state["parcels"]:
        draw.polygon([spot(*corner) for corner in parcel["rings"][0]], fill=fill)
    for prompt in state["prompts"]:
        if prompt["source"] == "person":
            x, y = spot(prompt["column"], prompt["row"])
            draw.ellipse(
                (x - 25, y - 25, x + 25, y + 25), fill=fill if prompt["label"] else (0,) * 4
            )
    return picture


def build_app(fake: FakeMap) -> Starlette:
    def tile_of(request: Request) -> FakeTile:
        return fake.tiles[request.path_params["tile"]]

    async def page(request: Request) -> Response:
        data = {
            "mode": request.query_params.get("mode", "annotate"),
            "bases": ["/cropmap"],
            "bundle": bundle_version(),
            "token": TOKEN,
            "scene": SCENE,
            "tile": "x0_y0",
            "height": request.query_params.get("height", "calc(100vh - 16px)"),
            "layers": ["imagery", "landcover", "label", "probability"],
            "swipe": request.query_params.get("swipe", "1") == "1",
            "version": "1",
        }
        return HTMLResponse(
            PAGE.format(loader=json.dumps(LOADER).replace("</", "<\\/"), data=json.dumps(data))
        )

    async def static(request: Request) -> Response:
        return FileResponse(_BUNDLE / Path(request.path_params["file"]).name)

    async def layer(request: Request) -> Response:
        level, x, y = (int(request.path_params[name]) for name in ("level", "x", "y"))
        return _png(_tile_picture(fake, request.path_params["layer"], level, x, y))

    async def scene(_: Request) -> Response:
        return JSONResponse(fake.scene_state())

    async def tile_state(request: Request) -> Response:
        tile = tile_of(request)
        fake.reads += 1
        await asyncio.sleep(fake.read_delay_s)
        if tile.refining:
            await asyncio.sleep(fake.refine_delay_s)
            tile.refining = False
        answer = JSONResponse(fake.state(tile))
        tile.working_reads = max(0, tile.working_reads - 1)
        return answer

    async def change(request: Request) -> Response:
        body = await request.json()
        fake.requests.append(("POST", request.url.path, body))
        await asyncio.sleep(fake.post_delay_s)
        if fake.failures:
            return fake.failures.pop(0)
        return fake.change(tile_of(request), request.path_params["verb"], body)

    async def overlay(request: Request) -> Response:
        return _png(_overlay_picture(fake, tile_of(request), request.path_params["overlay"]))

    async def hover(request: Request) -> Response:
        fake.requests.append(("GET", request.url.path, dict(request.query_params)))
        await asyncio.sleep(fake.hover_delay_s)
        x, y = (float(request.query_params[name]) for name in ("column", "row"))
        final = request.query_params["closely"] == "1" or not fake.refines
        reach = 30 if final else 20
        corners = [[-reach, -reach], [reach, -reach], [reach, reach], [-reach, reach]]
        ring = [[x + across, y + down] for across, down in [*corners, corners[0]]]
        return JSONResponse({"parts": [[ring]], "final": final})

    async def changes(request: Request) -> Response:
        since = int(request.query_params["since"])
        names = sorted({name for revision, name in fake.changed if revision > since})
        tiles = [[SCENE, name, fake.stamp(fake.tiles[name])] for name in names]
        return JSONResponse({"revision": fake.revision, "tiles": tiles})

    start = "/cropmap/{token}"
    return Starlette(
        routes=[
            Route("/", page),
            Route("/cropmap/static/{file}", static),
            Route(start + "/layers/{scene}/{layer}/{level}/{x}/{y}.png", layer),
            Route(start + "/scene/{scene}", scene),
            Route(start + "/changes", changes),
            Route(start + "/tile/{scene}/{tile}", tile_state),
            Route(start + "/tile/{scene}/{tile}/hover", hover),
            Route(start + "/tile/{scene}/{tile}/{overlay}.png", overlay),
            Route(start + "/tile/{scene}/{tile}/{verb}", change, methods=["POST"]),
        ]
    )


@contextmanager
def served(fake: FakeMap, port: int = 0) -> Iterator[str]:
    """The address at which the fake answers."""
    server = uvicorn.Server(
        uvicorn.Config(build_app(fake), host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


if __name__ == "__main__":
    with served(FakeMap(), 8765) as address:
        print(address)  # noqa: T201
        threading.Event().wait()
