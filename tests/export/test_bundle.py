"""A whole export: all formats at once, replaced as one, with a data card that tells the truth."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DiskFullError, InputError, OutputError
from core.export import write_export as bundle
from core.export.card_details import CardDetails
from core.export.chip_plan import SPLITS, ChipOptions
from core.export.write_export import FORMATS, STYLE, ExportOptions, WrittenExport, write_export
from core.label.labelled import LabelledScene
from tests.export.labelled import AWKWARD, labelled_scene

ALL = tuple(one.key for one in FORMATS)
DETAILS = CardDetails(
    licence="CC-BY-4.0",
    author="Zoë | [x](http://a) <b>",
    note="Half of it.\nNot all.",
    imaged_at=datetime(2026, 5, 4, 10, 30, tzinfo=UTC),
    weights_sha256="ab" * 32,
    prompts=120,
    corrections=7,
)
OPTIONS = ExportOptions(
    ALL, chips=ChipOptions(size=64, val_share=0.2, test_share=0.2), details=DETAILS
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[LabelledScene, WrittenExport]:
    folder = tmp_path_factory.mktemp("bundle")
    labelled = labelled_scene(folder)
    return labelled, write_export(labelled, folder / "out", OPTIONS)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_every_format_is_offered_in_words_and_writes_what_it_says(
    exported: tuple[LabelledScene, WrittenExport],
) -> None:
    _, out = exported
    promised = [name for one in FORMATS for name in one.files]
    assert len(set(promised)) == len(promised)
    for one in FORMATS:
        assert one.title
        assert re.fullmatch(r"[^.]+.*\.", one.explanation)
        for name in one.files:
            path = out.folder / name
            assert path.is_dir() if name.endswith("/") else path.is_file()
    tops = {path.split("/")[0] + "/" * ("/" in path) for path in contents(out.folder)}
    assert tops == {*promised, STYLE, "data-card.json", "data-card.md"}


def test_only_chosen_formats_are_written(tmp_path: Path) -> None:
    labelled = dataclasses.replace(labelled_scene(tmp_path), scene=None)
    out = write_export(labelled, tmp_path / "out", ExportOptions(("geopackage",)))
    assert set(contents(out.folder)) == {"parcels.gpkg", "data-card.json", "data-card.md"}
    assert out.parcels == sum(parcel.vouched for parcel in labelled.parcels)
    everything = ExportOptions(("geopackage",), accepted_only=False)
    assert write_export(labelled, tmp_path / "out", everything).parcels == len(labelled.parcels)


def test_formats_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="no format 'kml'"):
        ExportOptions(("shapefile", "kml"))
    with pytest.raises(InputError, match="No format"):
        ExportOptions(())


def test_checksums_are_those_of_all_files(exported: tuple[LabelledScene, WrittenExport]) -> None:
    _, out = exported
    card = json.loads((out.folder / "data-card.json").read_text())
    assert card == json.loads(json.dumps(out.card))
    told = {row["path"]: (row["bytes"], row["sha256"]) for row in card["files"]}
    there = {
        path: (len(data), hashlib.sha256(data).hexdigest())
        for path, data in contents(out.folder).items()
        if not path.startswith("data-card")
    }
    assert told == there


def test_the_cards_counts_are_those_of_the_files(
    exported: tuple[LabelledScene, WrittenExport],
) -> None:
    labelled, out = exported
    vouched = [parcel for parcel in labelled.parcels if parcel.vouched]
    parcels = out.card["parcels"]
    assert parcels["count"] == out.parcels == len(vouched)
    for key, attribute in (("by_class", "land_class"), ("by_state", "state")):
        for name, group in parcels[key].items():
            assert group["count"] == sum(getattr(p, attribute) == name for p in vouched)
        assert sum(g["count"] for g in parcels[key].values()) == len(vouched)
        assert sum(g["hectares"] for g in parcels[key].values()) == pytest.approx(
            parcels["hectares"], abs=1e-3
        )
    for split in SPLITS:
        masks = [np.array(Image.open(p)) for p in (out.folder / "masks" / split).glob("*.png")]
        told = out.card["chips"]["splits"][split]
        assert told["chips"] == len(masks) > 0
        counted = np.bincount(np.concatenate([m.ravel() for m in masks]), minlength=4)
        assert list(told["pixels"].values()) == counted.tolist()
        coco = json.loads((out.folder / f"instances_{split}.json").read_text())
        assert told["coco_annotations"] == len(coco["annotations"])
        listed = (out.folder / f"{split}.txt").read_text().splitlines()
        assert told["yolo_images"] == len(listed)
    # 192 of 256 columns are reviewed, in pixels of 10 m.
    assert out.card["reviewed_ha"] == pytest.approx(192 * 256 / 100, rel=2e-3)


def test_the_card_says_what_it_was_made_from(exported: tuple[LabelledScene, WrittenExport]) -> None:
    labelled, out = exported
    assert labelled.scene is not None
    card = out.card
    assert card["imagery"]["fingerprint_sha256"] == labelled.scene.fingerprint
    assert card["imagery"]["imaged_at"] == "2026-05-04T10:30:00+00:00"
    assert card["model"] == {"name": "small", "weights_sha256": "ab" * 32}
    assert (card["prompts"], card["corrections"], card["licence"]) == (120, 7, "CC-BY-4.0")
    assert {row["name"] for row in card["reviewers"]} == {"Zoë", AWKWARD}
    text = (out.folder / "data-card.md").read_text()
    assert r"Zoë \| \[x\](http://a) \<b\>" in text
    assert "Half of it. Not all." in text
    assert f"{card['parcels']['count']} | " in text
    assert "ab" * 32 in text
    assert not any("licence" in note for note in out.notes)


def test_a_missing_licence_and_an_unknown_count_are_said(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    out = write_export(labelled, tmp_path / "out", ExportOptions(("geojson",)))
    assert any("No licence was given" in note for note in out.notes)
    assert any("nobody accepted or corrected are left out" in note for note in out.notes)
    text = (out.folder / "data-card.md").read_text()
    assert "| Licence | not stated |" in text
    assert "| Prompts | not known |" in text


def test_a_new_export_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    write_export(labelled, tmp_path / "out", OPTIONS)
    write_export(labelled, tmp_path / "out", ExportOptions(("geojson",)))
    assert set(contents(tmp_path / "out")) == {
        "parcels.geojson",
        STYLE,
        "data-card.json",
        "data-card.md",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"out", "scene.tif"}


def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    mine = tmp_path / "documents"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="no earlier export"):
        write_export(labelled, mine, ExportOptions(("geojson",)))
    assert contents(mine) == {"thesis.txt": b"years of work"}
    with pytest.raises(OutputError, match="is a file, not a folder"):
        write_export(labelled, tmp_path / "scene.tif", ExportOptions(("geojson",)))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to make files larger than ``size`` bytes, as a full disk would."""
    resource = pytest.importorskip("resource", reason="this system cannot limit files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("key", ALL)
def test_a_full_disk_leaves_the_old_export_whole_and_says_so(key: str, tmp_path: Path) -> None:
    """Wherever in the largest file the disk ends."""
    labelled = labelled_scene(tmp_path)
    folder = tmp_path / "out"
    options = dataclasses.replace(OPTIONS, formats=(key,), chips=ChipOptions(size=64))
    whole = write_export(labelled, tmp_path / "whole", options)
    largest = max(file["bytes"] for file in whole.card["files"])
    write_export(labelled, folder, ExportOptions(("geojson",)))
    before = contents(folder)
    for share in (0.05, 0.4, 0.7, 0.98):
        with files_of_at_most(int(largest * share)), pytest.raises(DiskFullError) as caught:
            write_export(labelled, folder, options)
        assert caught.value.message.startswith("The disk is full")
        assert ".writing-" not in caught.value.message
        assert contents(folder) == before
    assert not list(tmp_path.glob(".writing-*"))


def test_where_the_new_folder_cannot_take_its_place_the_old_one_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = labelled_scene(tmp_path)
    folder = tmp_path / "out"
    write_export(labelled, folder, ExportOptions(("geojson",)))
    before = contents(folder)
    real = Path.replace

    def refused(self: Path, target: Path) -> Path:
        if self.name == "out" and self.parent != tmp_path and Path(target) == folder:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(DiskFullError):
        write_export(labelled, folder, ExportOptions(("geopackage",)))
    monkeypatch.undo()
    assert contents(folder) == before


def test_what_a_killed_export_left_behind_goes_after_a_day(tmp_path: Path) -> None:
    labelled = labelled_scene(tmp_path)
    for name, hours in (("killed", 30), ("running", 1)):
        images = tmp_path / f".writing-out-{name}" / "out" / "images"
        images.mkdir(parents=True)
        then = time.time() - hours * 3600
        for path in (images, images.parent, images.parent.parent):
            os.utime(path, (then, then))
    write_export(labelled, tmp_path / "out", ExportOptions(("geojson",)))
    assert {p.name for p in tmp_path.glob(".writing-*")} == {".writing-out-running"}


def test_a_mistake_of_ours_is_no_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bundle, "write_geojson", broken)
    with pytest.raises(ZeroDivisionError):
        write_export(labelled_scene(tmp_path), tmp_path / "out", ExportOptions(("geojson",)))
    assert not (tmp_path / "out").exists()
