"""The app under the mouse: ``python -m benchmarks.app``.

Click to changed mask pixels in Chromium, first paint of a large scene, memory per session, with 1
and with 10 sessions.  The other nine are clients that click through the same HTTP routes once a
second.  All figures of a table come from one run on one machine: compare ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page

from core.annotate.scenes import add_scene
from core.farmland import write_scene
from core.project import Project
from scripts.running_app import chromium, running_app

CLICKS = 40
SESSIONS = 10
PATIENCE_MS = 180_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=CLICKS)
    parser.add_argument("--large", action="store_true", help="first paint of 20,000 x 20,000 px")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        project, scene = prepare(home, "Clicks", size=1024)
        large = prepare_large(home) if options.large else None
        with running_app(home) as address, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.set_default_timeout(PATIENCE_MS)
            page.goto(address_of(address, project, scene))
            settle(page)
            alone = measure(page, options.clicks)
            memory = server_memory(address)
            with other_sessions(address, project, scene, SESSIONS - 1, browser) as tell:
                crowded = measure(page, options.clicks)
            more = (server_memory(address) - memory) / (SESSIONS - 1)
            report(alone, crowded, more, tell())
            model_share()
            if large is not None:
                first_paint(browser, address, *large)


def prepare(home: Path, name: str, size: int) -> tuple[Project, str]:
    """A project with one made scene, where the app will look."""
    files = write_scene(home / name, 5, size=size)
    return _project(home, name, files.scene, files.landcover)


def _project(home: Path, name: str, scene: Path, landcover: Path | None) -> tuple[Project, str]:
    project = Project.create(home / "projects" / name / f"{name}.cropmap", name)
    return project, add_scene(project, scene, landcover_path=landcover).id


def prepare_large(home: Path) -> tuple[Project, str]:
    """A COG of 20,000 x 20,000 pixels, its farmland repeated."""
    import rasterio
    from rasterio.enums import Resampling

    files = write_scene(home / "part", 6, size=2000)
    with rasterio.open(files.scene) as part:  # noqa: TID251
        rgb, profile = part.read(), part.profile
    profile.update(width=20_000, height=20_000, tiled=True, blockxsize=512, blockysize=512,
                   compress="deflate", driver="GTiff", BIGTIFF="YES")  # fmt: skip
    path = home / "large.tif"
    with rasterio.open(path, "w", **profile) as large:  # noqa: TID251
        for row in range(10):
            strip = np.tile(rgb, (1, 1, 10))
            large.write(strip, window=rasterio.windows.Window(0, row * 2000, 20_000, 2000))
    with rasterio.open(path, "r+") as large:  # noqa: TID251
        large.build_overviews([2, 4, 8, 16, 32, 64], Resampling.average)
    return _project(home, "Large", path, None)


def address_of(address: str, project: Project, scene: str) -> str:
    largest = max(project.tiles(scene), key=lambda t: t.window[2] * t.window[3]).name
    return f"{address}/annotate?project={project.id}&scene={scene}&tile={largest}"


def settle(page: Page) -> None:
    page.wait_for_function(
        "window.__cropmap && window.__cropmap.state && window.__cropmap.state.status === 'ready'"
        " && !window.__cropmap.busy()"
    )


def measure(page: Page, clicks: int) -> list[float]:
    """Milliseconds from mouse down to painted mask."""
    page.evaluate(
        "window.__painted = [];"
        "document.addEventListener('cropmap:mask', e => window.__painted.push(e.detail))"
    )
    generator = np.random.default_rng(1)
    state = page.evaluate("window.__cropmap.state")
    column, row, width, height = state["window"]
    times: list[float] = []
    for _ in range(clicks):
        share = generator.uniform(0.1, 0.9, 2)
        before = page.evaluate("window.__painted.length")
        spot = page.evaluate(
            f"window.__cropmap.pixelToScreen({column + width * share[0]}, "
            f"{row + height * share[1]})"
        )
        page.mouse.click(spot["x"], spot["y"])
        try:
            page.wait_for_function(f"window.__painted.length > {before}", timeout=8_000)
        except Exception as error:
            if "Timeout" not in type(error).__name__:
                raise
            continue
        times.append(page.evaluate("window.__painted.at(-1).sinceClickMs"))
        page.wait_for_timeout(150)
    return times


@contextmanager
def other_sessions(
    address: str, project: Project, scene: str, count: int, browser: Any
) -> Iterator[Callable[[], list[float]]]:
    """Clients that click once a second, each on a tile of its own project."""
    stop, waits = threading.Event(), []
    homes = [prepare(project.path.parents[2], f"Other {n}", size=1024) for n in range(count)]
    tokens = [_token(browser, address_of(address, *home)) for home in homes]
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


def _token(browser: Any, url: str) -> str:
    """The token that the page of a real session was given."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    tokens: list[str] = []
    page.on(
        "request",
        lambda r: (
            tokens.append(r.url.split("/cropmap/")[1].split("/")[0])
            if "/cropmap/" in r.url and "/tile/" in r.url
            else None
        ),
    )
    page.goto(url)
    settle(page)
    page.close()
    return tokens[-1]


def _click_on(
    address: str,
    token: str,
    project: Project,
    scene: str,
    stop: threading.Event,
    waits: list[float],
) -> None:
    tile = max(project.tiles(scene), key=lambda t: t.window[2] * t.window[3]).name
    base = f"{address}/cropmap/{token}/tile/{scene}/{tile}"
    state = _ask(base, address)
    generator = np.random.default_rng(abs(hash(token)) % 2**32)
    number = 0
    while not stop.wait(float(generator.uniform(0.7, 1.3))):
        column, row, width, height = state["window"]
        x, y = generator.uniform(0.1, 0.9, 2)
        number += 1
        edit = {"kind": "prompt_set", "id": f"{token[:8]}{number}", "label": 1,
                "column": column + width * x, "row": row + height * y}  # fmt: skip
        start = time.perf_counter()
        state = _ask(f"{base}/edits", address, {"version": state["version"], "edits": [edit]})
        waits.append((time.perf_counter() - start) * 1000)


def _ask(url: str, address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Origin": address})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        state: dict[str, Any] = json.loads(answer.read())
        return state


def server_memory(address: str) -> float:
    """Megabytes of the app's process."""
    port = int(address.rsplit(":", 1)[1])
    for process in psutil.process_iter(["cmdline"]):
        if f"--server.port={port}" in (process.info["cmdline"] or []):
            return float(process.memory_info().rss) / 2**20
    raise RuntimeError("the app is gone")


def report(
    alone: list[float],
    crowded: list[float],
    memory: float,
    others: list[float],
) -> None:
    print("| ms | p50 | p95 | n |\n|---|---|---|---|")
    _row("click to mask pixels, 1 session", alone)
    _row("click to mask pixels, 10 sessions", crowded)
    _row("an edit's answer for the other nine", others)
    print(f"\nserver memory per further session: {memory:.0f} MB")


def _row(name: str, values: list[float]) -> None:
    if values:
        p95 = float(np.percentile(values, 95))
        print(f"| {name} | {statistics.median(values):.0f} | {p95:.0f} | {len(values)} |")


def model_share() -> None:
    """What the model itself takes of it, in this process."""
    from core.annotate.models import load_cached
    from core.grid import PixelPoint
    from core.prompts.prompt import Prompt
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


def first_paint(browser: Any, address: str, project: Project, scene: str) -> None:
    """From asking for the annotation page of a large scene to the last of its first map tiles."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.wait_for_timeout(3000)
    start = time.perf_counter()
    page.goto(address_of(address, project, scene))
    page.wait_for_selector(".leaflet-tile-loaded")
    first = time.perf_counter() - start
    page.wait_for_function(
        "document.querySelectorAll('.leaflet-tile').length > 0 &&"
        " [...document.querySelectorAll('.leaflet-tile')].every(t => t.complete)"
    )
    print(
        f"\n20,000 x 20,000 px: first tile {first:.2f} s, all {time.perf_counter() - start:.2f} s"
    )
    page.close()


if __name__ == "__main__":
    main()
