"""Existing labels in a project: taken over, corrected, undone, exported and taken over again."""

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from core.errors import CancelledError
from core.existing.class_choice import ClassChoice, guess
from core.existing.label_files import read_labels
from core.existing.labels_file import LabelsFile
from core.existing.mask import MaskFileLabels, guess_values, read_mask
from core.existing.scene_labels import VectorLabels
from core.export.write_export import ExportOptions, write_export
from core.parcels.polygons import geodesic_areas_m2
from core.project import NewEdit, Project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project_scene
from core.session.scene_parcels import chosen_tiles, labelled_scene
from core.session.taking_over import stake_of, take_over
from tests.existing.conftest import PLACES, fields, grid_of, table, write
from tests.rasters import write_raster
from tests.session.conftest import ready

pytestmark = pytest.mark.usefixtures("small_tiles")


def scene_on(project: Project, folder, place: str) -> str:
    """A scene without land cover of several tiles; its id."""
    grid = grid_of(place)
    pixels = np.random.default_rng(0).integers(1, 255, (3, *grid.shape)).astype(np.uint8)
    path = folder / f"{place}.tif"
    if not path.exists():
        write_raster(path, pixels, crs=grid.crs.to_wkt(), transform=grid.transform)
    return add_scene(project, path).id


@pytest.fixture
def bare(tmp_path) -> Project:
    return Project.create(tmp_path / "bare.cropmap", "Bare")


def labels_of(project, scene_id, parcels, columns=None) -> VectorLabels:
    shapes = parcels.geometry.to_numpy()
    grid = open_project_scene(project, scene_id).scene.grid
    file = LabelsFile(
        "old.gpkg", "geopackage", "old", ("old",), grid.crs, len(shapes), shapes, columns or {}
    )
    return VectorLabels(file, guess(file), grid, grid.crs)


def taken(project, scene_id, labels, **options):
    stake = stake_of(project, scene_id, labels)
    chosen = {"author": "Ann", "replace_work": False, "empty_beside": False, **options}
    return take_over(project, scene_id, labels, stake, **chosen)


def exported(project, scene_id, folder, workspaces):
    tiles = chosen_tiles(project, scene_id, accepted_only=False)
    labelled = labelled_scene(project, scene_id, tiles, workspaces=workspaces)
    write_export(labelled, folder, ExportOptions(accepted_only=False))
    return {path.name: path for path in folder.iterdir()}


def parcels_of(files):
    return pyogrio.read_dataframe(files["parcels.gpkg"], layer="parcels")


def parcels_across_seams() -> list[shapely.Polygon]:
    """Parcels with odd corners, across the seams of tiles, one with a hole."""
    first = shapely.Polygon([(12.3, 9.1), (83.7, 9.1), (74.2, 101.6), (4.9, 101.6)])
    second = shapely.Polygon([(147.1, 93.3), (251.9, 93.3), (238.4, 236.8), (133.2, 236.8)])
    third = shapely.Polygon([(301.3, 20.7), (388.2, 20.7), (371.1, 279.4), (284.6, 279.4)])
    return [first, second.difference(shapely.box(180.2, 120.3, 192.8, 145.9)), third]


@pytest.mark.parametrize("ending", ["gpkg", "shp.zip", "geojson"])
@pytest.mark.parametrize("place", PLACES)
def test_exported_and_taken_over_again(tmp_path, workspaces, place, ending) -> None:
    folder, pixels = tmp_path, parcels_across_seams()
    first, second = (Project.create(folder / f"{n}.cropmap", n) for n in ("one", "two"))
    grid = grid_of(place)
    sent = table(grid, pixels)
    scene_id = scene_on(first, folder, place)
    taken(first, scene_id, labels_of(first, scene_id, sent))
    files = exported(first, scene_id, folder / "one", workspaces)

    file = read_labels(files[f"parcels.{ending}"], grid)
    labels = VectorLabels(file, guess(file), grid, file.crs)
    other = scene_on(second, folder, place)
    taken(second, other, labels)
    back = parcels_of(exported(second, other, folder / "two", workspaces))
    assert len(back) == len(sent)
    half_pixel = abs(grid.transform.determinant) ** 0.5 / 2
    shapes = back.geometry.to_numpy()
    for shape in sent.geometry:
        assert shapely.hausdorff_distance(shapes, shape).min() <= half_pixel
    areas = (geodesic_areas_m2(t.geometry.to_numpy(), grid.crs).sum() for t in (sent, back))
    assert next(areas) == pytest.approx(next(areas), rel=1e-3)
    with (
        rasterio.open(files["mask.tif"]) as before,  # noqa: TID251
        rasterio.open(folder / "two" / "mask.tif") as after,  # noqa: TID251
    ):
        assert np.array_equal(before.read(), after.read())


def test_a_mask_taken_over_is_the_mask_that_is_exported(bare, tmp_path, workspaces) -> None:
    scene_id = scene_on(bare, tmp_path, "rotated")
    grid = open_project_scene(bare, scene_id).scene.working_grid
    values = np.kron(
        np.random.default_rng(1).random((6, 8)) < 0.5, np.ones((50, 50), dtype=bool)
    ).astype(np.uint8)
    path = write_raster(
        tmp_path / "m.tif", values[None], crs=grid.crs.to_wkt(), transform=grid.transform
    )
    mask = read_mask(path)
    taken(bare, scene_id, MaskFileLabels(mask, guess_values(mask)))
    with rasterio.open(  # noqa: TID251
        exported(bare, scene_id, tmp_path / "out", workspaces)["mask.tif"]
    ) as out:
        assert np.array_equal(out.read(1), values)


def test_it_is_one_step_that_can_be_undone_and_corrected(
    project, scene_id, workspaces, farmland
) -> None:
    grid = open_project_scene(project, scene_id).scene.grid
    tile = project.tiles(scene_id)[0].name
    workspace = workspaces.get(project, scene_id, tile)
    automatic = ready(workspace)["parcels"]
    assert automatic
    done = taken(project, scene_id, labels_of(project, scene_id, table(grid, fields())))
    assert done.tiles
    state = ready(workspace)
    assert {p["id"] for p in state["parcels"]} <= {"L0001", "L0002"}
    assert state["can_undo"]

    delete = [{"kind": "parcel_delete", "point": [60, 60]}]
    workspace.edit(delete, state["version"], "Ben")
    assert "L0001" not in {p["id"] for p in ready(workspace)["parcels"]}
    # An area is drawn on top of the labels, as on automatic parcels.
    ring = [[100, 100], [140, 100], [140, 140], [100, 140]]
    workspace.edit([{"kind": "area_add", "ring": ring}], workspace.state()["version"], "Ben")
    assert ready(workspace)["edit_count"] == 3
    # Another method, another prediction: the labels stay.
    workspace.edit(
        [{"kind": "settings", "strategy": "classifier"}], ready(workspace)["version"], ""
    )
    assert "L0001" not in {p["id"] for p in ready(workspace)["parcels"]}
    for _ in range(4):
        workspace.undo(workspace.state()["version"], "Ben", anybody=True)
    assert [p["id"] for p in ready(workspace)["parcels"]] == [p["id"] for p in automatic]
    workspace.redo(workspace.state()["version"], "Ben", anybody=True)
    assert {p["id"] for p in ready(workspace)["parcels"]} <= {"L0001", "L0002"}
    assert project.history(limit=1)[0].detail["kinds"] == ["labels_import"]


def test_tiles_that_people_worked_on_are_left_or_replaced_as_they_say(
    bare, tmp_path, workspaces
) -> None:
    scene_id = scene_on(bare, tmp_path, "utm")
    first, second = (tile.name for tile in bare.tiles(scene_id)[:2])
    cut = {"ring": [[500_010.0, 4_999_900.0], [500_050.0, 4_999_900.0], [500_050.0, 4_999_960.0]]}
    bare.append(scene_id, first, [NewEdit("area_add", cut)], author="Ben", expected_version=0)
    bare.set_verdict(scene_id, second, "accepted", comment="", reviewer="Ben", expected_version=0)
    labels = labels_of(bare, scene_id, table(grid_of("utm"), [shapely.box(10, 10, 390, 290)]))
    stake = stake_of(bare, scene_id, labels)
    assert set(stake.worked_on) == {first, second}
    done = taken(bare, scene_id, labels)
    assert set(done.left) == {first, second}
    assert bare.tile(scene_id, first).edit_count == 1
    replaced = taken(bare, scene_id, labels, replace_work=True)
    assert not replaced.left
    assert bare.tile(scene_id, first).edit_count == 2
    parcels = workspaces.get(bare, scene_id, first).finished().parcels
    assert [p.id for p in parcels] == ["L0001"]
    # Their work is under it, one step back.
    bare.undo(scene_id, first, author="Ben", expected_version=2)
    assert [e.kind for e in bare.log(scene_id, first).edits] == ["area_add"]


def test_somebody_who_is_faster_is_not_overwritten(bare, tmp_path) -> None:
    scene_id = scene_on(bare, tmp_path, "utm")
    labels = labels_of(bare, scene_id, table(grid_of("utm"), [shapely.box(10, 10, 390, 290)]))
    stake = stake_of(bare, scene_id, labels)
    first = bare.tiles(scene_id)[0].name
    bare.append(scene_id, first, [NewEdit("prompts_clear", {})], author="Ben", expected_version=0)
    done = take_over(
        bare, scene_id, labels, stake, author="Ann", replace_work=True, empty_beside=False
    )
    assert done.changed == (first,)
    assert bare.tile(scene_id, first).edit_count == 1


def test_tiles_beside_the_labels_are_emptied_where_that_is_wished(
    bare, tmp_path, workspaces
) -> None:
    scene_id = scene_on(bare, tmp_path, "utm")
    labels = labels_of(bare, scene_id, table(grid_of("utm"), fields((5, 5, 50, 50))))
    assert len(taken(bare, scene_id, labels).tiles) == 1
    again = taken(bare, scene_id, labels, empty_beside=True)
    assert (again.tiles, again.emptied) == ((), len(bare.tiles(scene_id)) - 1)
    last = bare.tiles(scene_id)[-1].name
    assert workspaces.get(bare, scene_id, last).finished().parcels == ()


def test_cancelling_keeps_what_is_done(bare, tmp_path) -> None:
    scene_id = scene_on(bare, tmp_path, "utm")
    labels = labels_of(bare, scene_id, table(grid_of("utm"), [shapely.box(10, 10, 390, 290)]))
    answers = iter([False, True])
    with pytest.raises(CancelledError, match="1 of"):
        taken(bare, scene_id, labels, cancelled=lambda: next(answers))
    assert sorted(t.edit_count for t in bare.tiles(scene_id))[-2:] == [0, 1]


def test_where_a_mask_knows_nothing_the_automatic_parcels_stay(
    project, scene_id, tile, workspaces, tmp_path
) -> None:
    opened = open_project_scene(project, scene_id)
    grid = opened.scene.working_grid
    column, _, width, _ = opened.frame(tile).core_bounds()
    middle = round(column + width / 2)
    values = np.zeros(grid.shape, dtype=np.uint8)
    values[:, :middle] = 255
    place = {"crs": grid.crs.to_wkt(), "transform": grid.transform}
    path = write_raster(tmp_path / "m.tif", values[None], nodata=255, **place)
    workspace = workspaces.get(project, scene_id, tile)
    before = ready(workspace)
    taken(project, scene_id, MaskFileLabels(read_mask(path), frozenset({1})))
    after = ready(workspace)
    assert 0 < after["cropland_ha"] < before["cropland_ha"]
    corners = [c for p in after["parcels"] for ring in p["rings"] for c in ring]
    assert max(column for column, _ in corners) <= middle + 0.01


def test_classes_and_states_of_our_own_export_survive(bare, tmp_path, workspaces) -> None:
    scene_id = scene_on(bare, tmp_path, "utm")
    grid = grid_of("utm")
    columns = {
        "field_id": ["a", "b"],
        "class": ["cropland", "other"],
        "status": ["rejected", "accepted"],
        "reason": ['a lake, "really"', ""],
        "tile": ["t", "t"],
        "reviewer": ["Änne", "Ben"],
        "review_date": ["2026-11-02T10:00:00Z", "2026-11-03T10:00:00Z"],
        "score": [0.5, 0.25],
    }
    taken(bare, scene_id, labels_of(bare, scene_id, table(grid, fields()), columns))
    files = exported(bare, scene_id, tmp_path / "out", workspaces)
    back = parcels_of(files).sort_values("score")
    assert list(back["class"]) == ["other", "cropland"]
    assert list(back["status"]) == ["accepted", "rejected"]
    assert list(back["reviewer"]) == ["Ben", "Änne"]
    assert list(back["review_date"])[1] == "2026-11-02T10:00:00Z"
    assert list(back["reason"])[1] == 'a lake, "really"'


def test_ten_thousand_parcels(bare, tmp_path, workspaces) -> None:
    """All of them arrive, and are stored in a file of reasonable size."""
    scene_id = scene_on(bare, tmp_path, "utm")
    boxes = [(4 * c, 3 * r, 4 * c + 3.5, 3 * r + 2.5) for c in range(100) for r in range(100)]
    path = write(tmp_path / "many.gpkg", table(grid_of("utm"), fields(*boxes)))
    file = read_labels(path, grid_of("utm"))
    labels = VectorLabels(file, ClassChoice(), grid_of("utm"), file.crs)
    done = taken(bare, scene_id, labels)
    assert done.parcels >= 10_000
    finished = [
        workspaces.get(bare, scene_id, tile.name).finished() for tile in bare.tiles(scene_id)
    ]
    assert len({p.id for label in finished for p in label.parcels}) == 10_000
