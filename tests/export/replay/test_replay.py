"""A label made again from its bundle: the same bytes, and what it says where one thing changes."""

import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import torch
from typer.testing import CliRunner

from core.cli import app
from core.cli.remedies import command_hint
from core.errors import CancelledError, EmptySceneError, InputError, MissingWeightsError, Remedy
from core.export.replay.again import replay_bundle
from core.export.replay.bundle_file import read_bundle, write_bundle
from core.export.replay.differences import ReplayReport
from core.export.replay.label_record import model_facts
from core.export.replay.make_bundle import make_bundle
from core.label.corrections import CORRECTION_KINDS
from core.project import Project
from core.sam import architectures, load
from core.sam.add import add_weights
from core.sam.remove import remove_weights
from core.session.workspaces import Workspaces
from core.settings import get_settings
from tests.export.replay.conftest import every_edit, largest, with_crops
from tests.fakes import ColourSegmenter
from tests.projects import farm_project
from tests.sam import authors
from tests.sam.own_models import narrow, own
from tests.session.conftest import ready


def again(bundle, farmland, out, **changed):
    wishes = {"scene": str(farmland.scene), "landcover": str(farmland.landcover), **changed}
    return replay_bundle(bundle, out=out, segmenter=ColourSegmenter(), **wishes)


def rewritten(bundle, path, change):
    """The bundle with a change in its ``replay.json``."""
    with zipfile.ZipFile(bundle) as archive:
        bodies = {name: archive.read(name) for name in archive.namelist()}
    record = json.loads(bodies["replay.json"])
    change(record)
    bodies["replay.json"] = json.dumps(record).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in bodies.items():
            archive.writestr(name, body)
    return path


def test_the_same_label_byte_for_byte(bundle, farmland, tmp_path) -> None:
    report = again(bundle, farmland, tmp_path / "again")
    assert report.identical
    assert report.iou == 1
    assert not report.differing
    assert not report.differences
    made = (tmp_path / "again" / "label.geojson").read_bytes()
    assert made == read_bundle(bundle).label
    assert "byte for byte" in report.text()
    assert json.loads((tmp_path / "again" / "replay.json").read_text())["identical"] is True


def test_it_holds_everything_and_no_folder(bundle, worked, scene_id, tile, farmland) -> None:
    record = read_bundle(bundle).record
    (tile_facts,) = [t for t in record.tiles if t.name == tile]
    assert [e.kind for e in tile_facts.edits][:3] == ["prompt_delete", "prompt_set", "prompt_set"]
    assert {e.kind for e in tile_facts.edits} >= set(CORRECTION_KINDS) - {"restore_accepted"}
    assert {e.author for e in tile_facts.edits} == {"Ana", "Zoë"}
    assert {p.origin for p in tile_facts.prompts} == {"auto", "person"}
    assert tile_facts.choices["threshold"] == 0.45
    assert tile_facts.verdict.verdict == "accepted"
    assert record.landcover.sha256
    assert record.model.key == "cropmap_small"
    assert record.scene.file == farmland.scene.name
    with zipfile.ZipFile(bundle) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    for folder in (worked.folder, farmland.scene.parent, farmland.landcover.parent):
        assert str(folder) not in everything


def test_the_label_opens_in_other_software_at_its_place(
    bundle, worked, scene_id, tile, workspaces, farmland, tmp_path
) -> None:
    path = tmp_path / "label.geojson"
    path.write_bytes(read_bundle(bundle).label)
    table = geopandas.GeoDataFrame(pyogrio.read_dataframe(path))
    label = workspaces.get(worked, scene_id, tile).finished()
    own = table[table["tile"] == tile]
    assert list(own["id"]) == [parcel.id for parcel in label.parcels]
    with rasterio.open(farmland.scene) as dataset:  # noqa: TID251
        assert table.crs == dataset.crs
        pixel = abs(dataset.transform.determinant)
    native = sum(parcel.polygon.area for parcel in label.parcels)
    assert own.area.sum() == pytest.approx(native * pixel, rel=1e-9)


def test_two_bundles_of_one_label_differ_only_in_when(worked, scene_id, workspaces, tmp_path):
    first, second = (
        read_bundle(make_bundle(worked, scene_id, tmp_path / name, workspaces=workspaces))
        for name in ("a.zip", "b.zip")
    )
    when = datetime(2020, 1, 1, tzinfo=UTC)
    for one, path in ((first, "c.zip"), (second, "d.zip")):
        same = one.record.model_copy(update={"made": when})
        write_bundle(tmp_path / path, type(one)(same, one.label))
    assert (tmp_path / "c.zip").read_bytes() == (tmp_path / "d.zip").read_bytes()


def test_one_tile_alone(worked, scene_id, tile, workspaces, farmland, tmp_path) -> None:
    path = make_bundle(worked, scene_id, tmp_path / "one.zip", tiles=[tile], workspaces=workspaces)
    assert again(path, farmland, tmp_path / "again").identical
    assert [t.name for t in read_bundle(path).record.tiles] == [tile]


def test_another_pixel_is_found_in_its_tile(bundle, farmland, tile, tmp_path) -> None:
    other = tmp_path / "other.tif"
    with rasterio.open(farmland.scene) as source:  # noqa: TID251
        values, profile = source.read(), source.profile
    record = read_bundle(bundle).record
    (window,) = [t.window for t in record.tiles if t.name == tile]
    row, column = window[1] + window[3] // 2, window[0] + window[2] // 2
    values[:, row, column] ^= 0x80
    with rasterio.open(other, "w", **profile) as target:  # noqa: TID251
        target.write(values)
    report = again(bundle, farmland, tmp_path / "again", scene=str(other))
    told = {d.what for d in report.differences}
    assert "image file" in told
    assert any(what.startswith("pixels, first in tile") for what in told)
    assert not any(what.startswith(("GDAL", "land cover")) for what in told)


def test_another_threshold_differs_and_says_where(bundle, farmland, tile, tmp_path) -> None:
    def change(record):
        record["settings"]["threshold"] = 0.95

    changed = rewritten(bundle, tmp_path / "changed.zip", change)
    report = again(changed, farmland, tmp_path / "again")
    assert not report.identical
    assert tile not in report.differing  # it has a threshold of its own
    assert report.differing
    assert 0 < report.iou < 1
    assert any(d.what == f"choices, first in tile {report.differing[0]}"
               for d in report.differences)  # fmt: skip
    assert f"first in {report.differing[0]}" in report.text()


def test_an_edit_that_is_gone_differs(bundle, farmland, tile, tmp_path) -> None:
    def change(record):
        facts = next(t for t in record["tiles"] if t["name"] == tile)
        facts["edits"] = facts["edits"][:-1]

    changed = rewritten(bundle, tmp_path / "changed.zip", change)
    report = again(changed, farmland, tmp_path / "again")
    assert report.differing == (tile,)


def test_another_land_cover_file_is_told(bundle, farmland, tmp_path) -> None:
    other = tmp_path / farmland.landcover.name
    with rasterio.open(farmland.landcover) as source:  # noqa: TID251
        values, profile, tags = source.read(), source.profile, source.tags()
    values[:, :, : values.shape[2] // 2] = np.flip(values[:, :, : values.shape[2] // 2])
    with rasterio.open(other, "w", **profile) as target:  # noqa: TID251
        target.write(values)
        target.update_tags(**tags)
    report = again(bundle, farmland, tmp_path / "again", landcover=str(other))
    told = {d.what for d in report.differences}
    assert "land cover file" in told
    assert any(what.startswith("land cover, first in tile") for what in told)


def test_other_versions_and_weights_are_told(bundle, farmland, tmp_path) -> None:
    def change(record):
        record["software"]["onnxruntime"] = "0.1"
        record["model"]["sha256"] = "0" * 64

    changed = rewritten(bundle, tmp_path / "changed.zip", change)
    report = again(changed, farmland, tmp_path / "again")
    assert report.identical
    told = {d.what: d.before for d in report.differences}
    assert told == {"onnxruntime": "0.1", "weights of cropmap_small": "0" * 12}
    assert "onnxruntime: 0.1 in the bundle" in report.text()


def test_missing_weights_are_asked_for_before_anything_is_done(bundle, farmland, tmp_path) -> None:
    def change(record):
        record["model"]["key"] = "mobile_sam"

    changed = rewritten(bundle, tmp_path / "changed.zip", change)
    with pytest.raises(MissingWeightsError, match="weights of MobileSAM"):
        replay_bundle(changed, str(farmland.scene), str(farmland.landcover), tmp_path / "again")


def test_a_checkpoint_of_somebodys_own_is_known_by_its_weights(
    farmland, tmp_path, monkeypatch
) -> None:
    """From the fine-tuned file to the bundle, and again on a machine that calls it otherwise."""
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path / "weights"))
    get_settings.cache_clear()
    monkeypatch.setattr(architectures, "sam_model_registry", {"vit_b": narrow})
    monkeypatch.setattr(load, "_suits_onnx", lambda _: False)
    file = tmp_path / "tuned.pth"
    torch.save({"model": authors.narrow_vit().state_dict()}, file)
    digest = add_weights(file, "vit_b", "fields").spec.sha256
    project, people = farm_project(tmp_path, farmland), Workspaces()
    scene_id, tile = largest(project)
    (scene,) = project.scenes()
    wanted = {**scene.settings, "model": "fields", "strategy": "joint"}
    project.update_scene(scene_id, expected_version=scene.version, settings=wanted)
    people.get(project, scene_id, tile).finished()
    path = make_bundle(project, scene_id, tmp_path / "b.zip", tiles=[tile], workspaces=people)
    people.settle()
    facts = read_bundle(path).record.model
    assert facts is not None
    assert (facts.sha256, facts.architecture, facts.file) == (digest, "vit_b", "tuned.pth")

    def made_again() -> ReplayReport:
        files = (str(farmland.scene), str(farmland.landcover))
        return replay_bundle(path, *files, tmp_path / "again")

    remove_weights("fields")
    own("fields")  # another checkpoint of this name is not the bundle's
    with pytest.raises(MissingWeightsError, match=r"own, tuned\.pth \(SHA-256") as caught:
        made_again()
    hint = command_hint(caught.value)
    assert hint.endswith("cropmap weights add FILE --architecture vit_b --name fields")
    add_weights(file, "vit_b", "ours")
    report = made_again()
    assert report.identical
    assert not any(d.what.startswith("weights") for d in report.differences)
    shipped = model_facts("cropmap_small")
    assert shipped is not None
    assert "architecture" not in shipped.model_dump(exclude_unset=True)
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["model"].update(key="../../x"), "There is no model"),
        (lambda r: r["settings"].update(strategy="none such"), "no strategy"),
        (lambda r: r.update(tile_size=512), "tiles of 512"),
        (lambda r: r["tiles"][0].update(name="x99_y99"), "tile x99_y99 is not where"),
        (lambda r: r["scene"].update(width=7), "instead of 7 x"),
        (lambda r: r["tiles"][0].update(edits=[
            {"kind": "prompt_set", "data": {}, "author": "", "at": "2026-01-01T00:00:00Z"}
        ]), "cannot be understood"),
        (lambda r: r["tiles"][0].update(edits=[
            {"kind": "no such", "data": {}, "author": "", "at": "2026-01-01T00:00:00Z"}
        ]), "no such"),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_is_one_sentence(bundle, farmland, tmp_path, change, words) -> None:
    changed = rewritten(bundle, tmp_path / "changed.zip", change)
    with pytest.raises(InputError, match=words):
        again(changed, farmland, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_land_cover_must_be_given_where_there_was_one(bundle, farmland, tmp_path) -> None:
    with pytest.raises(InputError, match="was made with") as caught:
        again(bundle, farmland, tmp_path / "again", landcover=None)
    assert caught.value.remedy is Remedy.GIVE_LANDCOVER


def test_cancelled_leaves_the_earlier_bundle(worked, scene_id, workspaces, bundle) -> None:
    before = bundle.read_bytes()
    with pytest.raises(CancelledError):
        make_bundle(worked, scene_id, bundle, workspaces=workspaces, cancelled=lambda: True)
    assert bundle.read_bytes() == before


def test_nothing_labelled_is_one_sentence(farmland, tmp_path) -> None:
    project = farm_project(tmp_path, farmland)
    with pytest.raises(EmptySceneError, match="No tile has a label"):
        make_bundle(project, largest(project)[0], tmp_path / "label.zip")


def test_a_prediction_that_was_cleared_is_made_again(
    worked, scene_id, workspaces, bundle, tmp_path
) -> None:
    for path in (worked.folder / "predictions").rglob("*.*"):
        path.unlink()
    opened = Project.open(worked.path)
    second = make_bundle(opened, scene_id, tmp_path / "second.zip", workspaces=workspaces)
    assert read_bundle(second).record.tiles == read_bundle(bundle).record.tiles


def test_the_command_in_a_fresh_process_with_the_model_that_ships(farmland, tmp_path) -> None:
    project, own = with_crops(farm_project(tmp_path, farmland)), Workspaces()
    scene_id, tile = largest(project)
    workspace = own.get(project, scene_id, tile)
    state = ready(workspace)
    # In a parcel, where this model finds a field, too.
    field = shapely.Polygon(max(state["parcels"], key=lambda one: one["area_ha"])["rings"][0])
    inside = field.representative_point()
    click = {"kind": "prompt_set", "id": "plus", "column": inside.x, "row": inside.y, "label": 1}
    drawn = [edit for edit in every_edit(state) if edit["kind"] not in ("prompt_set", "box_set")]
    workspace.edit([drawn[0], click, *drawn[1:]], state["version"], "Ana")
    path = make_bundle(project, scene_id, tmp_path / "b.zip", tiles=[tile], workspaces=own)
    own.settle()
    command = [sys.executable, "-m", "core", "replay", path, "--scene", farmland.scene,
               "--landcover", farmland.landcover, "--out", tmp_path / "again"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "byte for byte" in done.stdout
    assert (tmp_path / "again" / "label.geojson").read_bytes() == read_bundle(path).label


def test_the_command_ends_with_three_where_the_label_differs(
    bundle, farmland, tile, tmp_path, monkeypatch
) -> None:
    def change(record):
        record["settings"]["threshold"] = 0.95

    monkeypatch.setattr("core.export.replay.again._load", lambda _: ColourSegmenter())
    changed = rewritten(bundle, tmp_path / "changed.zip", change)
    arguments = ["replay", changed, "--scene", farmland.scene, "--landcover", farmland.landcover]
    done = CliRunner().invoke(
        app, [*map(str, arguments), "--out", str(tmp_path / "again"), "--json"]
    )
    assert done.exit_code == 3
    report = json.loads(done.stdout)
    assert report["identical"] is False
    assert report["differing"]


def test_a_bundle_of_an_earlier_version_gives_its_label_again(farmland, tmp_path) -> None:
    """It was made when prompts were not counted and outlines and seeds were no choices."""
    before = Path(__file__).parent / "made_before_the_spine.zip"
    report = again(before, farmland, tmp_path / "again")
    differing = {one.what for one in report.differences}
    assert not any(
        what.startswith(("choices", "prompts", "land cover", "image")) for what in differing
    )
    # Other libraries may round otherwise; these ones do not.
    assert report.iou > 0.999
    if not differing & {"numpy", "scipy", "scikit-image", "scikit-learn", "shapely", "GDAL"}:
        assert report.identical
