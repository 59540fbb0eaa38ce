"""Who asks the app without being one of its own pages: nobody may be let in."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.torture.farm import Farm, make_farm
from benchmarks.torture.serving import Server
from benchmarks.torture.tally import Tally
from benchmarks.torture.web import Web

_UPGRADE = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
_STRANGERS: tuple[dict[str, str], ...] = (
    {"host": "evil.example", "origin": "http://evil.example"},
    {"host": "evil.example:{port}"},
    {"host": "localhost.evil.example:{port}"},
    {"host": "localhost:{port}@evil.example"},
    {"host": ""},
    {"origin": "http://evil.example"},
    {"origin": "http://localhost:1"},
    {"origin": "null"},
    {"origin": "http://localhost:{port}.evil.example"},
    {"origin": "", "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)


@dataclass(frozen=True, slots=True)
class Door:
    """Something that can be asked for."""

    method: str
    path: str
    body: bytes = b""


def run_doors(folder: Path) -> Tally:
    """Knock at all of them, under all names."""
    tally = Tally("door")
    asyncio.run(_knock(tally, make_farm(folder)))
    return tally


async def _knock(tally: Tally, farm: Farm) -> None:
    server = Server(farm.project, 1, farm.folder / "doors.log", farm.environment)
    token = server.tokens[0]
    for number, door in enumerate(_doors(farm, token)):
        for stranger in _STRANGERS:
            headers = {k: v.format(port=server.port) for k, v in stranger.items()}
            await _try(tally, server, number, door, headers)
    for number, door in enumerate(_without_leave(farm, token)):
        await _try(tally, server, 100 + number, door, {})
    web = Web(server.port)
    own = await web.get(f"/cropmap/{token}/scene/{farm.scene_id}")
    if own.status != 200:
        tally.note("silently wrong", 0, f"the app's own page gets {own.status}")
    web.close()
    server.process.kill()
    tally.seen(0, server.process)


async def _try(
    tally: Tally, server: Server, number: int, door: Door, headers: dict[str, str]
) -> None:
    web, more = Web(server.port), _UPGRADE if "stream" in door.path else {}
    try:
        async with asyncio.timeout(10):
            answer = await web.ask(door.method, door.path, door.body, {**more, **headers})
        refused = 400 <= answer.status < 500
        outcome = "refused" if refused else "traceback" if answer.status >= 500 else "door open"
        tally.add(outcome, number, f"{door} {headers}: {answer.status} {answer.body[:200]!r}")
    except (OSError, asyncio.IncompleteReadError):
        tally.add("refused", number)
    except TimeoutError:
        tally.add("hang", number, f"{door} {headers}")
    finally:
        web.close()


def _doors(farm: Farm, token: str) -> list[Door]:
    """The app's own addresses."""
    tile = f"/cropmap/{token}/tile/{farm.scene_id}/{farm.tiles[0]}"
    body = json.dumps({"version": 0, "edits": [{"kind": "prompts_clear"}]}).encode()
    pages = ("/", "/_stcore/health", "/_stcore/host-config", "/_stcore/stream", "/static/x.js")
    routes = (f"/cropmap/{token}/scene/{farm.scene_id}", f"/cropmap/{token}/changes?since=0", tile)
    return [
        *(Door("GET", path) for path in (*pages, *routes, f"{tile}/probability.png")),
        *(Door("POST", f"{tile}/{what}", body) for what in ("edits", "undo", "redo", "verdict")),
        Door("PUT", "/_stcore/upload_file/a/b", b"x"),
        Door("GET", f"/cropmap/{token}/layers/{farm.scene_id}/imagery/0/0/0.png"),
        Door("GET", f"/cropmap/{token}/files/x"),
    ]


def _without_leave(farm: Farm, token: str) -> list[Door]:
    """What the app's own page may not have either: other people's tokens, files elsewhere."""
    name = farm.project.name
    ups = ("../" * n + name for n in (1, 2, 3))
    escaped = ("%2e%2e/" * n + name for n in (1, 2, 3))
    files = (*ups, *escaped, "/etc/passwd", "%2fetc%2fpasswd", "..%5c..%5c" + name, "%00")
    tile = f"tile/{farm.scene_id}/{farm.tiles[0]}"
    others = ("x", "", token[:-1], token + "A", token.swapcase(), "%00", "..")
    return [
        *(Door("GET", f"/cropmap/{token}/files/{file}") for file in files),
        *(Door("GET", f"/cropmap/{token}/evaluation/{file}") for file in files),
        *(Door("GET", f"/cropmap/{other}/{tile}") for other in others),
        *(Door("GET", f"/cropmap/{token}/tile/{scene}/x") for scene in ("..", "%2e%2e", "x", "'")),
    ]
