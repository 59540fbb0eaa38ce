"""The app under the mouse: ``python -m benchmarks.app``.

Click to changed mask pixels in Chromium, the preview under the pointer, first paint of a large
scene, memory per session, with 1 and with 10 sessions.  The other nine are clients that click
through the same HTTP routes once a second.  All figures come from one run on one machine: compare
ratios.

A click is answered twice: a first mask from what is at hand, then the final one.  Both are told,
for clicks anywhere at once and for clicks where the pointer has rested, as a person's does.  There
the preview stands for the answer from the moment of the click: when it is on the screen, and how
many of them are the final answer, is told, too.  An edit that reaches nine others, who look at the
same tile, is told as they see it first and when it is final.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from benchmarks.followers import EVERY_S, ask, followers
from core.farmland import write_scene
from core.project import Project
from core.session.adding_scenes import add_scene
from scripts.running_app import chromium, introduce, running_app

CLICKS = 25
EDITS = 10
SESSIONS = 10
PATIENCE_MS = 180_000
VISITS = 5
_REFUSED = 400

REST_MS = 500
"""How long the pointer rests before a click that was thought about."""


@dataclass(slots=True)
class Waits:
    """Milliseconds until the first and the final answer were seen.

    ``held``: until the preview stood for the answer, and whether it was the final one.
    """

    first: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    held: list[tuple[float, bool]] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=CLICKS)
    parser.add_argument("--edits", type=int, default=EDITS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        project, scene = prepare(home, "Clicks", size=1024)
        large = prepare_large(home)
        print("| ms | p50 | p95 | n |\n|---|---|---|---|")
        with running_app(home) as address, chromium() as browser:
            page = new_page(browser, address, home)
            page.goto(address_of(address, project, scene))
            settle(page)
            measure(page, 3, rest_ms=REST_MS)  # what is compiled and loaded once is no click's
            tell("1 session: click anywhere", measure(page, options.clicks))
            rested = measure(page, options.clicks, rest_ms=REST_MS)
            tell(f"1 session: click after {REST_MS / 1000} s of rest", rested)
            tell_held(rested)
            reached = reach(address, project, scene, browser, options.edits)
            tell("an edit of one person reaches nine others on the tile", reached)
            tell("1 session: preview, from rest", hover(page, options.clicks))
            memory = server_memory(address)
            with other_sessions(address, project, scene, SESSIONS - 1, browser) as others:
                crowded = measure(page, options.clicks)
                previews = hover(page, options.clicks)
                waits = others()
            more = (server_memory(address) - memory) / (SESSIONS - 1)
            tell(f"{SESSIONS} sessions: click anywhere", crowded)
            tell(f"{SESSIONS} sessions: preview, from rest", previews)
            tell("a click of the other nine, each on a tile of its own", waits)
            model_share()
            page.close()
            first_paint(browser, address, home, *large)
            print(f"\nserver memory per further session: {more:.0f} MB")


def prepare(home: Path, name: str, size: int) -> tuple[Project, str]:
    """A project with one made scene, where the app will look."""
    files = write_scene(home / name, 5, size=size)
    return _project(home, name, files.scene, files.landcover)


def _project(home: Path, name: str, scene: Path, landcover: Path | None) -> tuple[Project, str]:
    project = Project.create(home / "projects" / name / f"{name}.cropmap", name)
    return project, add_scene(project, scene, landcover_path=landcover).id


def prepare_large(home: Path) -> tuple[Project, str]:
    """20,000 x 20,000 pixels in blocks and with overviews, as a COG has them; farmland repeated."""
    import rasterio
    from rasterio.enums import Resampling

    files = write_scene(home / "part", 6, size=2000)
    with rasterio.open(files.scene) as part:  # noqa: TID251
        rgb, profile = part.read(), part.profile
    profile.update(width=20_000, height=20_000, tiled=True, blockxsize=512, blockysize=512,
                   compress="deflate", zlevel=1, num_threads="all_cpus", driver="GTiff",
                   BIGTIFF="YES")  # fmt: skip
    path = home / "large.tif"
    with rasterio.open(path, "w", **profile) as large:  # noqa: TID251
        for row in range(10):
            strip = np.tile(rgb, (1, 1, 10))
            large.write(strip, window=rasterio.windows.Window(0, row * 2000, 20_000, 2000))
    with rasterio.open(path, "r+") as large:  # noqa: TID251
        large.build_overviews([2, 4, 8, 16, 32, 64], Resampling.average)
    return _project(home, "Large", path, None)


def new_page(browser: Any, address: str, home: Path) -> Page:
    """A page of a browser whose person the app knows."""
    page: Page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(PATIENCE_MS)
    introduce(page.context, address, home, "Ada")
    return page


def address_of(address: str, project: Project, scene: str) -> str:
    largest = _largest(project, scene)
    return f"{address}/annotate?project={project.id}&scene={scene}&tile={largest}"


def _largest(project: Project, scene: str) -> str:
    return max(project.tiles(scene), key=lambda t: t.window[2] * t.window[3]).name


def settle(page: Page) -> None:
    page.wait_for_function(
        "window.__cropmap && window.__cropmap.state && window.__cropmap.state.status === 'ready'"
        " && !window.__cropmap.busy()"
    )


def measure(page: Page, clicks: int, *, rest_ms: int = 0) -> Waits:
    """From mouse down to the painted mask, at random places.

    Without a rest the mouse is there and clicks in one go.
    """
    page.evaluate(
        "if (!window.__painted) document.addEventListener('cropmap:mask',"
        " e => e.detail.sinceClickMs !== null && window.__painted.push(e.detail));"
        "if (!window.__held) document.addEventListener('cropmap:held',"
        " e => window.__held.push([e.detail.sinceClickMs, e.detail.final]));"
        "window.__painted = []; window.__held = [];"
    )
    waits = Waits()
    for spot in _spots(page, clicks, seed=1 + rest_ms):
        settle(page)
        page.mouse.move(spot["x"], spot["y"])
        if rest_ms:
            page.wait_for_timeout(rest_ms)
        page.evaluate("window.__painted = []")
        with page.expect_response(lambda answer: answer.url.endswith("/edits")) as answered:
            page.mouse.click(spot["x"], spot["y"])
        if answered.value.status == _REFUSED:
            continue  # There is no field to be found in that place, and nothing is painted.
        with suppress(PlaywrightTimeoutError):
            page.wait_for_function("window.__painted.some(mask => mask.final)", timeout=20_000)
            painted = page.evaluate("window.__painted")
            waits.first.append(painted[0]["sinceClickMs"])
            waits.final.append(painted[-1]["sinceClickMs"])
        page.wait_for_timeout(150)
    waits.held = page.evaluate("window.__held")
    return waits


def reach(address: str, project: Project, scene: str, browser: Any, edits: int) -> Waits:
    """From an edit's request to the states of nine others who look at the same tile."""
    home = project.path.parents[2]
    own, *others = [_token(browser, address, home, project, scene) for _ in range(4)]
    tile = _largest(project, scene)
    path = f"{address}/cropmap/{own}/tile/{scene}/{tile}"
    generator, sent = np.random.default_rng(7), {}
    with followers(address, others * 3, scene, tile) as seen:
        for number in range(edits):
            state = ask(path, address)
            edit = _click_in(state, f"reach{number}", generator)
            start = time.perf_counter()
            answer = ask(f"{path}/edits", address, {"version": state["version"], "edits": [edit]})
            sent[answer["version"]] = start
            time.sleep(EVERY_S)
        time.sleep(3 * EVERY_S)
    return Waits(
        [(at - sent[v]) * 1000 for v, times in seen.first.items() if v in sent for at in times],
        [(at - sent[v]) * 1000 for v, times in seen.final.items() if v in sent for at in times],
    )


def hover(page: Page, places: int) -> Waits:
    """From the pointer's last movement to the painted preview; where there is nothing, none."""
    page.evaluate(
        "if (!window.__previews) {"
        " document.addEventListener('pointermove', () => { window.__moved = performance.now(); },"
        " true);"
        " document.addEventListener('cropmap:preview', e => window.__previews.push("
        "{ms: performance.now() - window.__moved, final: e.detail.final})); }"
        "window.__previews = [];"
    )
    waits = Waits()
    for spot in _spots(page, places, seed=2):
        settle(page)
        page.evaluate("window.__previews = []")
        page.mouse.move(spot["x"], spot["y"], steps=3)
        with suppress(PlaywrightTimeoutError):
            page.wait_for_function("window.__previews.some(p => p.final)", timeout=3_000)
        previews = page.evaluate("window.__previews")
        waits.first += [preview["ms"] for preview in previews[:1]]
        waits.final += [preview["ms"] for preview in previews[-1:] if preview["final"]]
    return waits


def _spots(page: Page, count: int, seed: int) -> list[dict[str, float]]:
    """Random places of the tile, where they are on the screen."""
    generator = np.random.default_rng(seed)
    column, row, width, height = page.evaluate("window.__cropmap.state")["window"]
    shares = generator.uniform(0.1, 0.9, (count, 2))
    places = [[column + width * x, row + height * y] for x, y in shares.tolist()]
    spots: list[dict[str, float]] = page.evaluate(
        "places => places.map(([column, row]) => window.__cropmap.pixelToScreen(column, row))",
        places,
    )
    return spots


@contextmanager
def other_sessions(
    address: str, project: Project, scene: str, count: int, browser: Any
) -> Iterator[Callable[[], Waits]]:
    """Clients that click once a second, each on a tile of its own project."""
    stop, waits = threading.Event(), Waits()
    folder = project.path.parents[2]
    homes = [prepare(folder, f"Other {n}", size=1024) for n in range(count)]
    tokens = [_token(browser, address, folder, *home) for home in homes]
    threads = [
        threading.Thread(target=_click_on, args=(address, token, *home, stop, waits), daemon=True)
        for token, home in zip(tokens, homes, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(3)
    yield lambda: waits
    stop.set()
    for thread in threads:
        thread.join(30)


def _token(browser: Any, address: str, home: Path, project: Project, scene: str) -> str:
    """The token that the page of a real session was given."""
    page = new_page(browser, address, home)
    tokens: list[str] = []
    page.on(
        "request",
        lambda r: (
            tokens.append(r.url.split("/cropmap/")[1].split("/")[0])
            if "/cropmap/" in r.url and "/tile/" in r.url
            else None
        ),
    )
    page.goto(address_of(address, project, scene))
    settle(page)
    page.close()
    return tokens[-1]


def _click_on(
    address: str,
    token: str,
    project: Project,
    scene: str,
    stop: threading.Event,
    waits: Waits,
) -> None:
    tile = _largest(project, scene)
    base = f"{address}/cropmap/{token}/tile/{scene}/{tile}"
    state = ask(base, address)
    generator = np.random.default_rng(abs(hash(token)) % 2**32)
    number = 0
    while not stop.wait(float(generator.uniform(0.7, 1.3))):
        number += 1
        edit = _click_in(state, f"{token[:8]}{number}", generator)
        start = time.perf_counter()
        try:
            state = ask(f"{base}/edits", address, {"version": state["version"], "edits": [edit]})
        except urllib.error.HTTPError as refused:
            if refused.code != _REFUSED:
                raise
            continue  # There is no field to be found in that place: another one.
        waits.first.append((time.perf_counter() - start) * 1000)
        while state["refining"]:
            state = ask(base, address)
        waits.final.append((time.perf_counter() - start) * 1000)


def _click_in(state: dict[str, Any], name: str, generator: np.random.Generator) -> dict[str, Any]:
    """A click anywhere in a tile."""
    column, row, width, height = state["window"]
    x, y = generator.uniform(0.1, 0.9, 2)
    place = {"column": column + width * x, "row": row + height * y}
    return {"kind": "prompt_set", "id": name, "label": 1, **place}


def server_memory(address: str) -> float:
    """Megabytes of the app's process."""
    port = int(address.rsplit(":", 1)[1])
    for process in psutil.process_iter(["cmdline"]):
        if f"--server.port={port}" in (process.info["cmdline"] or []):
            return float(process.memory_info().rss) / 2**20
    raise RuntimeError("the app is gone")


def tell(name: str, waits: Waits) -> None:
    _row(f"{name}, first answer", waits.first)
    _row(f"{name}, final answer", waits.final)


def tell_held(rested: Waits) -> None:
    """How soon a preview stood for the answer to a click, and how often as the final one."""
    for which, wanted in (("first", (False, True)), ("final", (True,))):
        held = [ms for ms, final in rested.held if final in wanted]
        _row(f"of it, the preview stands for the {which} answer", held)


def _row(name: str, values: list[float]) -> None:
    if values:
        p95 = float(np.percentile(values, 95))
        row = f"| {name} | {statistics.median(values):.0f} | {p95:.0f} | {len(values)} |"
        print(row, flush=True)


def model_share() -> None:
    """What the model itself takes of it, in this process."""
    from core.grid import PixelPoint
    from core.prompts.prompt import Prompt
    from core.sam.load import load_cached
    from core.sam.protocol import to_batch
    from core.sam.registry import DEFAULT_MODEL

    segmenter = load_cached(DEFAULT_MODEL)
    # Other pixels each time: the cache on disk must not answer.
    generator = np.random.default_rng()
    encode, decode = [], []
    for n in range(6):
        rgb = generator.integers(0, 255, (1024, 1024, 3)).astype(np.uint8)
        start = time.perf_counter()
        embedding = segmenter.embed(rgb)
        encode.append((time.perf_counter() - start) * 1000)
        for _ in range(5):
            batch = to_batch((Prompt(PixelPoint(100.0 + n, 200.0), 1, "person"),))
            start = time.perf_counter()
            segmenter.decode(embedding, batch, multimask=False)
            decode.append((time.perf_counter() - start) * 1000)
    _row("encoder (with the cache's write)", encode)
    _row("decoder", decode)


def first_paint(browser: Any, address: str, home: Path, project: Project, scene: str) -> None:
    """The annotation page of a large scene, opened by its address: from nothing to its imagery."""
    rows: dict[str, list[float]] = {}
    for _ in range(VISITS):
        page = new_page(browser, address, home)
        page.goto(address)
        page.wait_for_timeout(3000)
        page.goto(address_of(address, project, scene))
        page.wait_for_selector(".leaflet-tile-loaded")
        page.wait_for_function(
            "[...document.querySelectorAll('.leaflet-tile')].every(tile => tile.complete)"
        )
        # Of the navigation, which is where the browser's clock begins.
        map_asked, first, last = page.evaluate(
            "(() => { const all = performance.getEntriesByType('resource');"
            " const layers = all.filter(({name}) => name.includes('/layers/'));"
            " const ends = layers.map(({responseEnd}) => responseEnd);"
            " const map = all.find(({name}) => name.includes('/cropmap/static/map.js'));"
            " return [map.startTime, Math.min(...ends), Math.max(...ends)]; })()"
        )
        rows.setdefault("20,000 x 20,000 px: page to first imagery", []).append(first)
        rows.setdefault("20,000 x 20,000 px: page to all imagery", []).append(last)
        rows.setdefault("of it the map itself, all imagery", []).append(last - map_asked)
        page.close()
    for name, values in rows.items():
        _row(name, values)


if __name__ == "__main__":
    main()
