"""Pictures of every page, as a person sees it: docs/screenshots at two window sizes.

.venv/bin/python -m scripts.screenshots [FOLDER]

Makes a demo project in a folder of its own, maps it, starts the app on a free port and looks at it
with Chromium.  Exit status 1 where a page shows an error.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import Page

from scripts.running_app import ROOT, chromium, introduce, running_app

if TYPE_CHECKING:
    from core.project import Project

SIZES = ((1280, 720), (768, 1024))
PAGES = {
    "start": "text=How it works",
    "scene": ".cropmap-legend",
    "annotate": ".leaflet-tile-loaded",
    "review": "text=Who did what",
    "evaluate": "text=Worst tiles first",
    "results": "text=Export",
}
"""Each page, and what is there once it has been drawn."""

_PATIENCE_MS = 120_000
_BUSY = '[data-testid="stStatusWidget"], [class*="st-key-cropmap_job"], [data-testid="stSpinner"]'
_MAP_IS_READY = """() => {
  const map = window.__cropmap;
  return Boolean(map && map.state && map.state.status === "ready" && !map.busy());
}"""


def make_project(folder: Path) -> str:
    """A mapped demo project with a verdict, below ``folder``; its id."""
    os.environ["CROPMAP_CACHE_DIR"] = str(folder / "cache")
    os.environ["CROPMAP_PROJECTS_DIR"] = str(folder / "projects")
    # Settings are read once, from the environment as it is now.
    from core.session import make_demo, predict_all  # noqa: PLC0415

    project = make_demo(lambda *_: None, lambda: False)
    (scene,) = project.scenes()
    predict_all(project, scene.id, lambda *_: None, lambda: False)
    _evaluate(project, scene.id)
    first = project.tiles(scene.id)[0]
    project.set_verdict(
        scene.id,
        first.name,
        "accepted",
        comment="Hedges checked",
        reviewer="Ada",
        expected_version=first.verdict.version,
    )
    return project.id


def _evaluate(project: Project, scene_id: str) -> None:
    """Methods compared on the made scene, whose exact truth lies beside it."""
    from core.study.projects import (  # noqa: PLC0415
        RunRequest,
        TruthSource,
        do_run,
        new_run,
        read_truth,
    )

    truth = TruthSource("file", str(project.folder / "truth.tif"), "truth.tif", numbered=True)
    read_truth(project, scene_id, truth)
    methods = ("land cover", "classifier", "joint", "apt_plus")
    run = new_run(project, RunRequest(scenes=(scene_id,), methods=methods))
    do_run(project, run, progress=lambda *_: None, cancelled=lambda: False)


def take(address: str, folder: Path, project: str, out: Path) -> list[str]:
    """All pictures of the app in ``folder`` into ``out``; pages that show an error."""
    wrong: list[str] = []
    with chromium() as browser:
        for width, height in SIZES:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(_PATIENCE_MS)
            introduce(page.context, address, folder, "Ada")
            for name in PAGES:
                _visit(page, address, name, project)
                _save(page, out / f"{name}-{width}.png")
                if page.locator('[data-testid="stAlertContentError"]').count():
                    wrong.append(f"{name} at {width} px")
            _open_settings(page, address, project)
            _save(page, out / f"settings-{width}.png")
            page.close()
    return wrong


def _visit(page: Page, address: str, name: str, project: str) -> None:
    page.goto(address if name == "start" else f"{address}/{name}?project={project}")
    page.locator(PAGES[name]).first.wait_for()
    if name == "annotate":
        page.wait_for_function(_MAP_IS_READY)
    _settle(page)
    make = page.get_by_role("button", name="Make the files")
    if name == "results" and make.count():
        make.click()
        page.get_by_role("link", name="Shapefile").wait_for()
        _settle(page)


def _open_settings(page: Page, address: str, project: str) -> None:
    _visit(page, address, "review", project)
    closed_sidebar = page.get_by_test_id("stExpandSidebarButton")
    if closed_sidebar.count():
        closed_sidebar.click()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("dialog").wait_for()
    _settle(page)


def _settle(page: Page) -> None:
    """Wait until nothing runs, nothing is fetched and nothing moves any more."""
    for _ in range(2):
        page.wait_for_timeout(2000)
        page.wait_for_function(f"() => !document.querySelector('{_BUSY}')")
        # The map always has a question open, for news: the network is never idle.
        page.wait_for_function("() => !(window.__cropmap && window.__cropmap.busy())")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.leaflet-tile')].every(tile => tile.complete)"
        )


def _save(page: Page, path: Path) -> None:
    """The window from the page's top."""
    page.get_by_test_id("stMain").evaluate("element => element.scrollTo(0, 0)")
    page.wait_for_timeout(300)
    # All colours stay: the legends' are the products' own.
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, optimize=True)


def main() -> int:
    """Take all pictures."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_project(folder)
        with running_app(folder) as address:
            wrong = take(address, folder, project, out)
    for place in wrong:
        sys.stderr.write(f"An error is shown: {place}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
