import json

import ui.results
from core.annotate.areas import AreaReport, ClassArea
from tests.pages.conftest import press, said, settle, wrong

REPORT = AreaReport(3.5, 3.0, (ClassArea("Cropland <script>", "#f096ff", True, 3.0, 2.5),), 1, 1)


def keys(project) -> dict[str, tuple]:
    (scene,) = project.scenes()
    return {what: (what, str(project.path), scene.id, False) for what in ("areas", "files")}


def shown(page, project, monkeypatch, report=REPORT):
    monkeypatch.setattr(ui.results, "areas", lambda *_, **__: report)
    return settle(page("results", project), keys(project)["areas"])


def test_hectares_and_the_table_are_shown_escaped(page, project, monkeypatch) -> None:
    app = shown(page, project, monkeypatch)
    assert not app.error
    assert app.metric[0].value == "3.50 ha"
    assert app.metric[1].delta == "0.50 ha less"
    tables = "".join(h.proto.body for h in app.get("html"))
    assert "Land cover: cropland" in tables
    assert "<script>" not in tables


def test_without_a_mapped_tile_it_says_so(page, project) -> None:
    app = settle(page("results", project), keys(project)["areas"])
    assert "No tile is mapped yet" in said(app)
    assert not app.error


def test_files_are_made_and_offered(page, project, monkeypatch, tmp_path) -> None:
    def export(_, __, folder, *, accepted_only):
        folder.mkdir(parents=True)
        parcels = folder / "parcels.geojson"
        parcels.write_text(json.dumps({"features": []}))
        return (parcels,)

    monkeypatch.setattr("ui.results.export_scene", export)
    app = shown(page, project, monkeypatch)
    app = settle(press(app, "Make the files"), keys(project)["files"])
    assert [b.proto.label for b in app.get("download_button")] == ["GeoJSON"]
    assert str(project.folder) in said(app)


def test_nothing_to_export_is_one_sentence(page, project, monkeypatch) -> None:
    app = shown(page, project, monkeypatch)
    app = settle(press(app, "Make the files"), keys(project)["files"])
    assert "No tile has a label yet" in wrong(app)
