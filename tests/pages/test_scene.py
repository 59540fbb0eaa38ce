import html
import re
import shutil

import numpy as np
import pytest
import rasterio

from core.session import add_scene, change_view
from core.settings import get_settings
from tests.pages.conftest import BROWSER, press, said, settle, wrong
from tests.rasters import write_raster
from ui.scenes.add_scene import key_of
from ui.scenes.landcover_panel import key_of as landcover_key
from ui.shared import preferences
from ui.shared.preferences import Preferences


def fill(app, key: str, text: str) -> None:
    next(t for t in app.text_input if t.key == key).set_value(text)


def choose(app, label: str, value: str) -> None:
    next(r for r in app.radio if r.label == label).set_value(value)
    app.run()


def add_key(project) -> tuple:
    return ("add scene", str(project.path))


def test_a_scene_is_added_by_its_path_with_land_cover_of_a_file(
    page, empty_project, farmland
) -> None:
    app = page("scene", empty_project)
    fill(app, "path imagery", str(farmland.scene))
    choose(app, "Land cover", "path")
    fill(app, "path landcover new", str(farmland.landcover))
    app = settle(press(app, "Add the scene"), add_key(empty_project))
    assert not app.error
    (scene,) = empty_project.scenes()
    assert scene.name == "scene"
    assert scene.landcover["product"] == "worldcover_v200"
    assert scene.settings["model"] == "cropmap_small"
    assert "ha" in "".join(h.proto.body for h in app.get("html"))


def test_another_scene_is_added_and_the_page_stays_where_it_is(page, project, farmland) -> None:
    app = page("scene", project)
    fill(app, "path imagery", str(farmland.scene))
    next(r for r in app.radio if r.key == "landcover from new").set_value("later")
    app = settle(press(app, "Add the scene"), add_key(project))
    north, added = project.scenes()
    assert north.id in app.query_params["scene"]
    assert "North" in said(app)
    assert f"{added.name} is added" in said(app)
    (link,) = [one.proto for one in app.get("page_link") if one.proto.label == "Open it"]
    assert added.id in link.query_string
    app.query_params["scene"] = added.id
    app.run()
    assert "is added" not in said(app)


def test_nothing_named_is_asked_for(page, empty_project) -> None:
    app = press(page("scene", empty_project), "Add the scene")
    assert "No imagery is named yet" in wrong(app)


def test_a_missing_file_is_one_sentence(page, empty_project, tmp_path) -> None:
    app = page("scene", empty_project)
    fill(app, "path imagery", str(tmp_path / "gone.tif"))
    app = settle(press(app, "Add the scene"), add_key(empty_project))
    assert "There is no file" in wrong(app)
    assert not empty_project.scenes()


def test_a_file_without_crs_leads_to_one_question(page, empty_project, tmp_path) -> None:
    pixels = np.random.default_rng(0).integers(1, 255, (3, 64, 64)).astype(np.uint8)
    path = write_raster(tmp_path / "plain.tif", pixels, crs=None)
    app = page("scene", empty_project)
    fill(app, "path imagery", str(path))
    choose(app, "Land cover", "later")
    app = settle(press(app, "Add the scene"), add_key(empty_project))
    assert "does not say in which CRS" in said(app)
    # A typing error is told, and the question stays with its file.
    field = "CRS of the imagery"
    next(t for t in app.text_input if t.label == field).set_value("EPSG:99999999")
    app = press(app, "Continue")
    assert "is not a CRS" in wrong(app)
    next(t for t in app.text_input if t.label == field).set_value("EPSG:32633")
    app = settle(press(app, "Continue"), add_key(empty_project))
    (scene,) = empty_project.scenes()
    assert scene.scene["crs_source"] == "person"


def test_land_cover_that_cannot_be_had_does_not_keep_the_imagery_out(
    page, empty_project, farmland, monkeypatch
) -> None:
    monkeypatch.setenv("CROPMAP_OFFLINE", "1")
    get_settings.cache_clear()
    app = page("scene", empty_project)
    fill(app, "path imagery", str(farmland.scene))
    choose(app, "Land cover", "fetch")
    app = settle(press(app, "Add the scene"), add_key(empty_project))
    assert "set to work offline" in wrong(app)
    assert "--landcover" not in wrong(app)
    (scene,) = empty_project.scenes()
    assert scene.landcover is None
    assert "No land cover yet" in said(app)


def test_the_legend_tells_areas_in_the_chosen_unit_and_the_facts_the_crs(page, project) -> None:
    preferences.save(BROWSER, Preferences("Ana", area_unit="acre"))
    app = page("scene", project)
    assert not app.error
    shown = "".join(h.proto.body for h in app.get("html"))
    assert "UTM" in shown
    assert "Cropland" in shown
    assert "cropmap-swatch" in shown
    assert "acres" in shown
    assert not re.search(r"\d ha\b", html.unescape(shown) + said(app))


def test_other_bands_are_taken_over(page, project) -> None:
    app = page("scene", project)
    (scene,) = project.scenes()
    next(s for s in app.selectbox if s.label == "Red").set_value(3)
    app.run()
    press(app, "Use these colours")
    assert project.scene(scene.id).scene["bands"] == [3, 2, 3]


def test_bands_are_named_and_each_by_itself_is_a_choice(page, empty_project, tmp_path) -> None:
    values = np.random.default_rng(0).integers(200, 3000, (4, 64, 64)).astype(np.uint16)
    values[0] = 2000 + values[0] // 3
    path = write_raster(tmp_path / "s.tif", values)
    with rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.descriptions = ("B2", "B3", "B4", "B8")
    record = add_scene(empty_project, path)
    app = page("scene", empty_project)
    assert not app.error
    assert "bands 3, 2 and 1: by the names of the bands" in said(app)
    assert "the same for all bands" in said(app)
    assert "These colours are in use" in said(app)
    red = next(s for s in app.selectbox if s.label == "Red")
    assert red.options == ["Band 1: B2", "Band 2: B3", "Band 3: B4", "Band 4: B8"]
    next(t for t in app.toggle if t.label == "Each band separately").set_value(True)
    app.run()
    press(app, "Use these colours")
    stretch = empty_project.scene(record.id).scene["stretch"]
    red, _, blue = (high - low for low, high in zip(stretch["low"], stretch["high"], strict=True))
    assert blue < red / 2
    # What is stored for each band stays so until it is changed.
    app = page("scene", empty_project)
    assert "These colours are in use" in said(app)
    assert next(t for t in app.toggle if t.label == "Each band separately").value


def test_bands_that_were_guessed_are_said_on_the_scenes_card(page, empty_project, tmp_path) -> None:
    values = np.random.default_rng(0).integers(200, 3000, (4, 64, 64)).astype(np.uint16)
    record = add_scene(empty_project, write_raster(tmp_path / "s.tif", values))
    app = page("scene", empty_project)
    assert "with 4 bands. You can change it under *Colours*." in said(app)
    change_view(empty_project, record.id, bands=(1, 2, 3))
    assert "You can change it" not in said(page("scene", empty_project))


def test_colours_of_sixteen_bits_are_offered_as_in_the_file(page, empty_project, tmp_path) -> None:
    photo = np.random.default_rng(0).integers(20, 240, (3, 64, 64)).astype(np.uint16)
    add_scene(empty_project, write_raster(tmp_path / "s.tif", photo * 257))
    app = page("scene", empty_project)
    contrast = next(b for b in app.get("button_group") if b.label == "Contrast")
    assert contrast.value == "As in the file"
    assert "colours as in the file" in said(app)


def test_unknown_codes_of_a_land_cover_are_said(page, empty_project, tmp_path) -> None:
    photo = np.random.default_rng(0).integers(20, 240, (3, 64, 64)).astype(np.uint8)
    codes = np.full((1, 64, 64), 40, np.uint8)
    codes[0, 3, :3] = 43
    cover = write_raster(tmp_path / "worldcover_2021.tif", codes)
    add_scene(empty_project, write_raster(tmp_path / "s.tif", photo), landcover_path=cover)
    assert "3 of 4,096 cells" in said(page("scene", empty_project))


def test_a_collar_and_a_land_cover_of_a_part_are_said_and_the_answer_is_kept(
    page, empty_project, tmp_path
) -> None:
    values = np.random.default_rng(0).integers(20, 200, (3, 96, 96)).astype(np.uint8)
    values[:, :36] = 0
    codes = np.full((1, 96, 96), 40, dtype=np.uint8)[:, :, :48]
    path = write_raster(tmp_path / "a.tif", values)
    cover = write_raster(tmp_path / "worldcover.tif", codes)
    added = add_scene(empty_project, path, landcover_path=cover)
    app = page("scene", empty_project)
    assert "38 % of the image is plain black" in said(app)
    assert "The land cover covers 50 % of the image" in said(app)
    press(app, "It is part of the image")
    unknown = empty_project.scene(added.id).scene["unknown"]
    assert (unknown["counts"], unknown["said_by"]) == (False, "person")
    assert "as you said" in said(app)
    press(app, "It is outside the image")
    assert empty_project.scene(added.id).scene["unknown"]["counts"]


def test_a_nodata_value_is_typed_and_taken_back(page, empty_project, tmp_path) -> None:
    values = np.random.default_rng(0).integers(20, 200, (3, 64, 64)).astype(np.float32)
    values[:, 20:40, 20:40] = 7777
    added = add_scene(empty_project, write_raster(tmp_path / "a.tif", values))
    assert added.scene["stretch"]["high"][0] > 1000
    app = page("scene", empty_project)
    label = "Value that means “no data”"
    text = next(field for field in app.text_input if field.label == label)
    text.set_value("seven")
    assert "'seven' is no nodata value." in wrong(press(app, "Use this value"))
    next(field for field in app.text_input if field.label == label).set_value("7777")
    press(app, "Use this value")
    scene = empty_project.scene(added.id).scene
    assert (scene["unknown"]["nodata"], scene["unknown"]["said_by"]) == ([7777.0], "person")
    assert scene["stretch"]["high"][0] < 300
    assert "7777 counts as unknown, as you said." in said(app)
    press(app, "Use what the file says")
    assert empty_project.scene(added.id).scene["unknown"]["said_by"] == ""


def test_a_land_cover_without_a_datum_is_a_question(page, empty_project, tmp_path) -> None:
    photo = np.random.default_rng(0).integers(20, 240, (3, 64, 64)).astype(np.uint8)
    record = add_scene(empty_project, write_raster(tmp_path / "s.tif", photo))
    codes = np.full((1, 64, 64), 40, np.uint8)
    unnamed = "+proj=tmerc +lon_0=15 +k=0.9996 +x_0=500000 +ellps=airy +units=m"
    cover = write_raster(tmp_path / "worldcover_2021.tif", codes, crs=unnamed)
    app = page("scene", empty_project)
    choose(app, "Land cover", "path")
    fill(app, f"path landcover {record.id}", str(cover))
    key = ("land cover", str(empty_project.path), record.id)
    app = settle(press(app, "Add this land cover"), key)
    assert "does not name the datum of its CRS" in said(app)
    next(t for t in app.text_input if t.label == "CRS of the land cover").set_value("EPSG:32633")
    app = settle(press(app, "Continue"), key)
    assert not app.error
    landcover = empty_project.scene(record.id).landcover
    assert (landcover["path"], landcover["crs"]) == (str(cover), "EPSG:32633")


def test_a_land_cover_that_has_gone_can_be_replaced(page, project, farmland, tmp_path) -> None:
    (scene,) = project.scenes()
    gone = {"path": str(tmp_path / "gone.tif"), "product": "worldcover_v200", "crs": None}
    project.update_scene(scene.id, expected_version=scene.version, landcover=gone)
    app = page("scene", project)
    assert "The land cover is not at" in wrong(app)
    choose(app, "Land cover", "path")
    fill(app, f"path landcover {scene.id}", str(farmland.landcover))
    key = ("land cover", str(project.path), scene.id)
    app = settle(press(app, "Add this land cover"), key)
    assert project.scene(scene.id).landcover["path"] == str(farmland.landcover)
    assert not app.error


def test_of_several_products_one_places_the_prompts(page, project, farmland, tmp_path) -> None:
    (scene,) = project.scenes()
    second = tmp_path / "ESA_WorldCover_10m_2020_v100_x.tif"
    shutil.copyfile(farmland.landcover, second)
    app = page("scene", project)
    for path in (farmland.landcover, second):
        choose(app, "Land cover", "path")
        fill(app, f"path landcover {scene.id}", str(path))
        key = ("land cover", str(project.path), scene.id)
        app = settle(press(app, "Add this land cover"), key)
    assert "All 2 agree on 100%" in said(app)
    assert project.scene(scene.id).landcover["path"] == str(second)
    source = next(s for s in app.selectbox if s.label == "Automatic points come from")
    source.set_value(str(farmland.landcover))
    app.run()
    assert project.scene(scene.id).landcover["path"] == str(farmland.landcover)


@pytest.mark.parametrize("key", [key_of, landcover_key])
def test_jobs_of_two_projects_do_not_meet(key, project, empty_project) -> None:
    from ui.shared.browser_session import Place

    first, second = (Place(p, None, "") for p in (project, empty_project))
    assert key(first) != key(second)


def test_a_land_cover_in_a_folder_that_is_not_allowed_is_one_sentence(
    page, empty_project, farmland, tmp_path, monkeypatch
) -> None:
    elsewhere = tmp_path / "elsewhere.tif"
    shutil.copy(farmland.landcover, elsewhere)
    monkeypatch.setenv("CROPMAP_ALLOWED_FOLDERS", str(farmland.scene.parent))
    get_settings.cache_clear()
    app = page("scene", empty_project)
    fill(app, "path imagery", str(farmland.scene))
    choose(app, "Land cover", "path")
    fill(app, "path landcover new", str(elsewhere))
    app = settle(press(app, "Add the scene"), add_key(empty_project))
    assert len(empty_project.scenes()) == 1
    assert "CROPMAP_ALLOWED_FOLDERS" in said(app)


def test_another_unit_of_area_leaves_the_scene_as_it_is(page, project) -> None:
    before = project.scenes()
    app = page("scene", project)
    press(app, "Settings")
    next(s for s in app.selectbox if s.label == "Unit of area").set_value("mu")
    next(b for b in app.button if b.label == "Settings").click()
    next(b for b in app.button if b.label == "Save").click()
    app.run()
    assert preferences.load(BROWSER).area_unit == "mu"
    assert project.scenes() == before


def test_attributes_are_made_and_taken_away(page, project) -> None:
    app = press(page("scene", project), "Add attribute")
    app.text_input(key="attribute name 1").set_value("Irrigated <b>")
    app.selectbox(key="attribute kind 1").set_value("yes_no").run()
    app = press(app, "Add attribute")
    assert not app.error
    assert [(one.key, one.kind) for one in project.attributes().attributes] == [
        ("crop", "choice"),
        ("irrigated_b", "yes_no"),
    ]
    app.text_input(key="attribute name 2").set_value("crop")
    app = press(app, "Add attribute")
    assert "There is an attribute crop already" in wrong(app)
    next(b for b in app.button if b.key == "take away crop").click().run()
    assert [one.key for one in project.attributes().attributes] == ["irrigated_b"]
    assert project.history()[0].action == "attributes changed"
