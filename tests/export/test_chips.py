"""Chips as a training script finds them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from PIL import Image

from core.errors import CancelledError, EmptySceneError, InputError
from core.export import chips
from core.export.burn import IGNORE, BurntParcels
from core.export.chip_plan import ChipOptions
from core.export.write_export import ExportOptions, WrittenExport, write_export
from core.imagery.scene import open_scene, read_window
from core.label.labelled import LabelledScene
from tests.export.labelled import SOURCE, labelled_scene
from tests.rasters import kind, write_raster

CHIPS = ChipOptions(size=64, overlap=16, boundary_px=2, val_share=0.2, test_share=0.2)


def export(labelled: LabelledScene, folder: Path, **changes: object) -> WrittenExport:
    options = ExportOptions(("chips",), chips=dataclasses.replace(CHIPS, **changes))
    return write_export(labelled, folder / "out", options)


def read(path: Path) -> np.ndarray:
    return np.array(Image.open(path))


@pytest.fixture(scope="module", params=["utm", "geographic"])
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LabelledScene, WrittenExport]:
    folder = tmp_path_factory.mktemp("chips")
    labelled = labelled_scene(folder, request.param)
    return labelled, export(labelled, folder)


def test_png_and_geotiff_hold_the_image_and_the_codes(
    written: tuple[LabelledScene, WrittenExport],
) -> None:
    labelled, out = written
    burnt = BurntParcels(
        labelled.parcels, labelled.grid, labelled.reviewed, accepted_only=True, boundary_px=2
    )
    assert labelled.scene is not None
    assert out.chips is not None
    seen = set()
    for chip in out.chips.chips:
        image = read_window(labelled.scene, chip.window)
        codes = burnt.codes(chip.window)
        np.testing.assert_array_equal(read(out.folder / chip.image), image.rgb)
        np.testing.assert_array_equal(read(out.folder / chip.mask), codes)
        assert chip.pixels == tuple(np.bincount(codes.ravel(), minlength=4))
        seen |= set(np.unique(codes).tolist())
        for path, values in ((chip.image, np.moveaxis(image.rgb, -1, 0)), (chip.mask, codes[None])):
            with rasterio.open((out.folder / path).with_suffix(".tif")) as tif:  # noqa: TID251
                np.testing.assert_array_equal(tif.read(), values)
                assert tif.crs == labelled.grid.crs
                assert tif.transform.almost_equals(image.grid.transform, precision=1e-9)
                assert tif.nodata == (IGNORE if len(values) == 1 else None)
    assert seen == {0, 1, 2, 3}


def test_nothing_that_is_not_reviewed_is_taught(
    written: tuple[LabelledScene, WrittenExport],
) -> None:
    labelled, out = written
    assert out.chips is not None
    known = np.zeros(labelled.grid.shape, dtype=np.bool_)
    for chip in out.chips.chips:
        mask = read(out.folder / chip.mask)
        inside = chip.window.intersection(labelled.grid.extent)
        assert inside is not None
        known[inside.slices] |= (mask != IGNORE)[: inside.height, : inside.width]
        assert not (mask == IGNORE).all()
    assert known.any()
    assert not (known & ~labelled.reviewed).any()
    for parcel in labelled.parcels:
        if not parcel.vouched or parcel.land_class == "unsure":
            burnt = BurntParcels([parcel], labelled.grid, None).codes(labelled.grid.extent)
            assert not known[burnt != 0].any()


def test_no_pixel_of_one_split_is_in_another(written: tuple[LabelledScene, WrittenExport]) -> None:
    labelled, out = written
    assert out.chips is not None
    taken = {}
    for split in ("train", "val", "test"):
        taken[split] = np.zeros(labelled.grid.shape, dtype=np.bool_)
        for chip in out.chips.of(split):
            taken[split][chip.window.slices] = True
        assert taken[split].any()
    assert np.sum(list(taken.values()), axis=0).max() == 1
    assert out.chips.guards > 0


def test_every_chip_is_accounted_for(written: tuple[LabelledScene, WrittenExport]) -> None:
    _, out = written
    assert out.chips is not None
    files = list((out.folder / "images").rglob("*.png"))
    assert len(files) == len(out.chips.chips)
    # 256 pixels in steps of 48 from chips of 64: 5 along each side.
    assert len(files) + out.chips.guards + out.chips.empty == 25
    index = pyogrio.read_dataframe(out.folder / "chips.gpkg")
    assert set(index["image"]) == {path.relative_to(out.folder).as_posix() for path in files}
    assert index["split"].value_counts().to_dict() == {
        split: len(out.chips.of(split)) for split in ("train", "val", "test")
    }


def test_unreviewed_chips_are_left_out(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    out = export(labelled, tmp_path, overlap=0, boundary_px=0)
    assert out.chips is not None
    # The last of four columns of chips is not reviewed.
    assert (len(out.chips.chips), out.chips.empty, out.chips.guards) == (12, 4, 0)


def test_half_reviewed_scenes_hide_more_with_accepted_only(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    fields = []
    for accepted_only in (True, False):
        options = ExportOptions(("chips",), accepted_only=accepted_only, chips=ChipOptions(size=64))
        report = write_export(labelled, tmp_path / f"{accepted_only}", options).chips
        assert report is not None
        fields.append(sum(chip.pixels[1] for chip in report.chips))
    assert 0 < fields[0] < fields[1]


def test_ground_without_imagery_is_ignored(tmp_path: Path) -> None:
    valid = np.ones((64, 128), dtype=np.bool_)
    valid[:, :20] = False
    values, profile = kind("uint16", valid)
    scene = open_scene(write_raster(tmp_path / "s.tif", values, **profile))
    reviewed = np.ones((64, 128), dtype=np.bool_)
    empty = LabelledScene([], scene.working_grid, reviewed, SOURCE, scene)
    out = export(empty, tmp_path, overlap=0, val_share=0.5, test_share=0)
    assert out.chips is not None
    masks = {chip.name: read(out.folder / chip.mask) for chip in out.chips.chips}
    assert (masks["r00000_c00000"][:, :20] == IGNORE).all()
    assert (masks["r00000_c00000"][:, 20:] == 0).all()
    assert (masks["r00000_c00064"] == 0).all()


def test_only_the_format_that_was_asked_for_is_written(tmp_path: Path) -> None:
    out = export(labelled_scene(tmp_path), tmp_path, png=False)
    assert not list(out.folder.rglob("*.png"))
    assert out.chips is not None
    assert all((out.folder / chip.image).suffix == ".tif" for chip in out.chips.chips)
    assert all((out.folder / chip.image).is_file() for chip in out.chips.chips)


def test_the_same_export_twice_writes_the_same_chips(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    one, other = (
        write_export(labelled, tmp_path / n, ExportOptions(("coco",), chips=CHIPS)) for n in "ab"
    )
    files = [
        {f["path"]: f["sha256"] for f in out.card["files"] if f["path"] != "chips.gpkg"}
        for out in (one, other)
    ]
    assert files[0] == files[1]


def test_nothing_reviewed_is_told(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    nothing = dataclasses.replace(labelled, reviewed=np.zeros_like(labelled.reviewed))
    with pytest.raises(EmptySceneError, match="Nobody has reviewed"):
        export(nothing, tmp_path)
    assert not (tmp_path / "out").exists()


def test_chips_without_an_image_are_refused(tmp_path: Path) -> None:
    labelled = dataclasses.replace(labelled_scene(tmp_path), scene=None)
    with pytest.raises(InputError, match="need the scene's image"):
        export(labelled, tmp_path)


def test_progress_reaches_its_total_and_cancelling_leaves_what_was_there(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    calls: list[tuple[str, int, int]] = []
    options = ExportOptions(("chips",), chips=CHIPS)
    write_export(labelled, tmp_path / "out", options, progress=lambda *call: calls.append(call))
    stages = {stage: (done, total) for stage, done, total in calls}
    assert all(done == total for done, total in stages.values())
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    asked = iter(range(100))
    with pytest.raises(CancelledError):
        write_export(labelled, tmp_path / "out", options, cancelled=lambda: next(asked) > 5)
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert before == after
    assert not list(tmp_path.glob(".writing-*"))


def test_labels_on_another_grid_are_a_bug(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    part = labelled.grid.window_grid(labelled.grid.extent.expanded(-1))
    with pytest.raises(ValueError, match="working grid"):
        dataclasses.replace(labelled, grid=part, reviewed=np.ones(part.shape, dtype=np.bool_))


def test_a_scene_much_larger_than_a_chip_is_never_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = labelled_scene(tmp_path)
    sizes = []

    def watched(scene, window):
        sizes.append((window.width, window.height))
        return read_window(scene, window)

    monkeypatch.setattr(chips, "read_window", watched)
    export(labelled, tmp_path)
    assert set(sizes) == {(64, 64)}
