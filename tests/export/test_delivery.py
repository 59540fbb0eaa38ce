"""Everything to take along, from a small project: what is there, and what is said of the rest."""

import json
import zipfile
from pathlib import Path

import pyogrio
import pytest

from core.errors import CancelledError, EmptySceneError, InputError
from core.export.card_details import CardDetails
from core.export.chip_plan import ChipOptions
from core.export.delivered import RECORD, TRAINING, Delivered, Wishes, last_delivery
from core.export.delivery import deliver, state_of
from core.export.replay.bundle_file import read_bundle
from core.export.write_export import FORMATS
from core.farmland import write_scene
from core.project import Project
from core.sam.registry import DEFAULT_MODEL, get_model
from core.session.adding_scenes import add_scene
from core.session.workspaces import Workspaces

CHIPS = ChipOptions(size=64)
EVERYTHING = Wishes(
    tuple(one.key for one in FORMATS),
    replay=True,
    error_report=True,
    accepted_only=False,
    chips=CHIPS,
    details=CardDetails(licence="CC-BY-4.0"),
)


def labelled_project(folder: Path, workspaces: Workspaces, **options: bool) -> tuple[Project, str]:
    files = write_scene(folder, seed=3, size=256)
    project = Project.create(folder / "farm.cropmap", "Farm")
    landcover = files.landcover if options.get("landcover", True) else None
    scene = add_scene(project, files.scene, name="41.48N_88.84W", landcover_path=landcover)
    (tile,) = project.tiles(scene.id)
    workspace = workspaces.get(project, scene.id, tile.name)
    ring = [[60, 60], [160, 60], [160, 160], [60, 160], [60, 60]]
    note = {"kind": "note", "id": "n", "point": [100, 100], "text": "a hedge | here"}
    workspace.edit([note, {"kind": "area_add", "ring": ring}], 0, "Ana")
    workspace.finished()
    workspaces.settle()
    if options.get("accepted", True):
        project.set_verdict(
            scene.id, tile.name, "accepted", comment="", reviewer="Ana", expected_version=0
        )
    return project, scene.id


@pytest.fixture(scope="module")
def project(tmp_path_factory, workspaces):
    return labelled_project(tmp_path_factory.mktemp("project"), workspaces)


@pytest.fixture(scope="module")
def delivered(project, workspaces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "results"
    return deliver(*project, folder, EVERYTHING, workspaces=workspaces)


def test_every_file_is_there_and_says_what_it_holds(delivered) -> None:
    assert not delivered.problems
    stem = f"Farm_41.48N_88.84W_{delivered.made:%Y-%m-%d}_all"
    assert {delivered.download_name(one) for one in delivered.files} == {
        f"{stem}{ending}"
        for ending in (
            ".shp.zip", ".gpkg", ".geojson", ".parquet", "_mask.tif", ".fiboa.parquet", ".qml",
            "_data-card.md", "_training.zip", "_landcover.zip", "_landcover_report.html",
            "_label.cropmap-replay.zip",
        )
    }  # fmt: skip
    card = next(delivered.folder.rglob("data-card.md")).read_text(encoding="utf-8")
    assert "| a hedge \\| here | Ana |" in card
    for one in delivered.files:
        assert (delivered.folder / one.path).stat().st_size > 0
        assert one.title
        assert one.holds


def test_the_zips_are_whole_and_hold_one_folder(delivered) -> None:
    for name, inside in (("training", "data-card.json"), ("landcover", "landcover_errors.tif")):
        with zipfile.ZipFile(delivered.path(f"{name}.zip")) as archive:
            assert archive.testzip() is None
            assert f"{name}/{inside}" in archive.namelist()
            assert all(entry.startswith(f"{name}/") for entry in archive.namelist())


def test_the_card_says_what_only_the_person_and_the_log_know(delivered) -> None:
    card = json.loads((delivered.folder / "training" / "data-card.json").read_text())
    assert card["licence"] == "CC-BY-4.0"
    text = json.dumps(card)
    assert get_model(DEFAULT_MODEL).sha256 in text
    of_parcels = json.loads((delivered.folder / "parcels" / "data-card.json").read_text())
    assert "a person accepted 1 of 1" in of_parcels["note"]


def test_the_parcels_and_the_bundle_are_of_one_label(delivered) -> None:
    parcels = pyogrio.read_dataframe(delivered.path(".gpkg"), layer="parcels")
    record = read_bundle(delivered.path("label.cropmap-replay.zip")).record
    assert len(parcels) == sum(tile.parcels for tile in record.tiles)


def test_it_is_found_again_after_a_restart(delivered, tmp_path) -> None:
    assert last_delivery(delivered.folder) == delivered
    assert last_delivery(tmp_path) is None


def test_a_record_of_the_version_before_is_read_and_a_damaged_one_named(tmp_path) -> None:
    file = {"group": "gis", "title": "Mask", "holds": "1 is cropland", "path": "parcels/mask.tif"}
    old = {"format": 1, "state": "s", "made": "2026-05-01T12:00:00+00:00", "files": [file],
           "notes": ["Mind."], "problems": []}  # fmt: skip
    record = tmp_path / "made.json"
    record.write_text(json.dumps(old, indent=1))
    found = last_delivery(tmp_path)
    assert found.files == (Delivered("gis", "Mask", "1 is cropland", "parcels/mask.tif"),)
    assert (found.state, found.notes, found.made.year) == ("s", ("Mind.",), 2026)
    record.write_text('{"format": 1}')
    with pytest.raises(InputError, match=r"made\.json cannot be read"):
        last_delivery(tmp_path)
    assert record.read_text() == '{"format": 1}'


def test_only_what_people_do_makes_files_old(project, delivered) -> None:
    store, scene_id = project
    (tile,) = store.tiles(scene_id)
    assert delivered.state == state_of(store, scene_id)
    store.set_figures(scene_id, tile.name, {"uncertainty": 0.123})
    assert delivered.state == state_of(store, scene_id)
    store.rename("Farm once more")
    assert delivered.state == state_of(store, scene_id)
    store.rename("Farm")
    store.undo(scene_id, tile.name, author="Ana", expected_version=tile.log_version)
    assert delivered.state != state_of(store, scene_id)
    after = store.tile(scene_id, tile.name)
    store.redo(scene_id, tile.name, author="Ana", expected_version=after.log_version)


def test_what_cannot_be_made_does_not_stop_the_rest(tmp_path, workspaces) -> None:
    project = labelled_project(tmp_path, workspaces, accepted=False, landcover=False)
    made = deliver(*project, tmp_path / "out", EVERYTHING, workspaces=workspaces)
    assert {one.group for one in made.files} == {"gis", RECORD}
    training, report = made.problems
    assert training.startswith("Training data: ")
    assert "no tile is accepted" in training
    assert "no land cover" in report
    only = Wishes((), error_report=True, accepted_only=False)
    with pytest.raises(Exception, match="no land cover"):
        deliver(*project, tmp_path / "out", only, workspaces=workspaces)


def test_cancelled_it_keeps_what_was_finished(project, workspaces, tmp_path) -> None:
    stages: list[str] = []

    def progress(stage: str, _done: int, _total: int) -> None:
        stages.append(stage)

    with pytest.raises(CancelledError):
        deliver(
            *project, tmp_path / "out", EVERYTHING, progress=progress, workspaces=workspaces,
            cancelled=lambda: "Zipping" in stages,
        )  # fmt: skip
    kept = last_delivery(tmp_path / "out")
    assert {one.group for one in kept.files} == {"gis"}
    assert not list((tmp_path / "out").rglob("*.zip.part"))
    assert not list((tmp_path / "out").glob("*training.zip"))


def test_what_was_made_on_another_day_makes_room_for_the_new_and_nothing_else_does(
    project, workspaces, tmp_path
) -> None:
    wishes = Wishes((), replay=True, accepted_only=False)
    first = deliver(*project, tmp_path, wishes, workspaces=workspaces)
    (bundle,) = first.files
    old, own = tmp_path / "Farm_1999-12-31_label.cropmap-replay.zip", tmp_path / "my_training.zip"
    (tmp_path / bundle.path).rename(old)
    own.write_bytes(b"of somebody's own")
    record = tmp_path / "made.json"
    record.write_text(record.read_text().replace(bundle.path, old.name))
    deliver(*project, tmp_path, wishes, workspaces=workspaces)
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert left == {bundle.path, own.name, record.name}


def test_the_same_parcels_have_the_same_ids_in_every_export(delivered, project, workspaces) -> None:
    table = pyogrio.read_dataframe(delivered.path(".gpkg"), layer="parcels")
    assert table["field_id"].tolist() == [f"farm-{n:04d}" for n in range(1, len(table) + 1)]
    again = Wishes(("geojson",), crs="EPSG:4326")
    made = deliver(*project, delivered.folder.parent / "again", again, workspaces=workspaces)
    ids = pyogrio.read_dataframe(made.path(".geojson"))["field_id"]
    assert set(ids) <= set(table["field_id"])
    assert last_delivery(made.folder).wishes == again


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(()), "Nothing was chosen"),
        (Wishes(accepted_only=True), "No tile is accepted"),
    ],
)
def test_nothing_to_make_is_one_sentence(tmp_path, workspaces, wishes, words) -> None:
    project = labelled_project(tmp_path, workspaces, accepted=False)
    with pytest.raises(EmptySceneError, match=words):
        deliver(*project, tmp_path / "out", wishes, workspaces=workspaces)
    assert not (tmp_path / "out").exists()


def test_training_is_cut_from_accepted_tiles_though_all_count(delivered) -> None:
    (training,) = [one for one in delivered.files if one.path.endswith("training.zip")]
    assert training.group == TRAINING
    assert "COCO" in training.holds
