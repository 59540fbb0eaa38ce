"""A project on the command line is the app's: made, filled, mapped, exported, and read back."""

import json
import signal
import zipfile

import numpy as np
import pyogrio
import pytest
import shapely

from core.cli.terminal import Bar
from core.farmland import write_scene
from core.project import Project, recent_projects
from core.session.scene_parcels import chosen_tiles, labelled_scene
from core.session.workspaces import Workspaces
from tests.rasters import write_raster

NO_MODEL = ("--model", "none")


@pytest.fixture(scope="session")
def wide_farmland(tmp_path_factory):
    """A scene that tiles of 288 pixels cut into several."""
    return write_scene(tmp_path_factory.mktemp("wide"), seed=3, size=400)


@pytest.fixture
def farm(cropmap, tile_size, wide_farmland, tmp_path):
    """Folder of a project with one scene."""
    tile_size(288)
    folder = tmp_path / "farm"
    assert cropmap("project", "new", folder, "--name", "Farm").status == 0
    scene, cover = wide_farmland.scene, wide_farmland.landcover
    assert cropmap("project", "add", folder, scene, "--landcover", cover).status == 0
    return folder


def opened(folder) -> Project:
    return Project.open(folder / f"{folder.name}.cropmap")


def parcels_of_the_app(folder, *, accepted_only: bool):
    """Id and outline of every parcel, as the Results page has them."""
    project = opened(folder)
    scene = project.scenes()[0].id
    tiles = chosen_tiles(project, scene, accepted_only=accepted_only)
    found = labelled_scene(project, scene, tiles, workspaces=Workspaces())
    project.close()
    return found.parcels


def test_new_add_map_and_export_give_the_parcels_of_the_app(farm, cropmap, tmp_path) -> None:
    mapped = cropmap("project", "map", farm, *NO_MODEL, "--json")
    assert (mapped.status, mapped.errors) == (0, "")
    (row,) = json.loads(mapped.out)["scenes"]
    assert row["tiles"] == len(opened(farm).tiles(opened(farm).scenes()[0].id)) > 1

    file = tmp_path / "results" / "fields.gpkg"
    done = cropmap("project", "export", farm / "farm.cropmap", "--format", "gpkg", "--out", file)
    assert done.status == 0, done.errors
    assert str(file) in done.out
    table = pyogrio.read_dataframe(file, layer="parcels")
    parcels = parcels_of_the_app(farm, accepted_only=False)
    # The table is sorted for people; each outline is one of the app's to the last digit.
    assert len(table) == len(parcels) > 1
    assert {shapely.normalize(shape).wkb for shape in table.geometry} == {
        shapely.normalize(parcel.geometry).wkb for parcel in parcels
    }
    assert table["area_ha"].sum() == pytest.approx(row["cropland_ha"], rel=0.02)
    assert [path.name for path in file.parent.iterdir()] == ["fields.gpkg"]


def test_several_formats_go_into_a_folder_with_a_data_card(farm, cropmap, tmp_path) -> None:
    assert cropmap("project", "map", farm, *NO_MODEL).status == 0
    words = ("--format", "shp", "--format", "mask", "--format", "geojson", "--json")
    done = cropmap("project", "export", farm, *words, "--out", tmp_path / "out")
    assert done.status == 0, done.errors
    files = {path[path.rindex("_all") :]: path for path in json.loads(done.out)["files"]
             if "_all" in path}  # fmt: skip
    assert {"_all.shp.zip", "_all_mask.tif", "_all.geojson", "_all.qml"} == set(files)
    assert (tmp_path / "out" / "parcels" / "data-card.md").is_file()
    with zipfile.ZipFile(files["_all.shp.zip"]) as archive:
        assert any(name.endswith("_all.shp") for name in archive.namelist())
    package = tmp_path / "degrees.gpkg"
    words = ("--format", "gpkg", "--crs", "EPSG:4326")
    assert cropmap("project", "export", farm, *words, "--out", package).status == 0
    assert pyogrio.read_info(package, layer="parcels")["crs"] == "EPSG:4326"
    wrong = cropmap("project", "export", farm, *words[:3], "EPSG:2193", "--out", package)
    assert wrong.status == 1
    assert "is not for the place of this scene" in wrong.errors


def test_only_accepted_tiles_where_that_is_asked_for(farm, cropmap, tmp_path) -> None:
    assert cropmap("project", "map", farm, *NO_MODEL).status == 0
    words = ("project", "export", farm, "--format", "geojson", "--accepted-only")
    file = tmp_path / "fields.geojson"
    file.write_text("an earlier one")
    refused = cropmap(*words, "--out", file)
    assert refused.status == 1
    assert "No tile is accepted yet." in refused.errors
    assert "leave out --accepted-only" in refused.errors
    assert file.read_text() == "an earlier one"

    app = opened(farm)
    scene = app.scenes()[0].id
    tile = max(app.tiles(scene), key=lambda t: t.figures.get("cropland_ha", 0.0))
    app.set_verdict(scene, tile.name, "accepted", comment="", reviewer="Ann", expected_version=0)
    app.close()
    assert cropmap(*words, "--out", file).status == 0
    parcels = parcels_of_the_app(farm, accepted_only=True)
    assert len(pyogrio.read_dataframe(file)) == len(parcels) > 0
    assert len(parcels) < len(parcels_of_the_app(farm, accepted_only=False))


def test_stopped_by_ctrl_c_the_same_command_goes_on(farm, cropmap, monkeypatch) -> None:
    def interrupt(_bar, stage, done, _total):
        if stage.startswith("Mapping tiles") and done == 1:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Bar, "__call__", interrupt)
        stopped = cropmap("project", "map", farm, *NO_MODEL)
    assert stopped.status == 130
    assert "Cancelled. 1 of" in stopped.errors
    kept = [tile for tile in tiles_of(farm) if tile.figures]
    assert len(kept) == 1
    files = {path: path.stat().st_mtime_ns for path in farm.rglob("*") if kept[0].name in path.name}
    assert files
    assert cropmap("project", "map", farm).status == 0
    assert all(tile.figures for tile in tiles_of(farm))
    assert files == {path: path.stat().st_mtime_ns for path in files}


def tiles_of(folder):
    project = opened(folder)
    found = project.tiles(project.scenes()[0].id)
    project.close()
    return found


def test_the_app_may_have_the_project_open_meanwhile(farm, cropmap) -> None:
    app = opened(farm)
    scene = app.scenes()[0].id
    before = app.revision()
    assert cropmap("project", "map", farm, *NO_MODEL).status == 0
    assert app.revision() > before
    tile = app.tiles(scene)[0]
    app.set_verdict(scene, tile.name, "fix", comment="Look", reviewer="Ann", expected_version=0)
    assert cropmap("project", "map", farm, "--threshold", 0.6).status == 0
    assert app.tile(scene, tile.name).verdict.comment == "Look"
    assert app.scene(scene).settings["threshold"] == 0.6
    assert app.scene(scene).settings["model"] is None
    app.close()


def test_the_app_lists_the_project_and_its_folder_names_it(cropmap, tmp_path) -> None:
    assert cropmap("project", "new", tmp_path / "Valley").status == 0
    (listed,) = [one for one in recent_projects() if one.path.is_relative_to(tmp_path)]
    assert (listed.name, listed.scenes) == ("Valley", 0)


def test_options_that_do_not_go_together_change_nothing(farm, cropmap, tmp_path) -> None:
    def refused(*words: object, **environment: str) -> str:
        done = cropmap("project", "map", farm, *words, **environment)
        assert done.status == 1
        assert len(done.errors.splitlines()) == 2
        return done.errors

    assert "--strategy classifier" in refused(*NO_MODEL, "--strategy", "apt")
    assert "no strategy 'best'" in refused("--strategy", "best")
    assert "between 0.01 and 0.99" in refused("--threshold", 2)
    assert "belongs to the strategy 'apt'" in refused("--published-scale", "--strategy", "joint")
    assert "There is no model" in refused("--model", "sam_vit_x")
    fetch = refused("--model", "mobile_sam", CROPMAP_WEIGHTS_DIR=str(tmp_path))
    assert "cropmap weights fetch mobile_sam" in fetch
    project = opened(farm)
    assert project.scenes()[0].settings == {}
    project.close()


def test_after_no_model_a_model_is_used_as_if_nothing_had_been_chosen(
    farm, cropmap, monkeypatch
) -> None:
    monkeypatch.setattr("core.session.batch.predict_all", lambda *_: 0)

    def settings() -> dict:
        project = opened(farm)
        found = project.scenes()[0].settings
        project.close()
        return found

    assert cropmap("project", "map", farm, *NO_MODEL).status == 0
    assert settings() == {"model": None, "strategy": "classifier"}
    assert cropmap("project", "map", farm, "--model", "cropmap_small").status == 0
    assert settings() == {"model": "cropmap_small"}


def test_a_crs_is_asked_for_by_the_option_that_takes_it(
    cropmap, wide_farmland, tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "farm"
    assert cropmap("project", "new", folder).status == 0
    values = np.full((3, 64, 64), 90, np.uint8)
    plain = write_raster(tmp_path / "plain.tif", values, crs=None)
    asked = cropmap("project", "add", folder, plain)
    assert (asked.status, "--crs EPSG:32633" in asked.errors) == (1, True)
    done = cropmap("project", "add", folder, plain, "--crs", "EPSG:32633", "--name", "Plain")
    assert done.status == 0
    assert "Plain is added: 1 tile; without land cover" in done.out
    refused = cropmap("project", "map", folder, *NO_MODEL)
    assert refused.status == 1
    assert "There is no land cover for Plain" in refused.errors
    cover = write_raster(tmp_path / "cover.tif", np.full((1, 64, 64), 40, np.uint8), crs=None)
    asked = cropmap("project", "add", folder, wide_farmland.scene, "--landcover", cover)
    assert (asked.status, "--landcover-crs EPSG:32633" in asked.errors) == (1, True)
    given = ("--crs", "EPSG:32633", "--landcover-crs", "EPSG:32633")
    words = (plain, "--landcover", cover, *given, "--product", "worldcover_v200")
    assert cropmap("project", "add", folder, *words).status == 0
    assert len(opened(folder).scenes()) == 2
    monkeypatch.setattr("core.session.batch.predict_all", lambda *_: 1)
    mapped = cropmap("project", "map", folder, *NO_MODEL)
    assert mapped.out.splitlines() == [
        "plain: 1 tile mapped, 0.0 ha of cropland.",
        "Plain: left out, it has no land cover for the classifier.",
    ]


def test_what_cannot_be_meant_is_one_sentence_and_a_hint(
    farm, cropmap, wide_farmland, tmp_path
) -> None:
    def refused(*words: object) -> str:
        done = cropmap("project", *words)
        assert (done.status, done.out) == (1, "")
        assert len(done.errors.splitlines()) == 2
        return done.errors

    export = ("export", farm, "--format", "gpkg", "--out")
    assert "There is a project in" in refused("new", farm)
    assert "make a new one" in refused("map", tmp_path / "farm" / "..")
    assert "cropmap project map" in refused(*export, tmp_path / "a.gpkg")
    assert "End it with .gpkg" in refused(*export, tmp_path / "a.tif")
    assert "Name a folder" in refused(*export, tmp_path / "a.gpkg", "--format", "shp")
    assert "There is no file" in refused("add", farm, tmp_path / "no.tif")
    assert "no scene 'East'" in refused("map", farm, "--scene", "East")
    again = ("add", farm, wide_farmland.scene, "--landcover", wide_farmland.landcover)
    assert cropmap("project", *again).status == 0
    assert "has 2 scenes" in refused(*export, tmp_path / "a.gpkg")
    assert "by its id" in refused("map", farm, "--scene", "scene")
    assert not (tmp_path / "a.gpkg").exists()
    (farm / "second.cropmap").write_bytes(b"")
    assert "several projects" in refused("map", farm)
    assert "second.cropmap" in refused("map", farm / "second.cropmap")


def test_bands_and_contrast_of_an_added_scene_are_said_and_kept(cropmap, tmp_path) -> None:
    values = np.random.default_rng(0).integers(200, 3000, (4, 64, 64)).astype(np.uint16)
    scene = write_raster(tmp_path / "s.tif", values)
    farm = tmp_path / "farm"
    assert cropmap("project", "new", farm).status == 0
    added = cropmap("project", "add", farm, scene)
    assert added.errors.startswith("Note: Red, green and blue are bands 3, 2 and 1")
    words = ("--bands", "4,3,2", "--stretch", "each", "--name", "other")
    assert cropmap("project", "add", farm, scene, *words).errors == ""
    first, second = (row.scene for row in opened(farm).scenes())
    assert (first["bands"], first["stretch_source"]) == ([3, 2, 1], "one")
    assert (second["bands"], second["stretch_source"]) == ([4, 3, 2], "each")
