"""The same scene, land cover, model and choices give the same parcels, whoever asks."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
import rasterio
import shapely
from typer.testing import CliRunner

from core.cli import app
from core.export.parcel_numbers import numbered
from core.export.replay.again import replay_bundle
from core.export.replay.bundle_file import read_bundle
from core.export.replay.make_bundle import make_bundle
from core.export.scene_map import map_scene
from core.export.write_export import ExportOptions, write_export
from core.farmland import write_scene
from core.imagery.frame import plan_scene
from core.imagery.scene import open_scene
from core.label.choices import Choices
from core.label.make import answer_prompts, make_label, predict_work
from core.label.tile_label import Label
from core.label.work import Work
from core.landcover.source import open_landcover
from core.mapping import MapOptions, SceneRequest
from core.mapping.join import NO_VERDICT, Piece, join_parcels
from core.parcels.parcel import Parcel
from core.predict.kept_prediction import Prediction
from core.predict.tile import TileMemory, predict_tile, read_tile_inputs
from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.batch import predict_all
from core.session.models import Models
from core.session.opened import open_project_scene
from core.session.scene_parcels import labelled_scene
from core.session.workspaces import Workspaces
from tests.export.replay.conftest import every_edit, with_crops
from tests.fakes import ColourSegmenter
from tests.session.conftest import ready

CHOSEN = {
    "classifier": MapOptions(
        model=None, threshold=0.45, points_per_class=20, min_area_m2=300.0, seed=5
    ),
    "apt_plus": MapOptions(threshold=0.55, points_per_class=12, min_area_m2=500.0, seed=7),
    "per_field": MapOptions(strategy="per_field", simplify_px=0.0),
}


def segmenter_for(options: MapOptions) -> ColourSegmenter | None:
    return None if options.needed_model is None else ColourSegmenter()


def new_project(folder: Path, farmland, options: MapOptions) -> tuple[Project, str]:
    """A project whose scene has the choices of a run."""
    project = Project.create(folder / "farm.cropmap", "Scene")
    scene = add_scene(project, farmland.scene, landcover_path=farmland.landcover)
    settings = {**asdict(options.choices), "model": options.model}
    project.update_scene(scene.id, expected_version=scene.version, settings=settings)
    return project, scene.id


class Asked:
    """The files that the command line and the app make of one scene with equal choices."""

    def __init__(self, farmland, options: MapOptions, folder: Path) -> None:
        self.farmland, self.options, self.map = farmland, options, folder / "map"
        request = SceneRequest(str(farmland.scene), str(farmland.landcover))
        self.result = map_scene(request, options, self.map, segmenter=segmenter_for(options))
        self.project, self.scene_id = new_project(folder, farmland, options)
        self.own = Workspaces(Models(lambda _key: ColourSegmenter()))
        predict_all(self.project, self.scene_id, lambda *_: None, lambda: False, self.own)
        tiles = [tile.name for tile in self.project.tiles(self.scene_id)]
        labelled = labelled_scene(self.project, self.scene_id, tiles, workspaces=self.own)
        named = numbered(labelled, self.project, self.scene_id)
        self.app = write_export(named, folder / "app", ExportOptions(accepted_only=False)).folder
        self.bundle = make_bundle(
            self.project, self.scene_id, folder / "label.zip", workspaces=self.own
        )


@pytest.fixture(scope="module", params=CHOSEN)
def asked(request, farmland, tmp_path_factory) -> Asked:
    return Asked(farmland, CHOSEN[request.param], tmp_path_factory.mktemp(request.param))


def parcels(folder: Path) -> geopandas.GeoDataFrame:
    return pyogrio.read_dataframe(folder / "parcels.gpkg", layer="parcels")


def mask(folder: Path) -> np.ndarray:
    with rasterio.open(folder / "mask.tif") as dataset:  # noqa: TID251
        values: np.ndarray = dataset.read(1)
        return values


def test_the_command_line_and_the_app_draw_the_same_parcels(asked: Asked) -> None:
    mapped, exported = parcels(asked.map), parcels(asked.app)
    assert asked.result.tiles == 4
    assert len(mapped) == asked.result.parcels > 3
    assert mapped.geometry.to_wkb().tolist() == exported.geometry.to_wkb().tolist()
    pandas.testing.assert_frame_equal(
        pandas.DataFrame(mapped.drop(columns="geometry")),
        pandas.DataFrame(exported.drop(columns="geometry")),
        check_exact=True,
    )
    assert asked.result.cropland_ha == pytest.approx(
        mapped["area_ha"].sum(), abs=0.0005 * len(mapped)
    )
    numbers = range(1, len(mapped) + 1)
    assert mapped["field_id"].tolist() == [f"scene-{number:04d}" for number in numbers]
    assert mapped["positive_prompts"].notna().all()
    if asked.options.needed_model is not None:
        assert mapped["positive_prompts"].sum() > 0


def test_every_file_is_the_same_to_the_byte_where_its_format_allows(asked: Asked) -> None:
    for name in ("parcels.geojson", "mask.tif"):
        assert (asked.map / name).read_bytes() == (asked.app / name).read_bytes(), name
    shapes = []
    for folder in (asked.map, asked.app):
        with zipfile.ZipFile(folder / "parcels.shp.zip") as archive:
            shapes.append(archive.read("parcels.shp"))
    assert shapes[0] == shapes[1]


def test_what_holds_nothing_is_unknown_in_every_mask(asked: Asked) -> None:
    codes = mask(asked.map)
    assert (codes[125:185, 3:37] == 255).all()
    assert set(np.unique(codes)) == {0, 1, 255}
    with rasterio.open(asked.map / "probability.tif") as dataset:  # noqa: TID251
        probability = dataset.read(1)
    assert np.isnan(probability[125:185, 3:37]).all()
    # A label says what is there wherever the prediction does.
    assert ((codes == 255) == np.isnan(probability)).mean() > 0.99


def test_a_replay_bundle_makes_the_parcels_of_the_command_line(asked: Asked, tmp_path) -> None:
    report = replay_bundle(
        asked.bundle,
        str(asked.farmland.scene),
        str(asked.farmland.landcover),
        tmp_path / "again",
        segmenter=segmenter_for(asked.options),
    )
    assert report.identical
    assert report.differences == ()
    label = json.loads((tmp_path / "again" / "label.geojson").read_text())
    pieces = [piece_of(feature) for feature in label["features"]]
    opened = open_project_scene(asked.project, asked.scene_id)
    joined = join_parcels(pieces, opened.scene.working_grid)
    mapped = parcels(asked.map)
    # Some field lies on a seam, and is one.
    assert len(joined) < len(pieces)
    drawn = {parcel.geometry.wkb: round(parcel.score, 3) for parcel in joined}
    found = zip(mapped.geometry, mapped["score"], strict=True)
    assert {shape.wkb: score for shape, score in found} == drawn
    run = json.loads((asked.map / "run.json").read_text())
    for tile, row in zip(read_bundle(asked.bundle).record.tiles, run["tiles"], strict=True):
        assert tile.name == row["name"]
        prompts = [{"x": p.x, "y": p.y, "label": p.label} for p in tile.prompts]
        assert prompts == [{k: p[k] for k in ("x", "y", "label")} for p in row["prompts"]]


def test_a_project_on_the_command_line_is_mapped_as_a_scene_is(farmland, tmp_path) -> None:
    chosen = ("--model", "none", "--threshold", "0.45", "--min-area-m2", "300")
    landcover = ("--landcover", farmland.landcover)
    project, out = tmp_path / "farm", tmp_path / "out"
    cropmap("map", farmland.scene, *landcover, "--out", tmp_path / "map", *chosen)
    cropmap("project", "new", project, "--name", "Scene")
    cropmap("project", "add", project, farmland.scene, *landcover)
    cropmap("project", "map", project, *chosen)
    formats = [part for name in ("gpkg", "geojson", "mask") for part in ("--format", name)]
    cropmap("project", "export", project, *formats, "--out", out)
    for name, ending in (("parcels.geojson", ".geojson"), ("mask.tif", "_mask.tif")):
        (made,) = out.rglob(f"Scene_scene_*_all{ending}")
        assert made.read_bytes() == (tmp_path / "map" / name).read_bytes(), name
    (package,) = out.rglob("*.gpkg")
    mapped, exported = parcels(tmp_path / "map"), pyogrio.read_dataframe(package, layer="parcels")
    assert mapped.geometry.to_wkb().tolist() == exported.geometry.to_wkb().tolist()
    assert mapped["field_id"].tolist() == exported["field_id"].tolist()


def cropmap(*arguments: object) -> None:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output


def test_finer_scenes_have_their_mask_on_their_own_pixels(tmp_path) -> None:
    fine = write_scene(tmp_path / "fine", seed=4, size=448, gsd_m=0.25)
    asked = Asked(fine, CHOSEN["classifier"], tmp_path)
    assert open_scene(fine.scene).working_factor == 2
    assert mask(asked.map).shape == mask(asked.app).shape == (448, 448)
    for name in ("parcels.geojson", "mask.tif"):
        assert (asked.map / name).read_bytes() == (asked.app / name).read_bytes(), name


def piece_of(feature: dict) -> Piece:
    facts = feature["properties"]
    shape = shapely.from_geojson(json.dumps(feature["geometry"]))
    parcel = Parcel(facts["id"], shape, facts["score"], facts["state"])
    return Piece(parcel, shape, facts["tile"], NO_VERDICT)


def same(one: Label, other: Label) -> bool:
    """Whether two labels hold the same parcels, to the last digit."""
    return one.to_json()["parcels"] == other.to_json()["parcels"]


@pytest.fixture
def edited(farmland, tmp_path) -> tuple[Project, str, str, Workspaces]:
    """A project in which one tile has an edit of every kind."""
    options = CHOSEN["apt_plus"]
    project, scene_id = new_project(tmp_path, farmland, options)
    with_crops(project)
    own = Workspaces(Models(lambda _key: ColourSegmenter()))
    tile = max(project.tiles(scene_id), key=lambda t: t.window[2] * t.window[3]).name
    workspace = own.get(project, scene_id, tile)
    state = ready(workspace)
    for edit in every_edit(state):
        # One by one, and each shown: every label is made from the one before.
        workspace.edit([edit], project.log(scene_id, tile).version, "Ana")
        ready(workspace)
    return project, scene_id, tile, own


def test_edits_in_the_app_and_in_a_replay_come_to_the_same(edited, farmland, tmp_path) -> None:
    project, scene_id, tile, own = edited
    bundle = make_bundle(project, scene_id, tmp_path / "b.zip", tiles=[tile], workspaces=own)
    report = replay_bundle(
        bundle,
        str(farmland.scene),
        str(farmland.landcover),
        tmp_path / "again",
        segmenter=ColourSegmenter(),
    )
    assert report.identical
    assert report.differences == ()


def test_a_label_from_the_one_before_is_the_label_made_afresh(edited) -> None:
    project, scene_id, tile, own = edited
    finished = own.get(project, scene_id, tile).finished_tile()
    opened = open_project_scene(project, scene_id)
    inputs = read_tile_inputs(opened.scene, opened.landcover, opened.tile(tile))
    prediction = predict_work(inputs, finished.work, ColourSegmenter())
    answers = answer_prompts(inputs, finished.work, ColourSegmenter())
    assert answers
    assert same(make_label(inputs, prediction, finished.work, answers), finished.label)
    assert not same(make_label(inputs, prediction, Work(finished.work.choices)), finished.label)


def test_a_persons_prompts_are_counted_where_they_lie(edited) -> None:
    project, scene_id, tile, own = edited
    labelled = labelled_scene(project, scene_id, [tile], workspaces=own)
    finished = own.get(project, scene_id, tile).finished_tile()
    (plus,) = (p for p in finished.work.points if p.id == "plus")
    opened = open_project_scene(project, scene_id)
    world = opened.frame(tile).to_world(plus.point)
    place = shapely.Point(world.x, world.y)
    (holder,) = (p for p in labelled.parcels if p.geometry.contains(place))
    assert holder.positive_prompts
    counted = sum(parcel.positive_prompts or 0 for parcel in labelled.parcels)
    assert counted <= sum(p.label == 1 for p in finished.prediction.prompts) + 1


class WatchedSegmenter(ColourSegmenter):
    """Remembers whether it was asked for a field map."""

    asked_for_fields = False

    def field_map(self, rgb: np.ndarray, gsd_m: float) -> None:
        self.asked_for_fields = True


@pytest.mark.parametrize("strategy", ["apt", "joint", "per_field", "apt_plus", "classifier"])
def test_what_is_remembered_of_a_tile_changes_nothing(farmland, strategy) -> None:
    inputs = first_tile(farmland)
    options = Choices(strategy=strategy, points_per_class=9, seed=2).prediction
    memory, segmenter = TileMemory(), WatchedSegmenter()
    fresh = predict_tile(inputs, options, ColourSegmenter())
    first, second = (predict_tile(inputs, options, segmenter, memory) for _ in range(2))
    assert segmenter.embedded == (strategy != "classifier")
    # Who draws fields one by one tells them apart without the field map.
    assert segmenter.asked_for_fields == (strategy not in {"classifier", "per_field"})
    for again in (first, second):
        assert_same_prediction(fresh, again)


def first_tile(farmland):
    scene = open_scene(farmland.scene)
    return read_tile_inputs(scene, open_landcover(farmland.landcover), plan_scene(scene)[0])


def assert_same_prediction(one: Prediction, other: Prediction) -> None:
    np.testing.assert_array_equal(one.probability, other.probability)
    np.testing.assert_array_equal(one.uncertainty, other.uncertainty)
    assert (one.instances is None) == (other.instances is None)
    if one.instances is not None and other.instances is not None:
        np.testing.assert_array_equal(one.instances, other.instances)
    assert one.prompts == other.prompts
    assert (one.landcover_ha, one.disagreement) == (other.landcover_ha, other.disagreement)
