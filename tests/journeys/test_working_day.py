"""What people do with the app, in a real browser: one server, one test after the other."""

import io
import random
import re

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from PIL import Image

from core.farmland import write_scene
from core.project import Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project, open_project_scene
from tests.rasters import write_raster


def made_project(name: str, scene, landcover=None) -> tuple[Project, str, str]:
    """A project with one scene; where its first tile is shown."""
    path = new_project_path(name)
    project = Project.create(path, name)
    record = add_scene(project, scene, landcover_path=landcover)
    remember_project(path)
    tile = project.tiles(record.id)[0].name
    return project, record.id, f"/annotate?project={project.id}&scene={record.id}&tile={tile}"


@pytest.fixture(scope="module")
def farm(at_home):
    """A project of 600 x 600 made pixels."""
    files = write_scene(at_home / "farm", seed=11, size=600)
    return made_project("Farm", files.scene, files.landcover)


def tile_of(visitor) -> str:
    return re.search(r"tile=([^&]+)", visitor.page.url).group(1)


def test_from_the_first_start_to_a_shapefile(visitor, at_home) -> None:
    visitor.open()
    visitor.click(visitor.page.get_by_role("button", name=re.compile("example fields")))
    visitor.page.wait_for_url("**/annotate?*", timeout=180_000)
    state = visitor.map_ready()
    assert state["parcels"]
    column, row, width, height = state["window"]
    visitor.click_at(column + width * 0.55, row + height * 0.45)
    visitor.saved()
    assert visitor.map_ready()["edit_count"] == 1
    visitor.press("verdict-accepted")
    visitor.page.wait_for_function("window.__cropmap.state.verdict.verdict === 'accepted'")
    grown = says_what_grows(visitor)
    others = says_it_of_all_others(visitor)
    # Of an accepted tile, which it stays.
    assert visitor.state()["verdict"]["verdict"] == "accepted"

    visitor.go("Results")
    visitor.click(visitor.page.get_by_text("Accepted tiles", exact=True))
    visitor.page.get_by_role("cell", name="Soybean").wait_for()
    visitor.page.get_by_role("cell", name="Wheat").wait_for()
    visitor.click(visitor.page.get_by_role("button", name="Make the files"))
    saved = visitor.take("Shapefile", at_home)
    package = pyogrio.read_dataframe(visitor.take("GeoPackage", at_home), layer="parcels")
    for name, hectares in (("Soybean", grown), ("Wheat", others)):
        crops = package[package["crop_name"] == name]
        assert sorted(crops["area_ha"]) == pytest.approx(sorted(hectares), rel=0.01, abs=0.01)
    assert set(package["crop_name"]) == {"Soybean", "Wheat"}
    parcels = geopandas.GeoDataFrame(pyogrio.read_dataframe(f"/vsizip/{saved}"))
    assert len(parcels) > 3
    assert set(parcels["status"]) <= {"accepted", "corrected"}
    assert parcels.crs.to_epsg() == 32633

    # At the right place: inside the accepted tile, where the label says cropland.
    project = open_project(next((at_home / "projects").glob("example*/*.cropmap")))
    opened = open_project_scene(project, project.scenes()[0].id)
    core = opened.frame(state["name"]).core_grid.bounds
    inside = shapely.box(core.left, core.bottom, core.right, core.top).buffer(1.0)
    assert all(inside.covers(shape) for shape in parcels.geometry)
    assert parcels["area_ha"].sum() == pytest.approx(parcels.area.sum() / 1e4, rel=0.002)


def says_what_grows(visitor) -> list[float]:
    """Give the project a list of crops, and the two largest parcels one by keys; their hectares."""
    visitor.go("Scenes")
    visitor.click(visitor.page.get_by_text("Attributes of the parcels"))
    visitor.click(visitor.page.get_by_role("button", name="Add attribute"))
    visitor.page.get_by_role("button", name="Take away").wait_for()
    visitor.go("Annotate")
    state = visitor.map_ready()
    visitor.page.keyboard.press("s")
    largest = sorted(state["parcels"], key=lambda one: -one["area_ha"])[:2]
    for parcel, keys in zip(largest, (["w", "s", "o", "Enter"], ["Shift+W"]), strict=True):
        inside = shapely.Polygon(parcel["rings"][0], parcel["rings"][1:]).representative_point()
        x, y = visitor.on_screen(inside.x, inside.y)
        visitor.page.mouse.move(x - 2, y)
        visitor.page.mouse.move(x, y)
        for key in keys:
            visitor.page.keyboard.press(key)
        visitor.saved()
    visitor.page.wait_for_function(
        "window.__cropmap.state.parcels.filter(p => p.attributes?.crop === 'soybean').length === 2"
    )
    return [parcel["area_ha"] for parcel in largest]


def says_it_of_all_others(visitor) -> list[float]:
    """Draw around the whole tile and name all parcels that nothing was said of; their hectares."""
    page = visitor.page
    page.get_by_test_id("filter-crop").select_option("unsaid")
    before = visitor.state()
    others = [one for one in before["parcels"] if "crop" not in one.get("attributes", {})]
    assert len(others) > 2
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    column, row, width, height = before["window"]
    ends = [(0.001, 0.001), (0.999, 0.001), (0.999, 0.999), (0.001, 0.999)]
    corners = [visitor.on_screen(column + x * width, row + y * height) for x, y in ends]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    card = page.get_by_test_id("parcel-area")
    assert card.inner_text().startswith(f"{len(others)} parcels, ")
    for key in ("w", "w", "Enter"):
        page.keyboard.press(key)
    named = "window.__cropmap.state.parcels.filter(p => p.attributes?.crop === 'wheat').length"
    # All of them are one step, back and forth.
    for key, count in (("", len(others)), ("z", 0), ("Shift+Z", len(others))):
        if key:
            page.keyboard.press(key)
        page.wait_for_function(f"{named} === {count} && !window.__cropmap.pending()")
    assert visitor.state()["step_count"] == before["step_count"] + 1
    page.get_by_test_id("crop-legend").get_by_text(str(len(others)), exact=True).wait_for()
    page.keyboard.press("Escape")
    return [one["area_ha"] for one in others]


@pytest.mark.real_data
def test_a_real_image_from_upload_to_export(visitor, at_home, shared_data) -> None:
    folder = shared_data / "naip_fields"
    image = sorted((folder / "images").glob("*.tif"))[0]
    landcover = next((folder / "landcover_simulated").glob(f"{image.stem}*"))
    visitor.open()
    visitor.page.get_by_label("Name").fill("Iowa <b>'&\"")
    visitor.click(visitor.page.get_by_role("button", name="Create the project"))
    visitor.page.get_by_text("Add imagery").first.wait_for()
    visitor.click(visitor.page.get_by_text("Upload", exact=False).first)
    visitor.calm()
    visitor.upload(0, image)
    visitor.click(visitor.page.get_by_text("Upload a file").last)
    visitor.calm()
    visitor.upload(1, landcover)
    visitor.click(visitor.page.get_by_role("button", name="Add the scene"))
    visitor.page.get_by_text("Continue to Annotate").wait_for(timeout=180_000)
    visitor.go("Annotate")
    state = visitor.map_ready()
    assert state["cropland_ha"] > 0
    visitor.press("verdict-accepted")
    visitor.page.wait_for_function("window.__cropmap.state.verdict.verdict === 'accepted'")
    visitor.go("Results")
    visitor.click(visitor.page.get_by_role("button", name="Make the files"))
    saved = visitor.take("GeoPackage", at_home)
    parcels = pyogrio.read_dataframe(saved)
    with_pixels = open_scene_grid(image)
    # Of a scene in degrees the parcels are in the fitting UTM zone.
    assert parcels.crs.to_epsg() == 32615
    left, bottom, right, top = parcels.to_crs(4326).total_bounds
    beyond = 1e-5  # a metre
    assert with_pixels.left - beyond <= left < right <= with_pixels.right + beyond
    assert with_pixels.bottom - beyond <= bottom < top <= with_pixels.top + beyond


def open_scene_grid(image):
    from core.imagery.scene import open_scene as open_raster

    return open_raster(image).grid.bounds


def test_twelve_clicks_and_back_to_the_start(visitor, farm) -> None:
    _, _, address = farm
    visitor.open(address)
    first = visitor.map_ready()
    chosen = random.Random(2)
    column, row, width, height = first["window"]
    for number in range(12):
        before = visitor.state()["edit_count"]
        spot = (column + width * chosen.uniform(0.1, 0.9), row + height * chosen.uniform(0.1, 0.9))
        visitor.click_at(*spot, modifiers=["Shift"] if number % 3 == 2 else [])
        visitor.page.wait_for_function(
            f"window.__cropmap.state.edit_count === {before + 1} && !window.__cropmap.pending()"
        )
    changed = visitor.map_ready()
    assert changed["mask_version"] != first["mask_version"]
    for left in range(11, -1, -1):
        visitor.page.keyboard.press("z")
        visitor.page.wait_for_function(f"window.__cropmap.state.edit_count === {left}")
    back = visitor.map_ready()
    assert back["mask_version"] == first["mask_version"]
    assert back["parcels"] == first["parcels"]
    assert not back["can_undo"]


def test_a_reload_in_the_middle_of_work_loses_nothing(visitor, farm) -> None:
    _, _, address = farm
    visitor.open(address)
    state = visitor.map_ready()
    column, row, width, height = state["window"]
    for share in (0.3, 0.5, 0.7):
        visitor.click_at(column + width * share, row + height * share)
    visitor.saved()
    before = visitor.map_ready()
    visitor.page.reload()
    after = visitor.map_ready(before["name"])
    assert after["prompts"] == before["prompts"]
    assert after["parcels"] == before["parcels"]
    assert after["edit_count"] == before["edit_count"] == 3
    for left in (2, 1, 0):
        visitor.page.keyboard.press("z")
        visitor.page.wait_for_function(f"window.__cropmap.state.edit_count === {left}")


def test_ctrl_click_adds_to_the_field_clicked_last(visitor, farm) -> None:
    _, _, address = farm
    visitor.open(address)
    column, row, width, height = visitor.map_ready()["window"]
    visitor.click_at(column + width * 0.3, row + height * 0.3)
    visitor.saved()
    visitor.click_at(column + width * 0.34, row + height * 0.36, modifiers=["Control"])
    visitor.saved()
    state = visitor.map_ready()
    first, second = (p for p in state["prompts"] if p["source"] == "person")
    assert second["field"] == first["id"]
    owners = {parcel["id"].partition(".")[0] for parcel in state["parcels"]}
    assert first["id"] in owners
    assert second["id"] not in owners
    for left in (1, 0):
        visitor.page.keyboard.press("z")
        visitor.page.wait_for_function(f"window.__cropmap.state.edit_count === {left}")


def test_a_broken_file_gets_its_sentence_and_the_page_lives_on(visitor, farm, at_home) -> None:
    project, scene, _ = farm
    broken = at_home / "broken.tif"
    broken.write_bytes(b"II*\x00 this is no raster at all")
    visitor.open(f"/scene?project={project.id}&scene={scene}")
    visitor.click(visitor.page.get_by_role("tab", name="Add a scene"))
    visitor.write(visitor.page.get_by_placeholder(re.compile(r"\.tif")).first, str(broken))
    visitor.click(visitor.page.get_by_role("button", name="Add the scene"))
    told = visitor.page.get_by_test_id("stAlert").first
    told.wait_for()
    assert "broken.tif" in told.inner_text()
    assert "Traceback" not in visitor.page.content()
    visitor.go("Annotate")
    visitor.map_ready()


@pytest.mark.parametrize("place", ["utm", "geographic", "polar", "rotated"])
def test_a_click_on_a_crossing_is_that_crossing(visitor, at_home, place) -> None:
    """A bright crossing on dark ground is found on the screen, clicked, and read from the store."""
    crossing = (244, 151)
    ground = np.random.default_rng(3).integers(40, 120, (320, 400)).astype(np.uint8)
    values = np.stack([ground] * 3)
    values[:, crossing[1] - 1 : crossing[1] + 2, :] = 160
    values[:, :, crossing[0] - 1 : crossing[0] + 2] = 160
    # The crossing itself in a colour that nothing else on the page has.
    here = np.s_[crossing[1] - 2 : crossing[1] + 3, crossing[0] - 2 : crossing[0] + 3]
    values[0][here], values[1][here], values[2][here] = 255, 0, 255
    raster = write_raster(at_home / f"crossing_{place}.tif", values, place)
    project, scene, address = made_project(f"Crossing {place}", raster)
    visitor.open(address)
    visitor.map_ready()
    grid = open_project_scene(project, scene).scene.grid

    # Zoomed in there, so that a pixel of the screen is finer than one of the scene.
    visitor.page.mouse.move(*magenta(visitor))
    for _ in range(4):
        visitor.page.mouse.wheel(0, -240)
        visitor.page.wait_for_timeout(700)
    visitor.page.mouse.click(*magenta(visitor))
    visitor.saved()
    project = Project.open(project.path)
    (edit,) = project.log(scene, tile_of(visitor)).edits
    true = grid.transform @ (crossing[0] + 0.5, crossing[1] + 0.5)
    column, row = ~grid.transform @ (edit.data["x"], edit.data["y"])
    # One pixel of the scene, in its own CRS.
    assert abs(column - crossing[0] - 0.5) <= 1.0
    assert abs(row - crossing[1] - 0.5) <= 1.0
    size = abs(grid.transform.determinant) ** 0.5
    distance = np.hypot(edit.data["x"] - true[0], edit.data["y"] - true[1])
    assert distance <= 1.5 * size


def magenta(visitor) -> tuple[float, float]:
    """Centre of what is magenta on the map, in pixels of the page, once it is there."""
    box = visitor.page.get_by_test_id("map").bounding_box()
    for _ in range(100):
        visitor.page.wait_for_timeout(200)
        shot = Image.open(io.BytesIO(visitor.page.screenshot(clip=box))).convert("RGB")
        red, green, blue = np.moveaxis(np.asarray(shot, dtype=int), -1, 0)
        rows, columns = np.nonzero((red - green > 60) & (blue - green > 60))
        if rows.size:
            return box["x"] + columns.mean() + 0.5, box["y"] + rows.mean() + 0.5
    raise AssertionError("the crossing is not on the map")


def test_names_are_text_and_all_comes_from_the_app_itself(visitor, at_home) -> None:
    name = "<img src=x onerror=alert(1)>${alert(1)}`'\" ![x](http://evil.example/a.png) "
    name += "www.evil.example https://evil.example/b ana@evil.example :material/bug: :bug: $x$"
    files = write_scene(at_home / "evil", seed=4, size=200)
    path = new_project_path("evil")
    project = Project.create(path, name)
    record = add_scene(project, files.scene, name=name, landcover_path=files.landcover)
    tile = project.tiles(record.id)[0].name
    project.set_verdict(record.id, tile, "fix", comment=name, reviewer=name, expected_version=0)
    remember_project(path)
    fired: list[str] = []
    visitor.page.on("dialog", lambda dialog: (fired.append(dialog.message), dialog.dismiss()))
    for page in ("", "scene", "annotate", "review", "evaluate", "results"):
        visitor.open(f"/{page}?project={project.id}&scene={record.id}")
        visitor.calm()
        visitor.page.wait_for_timeout(1500)
        if page != "annotate":
            assert "$x$" in visitor.page.inner_text("body")
        made = "img[src='x'], [src*='evil.example'], a[href*='evil.example']"
        assert visitor.page.locator(made).count() == 0
    assert not fired
    # Offline is normal: no page asks another host (checked again at the end of every journey).
    asked = [url for url in visitor.asked if url.startswith(("http", "ws"))]
    assert {url.split("/")[2] for url in asked} == {visitor.address.split("//")[1]}
