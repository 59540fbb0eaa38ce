"""The app's own routes on a made project, with a model that answers by colour, and faults.

Also a page that mounts the map as Streamlit does.  To look at it by hand:
``python -m tests.ui.map_server`` and open the address that it prints.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import numpy.typing as npt
import shapely
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.label.click import CLOSER_SIDE
from core.label.correction_import import LabelsImport
from core.label.edit_units import EditUnits
from core.label.edits import edit_to_json
from core.parcels.parcel import Parcel
from core.project import EditRecord, VerdictRecord
from core.sam.protocol import Embedding
from core.session.models import Models
from core.session.opened import open_project, open_project_scene
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter
from ui.map import LOADER, bundle_version
from ui.server import annotate, tokens
from ui.server.nodelay import answering_at_once
from ui.server.routes import ROUTES

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
window.previews = [];
window.held = [];
document.addEventListener("cropmap:mask", (event) => window.masks.push(event.detail));
document.addEventListener("cropmap:preview", (event) => window.previews.push(event.detail));
document.addEventListener("cropmap:held", (event) => window.held.push(event.detail));
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


@dataclass
class SteeredSegmenter(ColourSegmenter):
    """Answers by colour; tests say how long it takes to look."""

    closer_delay_s: float = 0.0
    """What a closer look takes; the whole tile is seen at once."""
    may_look: threading.Event = field(default_factory=threading.Event)
    """Until it is set, nobody sees a whole tile."""

    def __post_init__(self) -> None:
        self.may_look.set()

    def embed(self, rgb: npt.NDArray[np.uint8]) -> Embedding:
        if max(rgb.shape[:2]) <= CLOSER_SIDE:
            time.sleep(self.closer_delay_s)
        else:
            assert self.may_look.wait(60)
        return super().embed(rgb)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


class Faults:
    """ASGI middleware that remembers what was asked, answers late, and refuses where it is told to.

    Attributes
    ----------
    posts_s, reads_s, hovers_s : float
        Seconds by which changes, states of tiles, and previews come late.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._refusals: list[Response] = []
        self.asked: list[Asked] = []
        self.posts_s = self.reads_s = self.hovers_s = 0.0

    def refuse_next(self, status: int, message: str, hint: str = "", *, times: int = 1) -> None:
        """The next changes are answered with this and reach nothing."""
        answer = {"message": message, "hint": hint}
        self._refusals += [JSONResponse(answer, status) for _ in range(times)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/tile/" not in scope["path"]:
            await self._app(scope, receive, send)
            return
        raw = await Request(scope, receive).body()
        asked = Asked(
            scope["method"],
            scope["path"],
            dict(parse_qsl(scope["query_string"].decode())),
            json.loads(raw) if raw else None,
        )
        self.asked.append(asked)
        await asyncio.sleep(self._delay_s(asked))
        if asked.method == "POST" and self._refusals:
            await self._refusals.pop(0)(scope, receive, send)
            return

        async def again() -> Message:
            return {"type": "http.request", "body": raw, "more_body": False}

        await self._app(scope, again, send)

    def _delay_s(self, asked: Asked) -> float:
        if asked.method == "POST":
            return self.posts_s
        if asked.path.endswith("/hover"):
            return self.hovers_s
        return 0.0 if asked.path.endswith(".png") else self.reads_s


class MapServer:
    """The routes on one project, and what tests do to it and ask of it."""

    def __init__(self, path: Path) -> None:
        self.model = SteeredSegmenter()
        self.workspaces = Workspaces(Models(lambda _key: self.model))
        self.path = path
        self.project = open_project(path)
        self.scene = self.project.scenes()[0].id
        self.tile = self.project.tiles(self.scene)[0].name
        self.token = self.issue_token()
        routes = [Route("/", self._page), *ROUTES]
        self.faults = Faults(Starlette(routes=routes, lifespan=answering_at_once))

    def issue_token(self) -> str:
        """A token for Ada, whose browser this is."""
        return tokens.issue(self.path, "Ada")

    def forget_token(self) -> None:
        """As after a restart of the app."""
        tokens.revoke(self.token)

    def meddle(self, *edits: dict[str, Any]) -> None:
        """Somebody else edits the first tile."""
        workspace = self.workspaces.get(self.project, self.scene, self.tile)
        version = self.project.log(self.scene, self.tile).version
        workspace.edit(list(edits), version, "Ben")

    def take_over(self, shapes: Sequence[shapely.Polygon]) -> None:
        """Labels from a file, in native pixels, take the place of the first tile's."""
        frame = open_project_scene(self.project, self.scene).frame(self.tile)
        parcels = tuple(Parcel(f"m{n}", shape, 0.5, "auto") for n, shape in enumerate(shapes))
        edit = edit_to_json(LabelsImport("fields.gpkg", parcels), EditUnits.stored(frame))
        version = self.project.log(self.scene, self.tile).version
        self.project.append(self.scene, self.tile, [edit], author="Ben", expected_version=version)

    def judge(self, verdict: str, comment: str, reviewer: str) -> None:
        """Somebody else gives a verdict on the first tile."""
        version = self.verdict.version
        self.project.set_verdict(
            self.scene,
            self.tile,
            verdict,
            comment=comment,
            reviewer=reviewer,
            expected_version=version,
        )

    @property
    def verdict(self) -> VerdictRecord:
        """Of the first tile."""
        return self.project.tile(self.scene, self.tile).verdict

    @property
    def log(self) -> tuple[EditRecord, ...]:
        """The edits of the first tile that are in force."""
        return self.project.log(self.scene, self.tile).edits

    @property
    def changes(self) -> list[Any]:
        """The bodies of the edits that were sent for the first tile, refused ones too."""
        ending = f"/tile/{self.scene}/{self.tile}/edits"
        return [asked.body for asked in self.faults.asked if asked.path.endswith(ending)]

    @property
    def reads(self) -> int:
        """How often the first tile's state was read."""
        ending = f"/tile/{self.scene}/{self.tile}"
        return sum(asked.path.endswith(ending) for asked in self.faults.asked)

    @property
    def hovers(self) -> list[dict[str, str]]:
        """What previews were asked for."""
        return [asked.query for asked in self.faults.asked if asked.path.endswith("/hover")]

    def _page(self, request: Request) -> Response:
        data = {
            "mode": request.query_params.get("mode", "annotate"),
            "bases": ["/cropmap"],
            "bundle": bundle_version(),
            "token": self.token,
            "scene": self.scene,
            "tile": self.tile,
            "height": request.query_params.get("height", "calc(100vh - 16px)"),
            "layers": ["imagery", "landcover", "label", "probability"],
            "swipe": request.query_params.get("swipe", "1") == "1",
            "version": "1",
        }
        return HTMLResponse(
            PAGE.format(loader=json.dumps(LOADER).replace("</", "<\\/"), data=json.dumps(data))
        )


@contextmanager
def served(server: MapServer, port: int = 0) -> Iterator[str]:
    """The address at which a server answers, in this process: one at a time."""
    own = annotate.get_workspaces
    annotate.get_workspaces = lambda: server.workspaces
    config = uvicorn.Config(server.faults, host="127.0.0.1", port=port, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.model.may_look.set()
        running.should_exit = True
        thread.join(timeout=5)
        server.workspaces.settle()
        annotate.get_workspaces = own


def _by_hand() -> None:
    from tests.ui.made_farm import make_farm

    with tempfile.TemporaryDirectory() as folder:
        path = make_farm(Path(folder) / "made").copied(Path(folder) / "farm")
        with served(MapServer(path), 8765) as address:
            print(address)  # noqa: T201
            threading.Event().wait()


if __name__ == "__main__":
    _by_hand()
