"""Every page, for people with a screen reader, a small window, or a habit of going back."""

import os
from pathlib import Path

import pytest

from core.farmland import write_scene
from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from scripts.running_app import ROOT

AXE = ROOT / "ui" / "map" / "node_modules" / "axe-core" / "axe.min.js"
TABS = ("Land cover", "Colours", "Existing labels", "This scene", "Add a scene")
VERDICTS = ("verdict-accepted", "verdict-fix", "verdict-rejected", "panel", "help")

BARRIERS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.filter(({ impact }) => impact !== "minor").flatMap((one) =>
    one.nodes.map((node) => `${one.impact} ${one.id}: ${node.html.slice(0, 200)}`));
}"""

# What is cut off, or only reached by scrolling the whole page to the side.
CUT_OFF = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element.scrollWidth > element.clientWidth + 1;
  const inScroller = (element) => {
    for (let one = element.parentElement; one; one = one.parentElement) {
      if (one.dataset.testid === "stMain") return false;
      if (/auto|scroll/.test(getComputedStyle(one).overflowX) && scrolls(one)) return true;
    }
    return false;
  };
  const main = document.querySelector("[data-testid=stMain]");
  const cut = [document.documentElement, main].filter(scrolls).map(() => "the page scrolls aside");
  const parts = ":is(button, a, input, select, h1, h2, p, label, td.number, [role=tab])";
  for (const one of main.querySelectorAll(`${parts}, [data-testid=stMetricValue] *`)) {
    const { left, right, width: wide } = one.getBoundingClientRect();
    const seen = wide > 1 && one.checkVisibility({ visibilityProperty: true });
    if (!seen || one.closest("[hidden], .leaflet-container") || inScroller(one)) continue;
    const name = `${one.tagName} ${one.dataset.testid ?? ""} ${one.textContent.slice(0, 40)}`;
    if (left < -1 || right > width + 1) cut.push(`outside: ${name}`);
    const short = getComputedStyle(one).textOverflow === "ellipsis" && scrolls(one);
    if (short && one.matches("[data-testid=stMetricValue] *, button *")) cut.push(`cut: ${name}`);
  }
  return cut;
}"""


@pytest.fixture(scope="module")
def farm(at_home) -> tuple[Project, str]:
    """A made scene of one tile, without a model, so that nobody waits for one."""
    files = write_scene(at_home / "every_page", seed=11, size=400)
    path = new_project_path("Every page")
    project = Project.create(path, "Every page")
    scene = add_scene(project, files.scene, name="Süd", landcover_path=files.landcover)
    project.update_scene(scene.id, expected_version=scene.version, settings={"model": None})
    remember_project(path)
    return project, scene.id


@pytest.fixture
def axe() -> str:
    """axe-core, from what `npm ci` brings for the map's tests."""
    if not Path(AXE).is_file() and not os.environ.get("CI"):
        pytest.skip("axe-core is not installed: npm ci in ui/map")
    return AXE.read_text(encoding="utf-8")


def rest(visitor) -> None:
    """Wait until the page is drawn and no job is under way on it."""
    visitor.calm()
    visitor.page.wait_for_function(
        "!document.querySelector('.stSkeleton, [data-testid=stSpinner]') && "
        "![...document.querySelectorAll('*')].some(one => "
        "one.shadowRoot?.querySelector('.job:not(.ended)'))"
    )
    visitor.calm()


class Walk:
    """Looks at each page in turn; what is wrong is told together at the end."""

    def __init__(self, visitor, axe: str) -> None:
        self._page, self._axe = visitor.page, axe
        self.wrong: list[str] = []

    def look(self, where: str) -> None:
        self._page.evaluate(f"{self._axe}; 0")
        self.wrong += [f"{where}: {one}" for one in self._page.evaluate(BARRIERS)]
        whole = self._page.viewport_size
        for width in (800, 390):
            self._page.set_viewport_size({"width": width, "height": 800})
            self._page.wait_for_timeout(600)
            self.wrong += [f"{where} at {width} px: {one}" for one in self._page.evaluate(CUT_OFF)]
        self._page.set_viewport_size(whole)
        self._page.wait_for_timeout(300)


def test_no_page_has_a_barrier_or_is_cut_off(visitor, farm, axe) -> None:
    project, scene = farm
    page, walk = visitor.page, Walk(visitor, axe)
    for name in ("", "scene", "results"):
        visitor.open(f"/{name}")
        rest(visitor)
        walk.look(f"{name or 'start'} without a project")
    place = f"project={project.id}&scene={scene}"

    visitor.open(f"/annotate?{place}")
    visitor.map_ready()
    walk.look("annotate")
    page.locator(".cm-parcel").first.click()
    page.get_by_test_id("parcel-card").wait_for()
    walk.look("a parcel's card")
    page.get_by_test_id("help").first.click()
    walk.look("keys")
    page.keyboard.press("Escape")

    visitor.open(f"/scene?{place}")
    for tab in TABS:
        visitor.click(page.get_by_role("tab", name=tab))
        rest(visitor)
        walk.look(f"scene, {tab}")
    for name, views in {
        "review": ("Second look", "Effort", "Who did what"),
        "evaluate": ("Results", "How good is my map?"),
        "results": (),
    }.items():
        visitor.open(f"/{name}?{place}")
        rest(visitor)
        walk.look(name)
        for view in views:
            visitor.click(page.get_by_test_id("stMain").get_by_text(view).first)
            rest(visitor)
            walk.look(f"{name}, {view}")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("dialog").wait_for()
    rest(visitor)
    walk.look("settings")
    assert not walk.wrong, "\n".join(walk.wrong)


def test_a_phone_may_look_and_judge(visitor, farm) -> None:
    project, scene = farm
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 800})
    visitor.open(f"/annotate?project={project.id}&scene={scene}")
    visitor.map_ready()
    for name in VERDICTS:
        box = page.locator(f".cropmap .cm-top [data-testid={name}]").bounding_box()
        assert 0 <= box["x"] <= 390 - box["width"], name
    visitor.press("panel")
    page.get_by_test_id("cropland-ha").wait_for()
    assert page.locator(".cm-panel").bounding_box()["width"] <= 390
    visitor.press("panel")
    visitor.press("verdict-fix")
    page.get_by_test_id("fix-comment").fill("The creek")
    page.get_by_test_id("fix-send").click()
    page.wait_for_function("window.__cropmap.state.verdict.verdict === 'fix'")
    visitor.press("verdict-rejected")
    page.get_by_test_id("reject-send").click()
    page.wait_for_function("window.__cropmap.state.verdict.verdict === 'rejected'")


def test_one_step_back_is_one_page(visitor, farm) -> None:
    project, scene = farm
    visitor.open(f"/scene?project={project.id}&scene={scene}")
    visitor.calm()
    for name in ("Review", "Evaluate"):
        visitor.go(name)
        visitor.page.wait_for_url(f"**/{name.lower()}?*")  # the place is in the address again
        visitor.calm()
    for name in ("review", "scene"):
        visitor.page.go_back()
        visitor.page.wait_for_url(f"**/{name}?*")
        visitor.calm()
    visitor.page.get_by_role("tab", name="Land cover").wait_for()
