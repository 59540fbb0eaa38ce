import html
import json
import re

import ui.results.scene_results
from core.area_units import AREA_UNITS
from core.errors import DiskFullError
from core.export import delivery
from core.export.delivered import RECORD, Delivered, Delivery
from core.export.delivery import state_of
from core.export.reports.areas import AreaReport, ClassArea
from core.session.opened import open_project_scene
from tests.pages.conftest import BROWSER, press, said, settle, wrong
from ui.results import make_files, overview_map
from ui.shared import preferences
from ui.shared.browser_session import Place
from ui.shared.preferences import Preferences

REPORT = AreaReport(3.5, 3.0, (ClassArea("Cropland <script>", "#f096ff", True, 3.0, 2.5),), 1, 1)


def keys(project) -> dict[str, tuple]:
    (scene,) = project.scenes()
    return {what: (what, str(project.path), scene.id, False) for what in ("areas", "files")}


def shown(page, project, monkeypatch, report=REPORT):
    monkeypatch.setattr(ui.results.scene_results, "areas", lambda *_, **__: report)
    return settle(page("results", project), keys(project)["areas"])


def tables(app) -> str:
    return "".join(h.proto.body for h in app.get("html"))


def delivering(monkeypatch, **outcome):
    """Stand in for the making of files; what was wished for is noted."""
    wished = []

    def deliver(project, scene_id, folder, wishes, *, progress, cancelled):
        wished.append(wishes)
        progress("Zipping", 1, 2)
        if "error" in outcome:
            raise outcome["error"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "parcels.geojson").write_text(json.dumps({"features": []}))
        files = (
            Delivered("gis", "GeoJSON", "Text & more <b>", "parcels.geojson"),
            Delivered(RECORD, "Gone", "Not there", "gone.zip"),
        )
        state = state_of(project, scene_id)
        made = Delivery(folder, state, take_along_now(), files, wishes=wishes, **outcome)
        monkeypatch.setattr(make_files, "last_delivery", lambda _: made)
        return made

    monkeypatch.setattr(delivery, "deliver", deliver)
    return wished


def take_along_now():
    from datetime import UTC, datetime

    return datetime.now(UTC)


def test_hectares_and_the_table_are_shown_escaped(page, project, monkeypatch) -> None:
    app = shown(page, project, monkeypatch)
    assert not app.error
    assert app.metric[0].value == "3.50 ha"
    assert app.metric[1].delta == "0.50 ha less"
    assert "Land cover: cropland" in tables(app)
    assert "<script>" not in tables(app)


def test_areas_are_in_the_unit_of_the_browser_and_so_is_the_report(
    page, project, monkeypatch
) -> None:
    preferences.save(BROWSER, Preferences("Ana", area_unit="mu"))
    app = shown(page, project, monkeypatch)
    assert app.metric[0].value == "52.5 mu"
    assert app.metric[1].delta == "7.50 mu less"
    assert "37.5 mu" in html.unescape(tables(app))
    assert not re.search(r"\d ha\b", html.unescape(tables(app)) + said(app))
    assert "Areas in these files are in hectares" in said(app)
    wished = delivering(monkeypatch)
    settle(press(app, "Make the files"), keys(project)["files"])
    assert wished[0].unit == AREA_UNITS["mu"]


def test_without_a_mapped_tile_it_says_so(page, project) -> None:
    app = settle(page("results", project), keys(project)["areas"])
    assert "No tile is mapped yet" in said(app)
    assert not app.error


def test_files_are_made_and_offered(page, project, monkeypatch) -> None:
    wished = delivering(monkeypatch, problems=("Training data: no <i> tile.",), notes=("Mind.",))
    app = shown(page, project, monkeypatch)
    app = settle(press(app, "Make the files"), keys(project)["files"])
    assert wished[0].formats == ("shapefile", "geopackage", "geojson", "mask")
    assert not wished[0].accepted_only
    files = tables(app)
    assert "/cropmap/" in html.unescape(files)
    assert "parcels.geojson" in html.unescape(files)
    assert "<b>" not in files
    assert "Gone" not in files  # it is not on the disk any more
    assert str(project.folder) in said(app)
    assert "no <i> tile" in said(app)
    assert "Mind." in said(app)


def test_what_is_chosen_is_what_is_made(page, project, monkeypatch) -> None:
    wished = delivering(monkeypatch)
    app = shown(page, project, monkeypatch)
    boxes = {box.label: box for box in app.checkbox}
    assert set(boxes) >= {"GeoPackage", "Training chips", "Replay bundle", "Mask"}
    boxes["Shapefile"].uncheck()
    boxes["Training chips"].check()
    boxes["Replay bundle"].check()
    boxes["Land cover error report"].check()
    next(t for t in app.text_input if t.label == "Licence").set_value(" CC0 ")
    next(s for s in app.selectbox if s.label.startswith("Side of a chip")).set_value(256)
    next(s for s in app.slider if s.label.startswith("Test")).set_value(20)
    app = settle(press(app, "Make the files"), keys(project)["files"])
    wishes = wished[0]
    assert set(wishes.formats) == {"geopackage", "geojson", "mask", "chips"}
    assert wishes.replay
    assert wishes.error_report
    assert wishes.details.licence == "CC0"
    assert (wishes.chips.size, wishes.chips.test_share) == (256, 0.2)


def test_impossible_chips_are_one_sentence(page, project, monkeypatch) -> None:
    app = shown(page, project, monkeypatch)
    next(s for s in app.selectbox if s.label.startswith("Side of a chip")).set_value(128)
    next(n for n in app.number_input if n.label.startswith("Overlap")).set_value(500)
    app.run()
    assert "An overlap of 500 pixels is not possible" in wrong(app)


def test_nothing_chosen_cannot_be_made(page, project, monkeypatch) -> None:
    app = shown(page, project, monkeypatch)
    for box in app.checkbox:
        box.uncheck()
    app.run()
    (button,) = [b for b in app.button if b.label == "Make the files"]
    assert button.disabled
    assert "Choose at least one" in said(app)


def test_a_full_disk_is_one_sentence_and_the_page_lives_on(page, project, monkeypatch) -> None:
    delivering(monkeypatch, error=DiskFullError("The disk is full.", "Free some space."))
    app = shown(page, project, monkeypatch)
    app = settle(press(app, "Make the files"), keys(project)["files"])
    assert "The disk is full" in wrong(app)
    assert any(b.label == "Make the files" for b in app.button)


def test_nothing_to_export_is_one_sentence(page, project, monkeypatch) -> None:
    app = shown(page, project, monkeypatch)
    app = settle(press(app, "Make the files"), keys(project)["files"])
    assert "No tile has a label yet" in wrong(app)


def test_an_edit_makes_the_files_old(page, project, monkeypatch) -> None:
    wished = delivering(monkeypatch)
    app = shown(page, project, monkeypatch)
    app = settle(press(app, "Make the files"), keys(project)["files"])
    assert "map has changed" not in said(app)
    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)
    project.set_verdict(scene.id, tile.name, "fix", comment="", reviewer="A", expected_version=0)
    drawn = []
    monkeypatch.setattr(overview_map, "show", lambda _place, parcels, **_: drawn.append(parcels))
    app = settle(app, keys(project)["areas"])
    assert "Your map has changed since" in said(app)
    # The map never outlines what is there no more.
    assert "Edited since this export" in said(app)
    assert set(drawn) == {None}
    app = settle(press(app, "Export again"), keys(project)["files"])
    assert wished[1].formats == wished[0].formats
    assert wished[1].details.author == "Ana"
    assert "Edited since" not in said(app)
    assert drawn[-1].name == "parcels.geojson"


def test_who_owes_a_second_look_sees_no_verdict_of_others(page, project, monkeypatch) -> None:
    delivering(monkeypatch)
    app = shown(page, project, monkeypatch)
    settle(press(app, "Make the files"), keys(project)["files"])
    (scene,) = project.scenes()
    (tile,) = project.tiles(scene.id)
    project.set_verdict(
        scene.id, tile.name, "accepted", comment="", reviewer="Ben", expected_version=0
    )
    project.draw_second_reviews(scene.id, [tile.name], seed=1, author="Ben")
    app = shown(page, project, monkeypatch)
    assert "1 tile of this scene still waits for your second look" in said(app)
    assert not app.get("button_group")
    assert not any(b.label == "Make the files" for b in app.button)
    assert "parcels.geojson" not in html.unescape(tables(app))
    assert "accepted tiles" not in said(app)
    assert app.metric[0].value == "3.50 ha"


def test_the_crs_of_the_parcels_is_chosen_with_what_it_means(page, project, monkeypatch) -> None:
    wished = delivering(monkeypatch)
    app = shown(page, project, monkeypatch)
    assert "Metres; opens in QGIS in place." in said(app)
    (field,) = [s for s in app.selectbox if s.label.startswith("Coordinates")]
    assert field.value == "scene"
    field.set_value("other").run()
    assert next(b for b in app.button if b.label == "Make the files").disabled
    for code, told in (("EPSG:2193", "is not for the place"), ("EPSG:25833", "")):
        (field,) = [t for t in app.text_input if t.label == "EPSG code"]
        field.set_value(code).run()
        assert told in wrong(app)
    settle(press(app, "Make the files"), keys(project)["files"])
    assert wished[0].crs == "EPSG:25833"


def test_accepted_tiles_filter_the_colours_of_the_map(project, monkeypatch) -> None:
    monkeypatch.setattr(overview_map, "token", lambda _: "t")
    (scene,) = project.scenes()
    assert open_project_scene(project, scene.id).landcover is not None
    for accepted_only, layer in ((False, "label"), (True, "accepted")):
        chart = overview_map.build(Place(project, scene, ""), None, accepted_only=accepted_only)
        drawn = chart.get_root().render()
        assert f"/warped/{scene.id}/{layer}/" in drawn
