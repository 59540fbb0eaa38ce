"""YOLO labels: every line fills to its field, and only what is known is listed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from shapely import MultiPolygon, Point, Polygon, box, union_all
from skimage.draw import polygon2mask

from core.export.burn import BACKGROUND, IGNORE, inside_of
from core.export.chip_plan import ChipOptions
from core.export.rings import one_line
from core.export.write_export import ExportOptions, WrittenExport, write_export
from core.export.yolo import label_lines
from core.label.labelled import LabelledParcel
from tests.export.labelled import labelled_scene

SIZE = 64


def signed_area(line: np.ndarray) -> float:
    x, y = line.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


SHAPES = [
    box(2, 2, 42, 42),
    box(2, 2, 42, 42) - box(10, 10, 20, 20),
    box(2, 2, 60, 42) - box(5, 5, 10, 10) - box(20, 20, 30, 30) - box(40, 8, 50, 38),
    MultiPolygon([box(2, 2, 12, 12), box(30, 30, 40, 50)]),
    MultiPolygon(
        [box(2, 2, 30, 30) - box(8, 8, 20, 20), box(40, 40, 60, 60) - box(45, 45, 50, 50)]
    ),
    Point(30, 30).buffer(20) - Point(35, 30).buffer(5),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_one_line_holds_parts_and_holes(shape: Polygon | MultiPolygon) -> None:
    line = one_line(shape)
    assert signed_area(line) == pytest.approx(shape.area)
    # A cut of no width may pass through pixels' centres, so the outermost rim is not compared.
    filled = polygon2mask((SIZE, SIZE), line[:, ::-1] - 0.5)
    expected = inside_of(shape, SIZE, SIZE)
    assert np.mean(filled != expected) < 0.02


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(2, 12)), min_size=1),
    st.lists(st.tuples(st.integers(0, 55), st.integers(0, 55), st.integers(1, 5))),
)
def test_the_area_of_one_line_is_that_of_any_shape(parts: list, holes: list) -> None:
    shape = union_all([box(x, y, x + s, y + s) for x, y, s in parts])
    shape = shape - union_all([box(x, y, x + s, y + s) for x, y, s in holes])
    if shape.is_empty:
        return
    assert signed_area(one_line(shape)) == pytest.approx(shape.area)


def test_coordinates_are_shares_of_the_chip() -> None:
    parcel = LabelledParcel("F", box(0, 0, 1, 1), 0.5, "accepted", "", None, "")
    text = label_lines([(parcel, box(16, 32, 64, 64))], SIZE)
    assert text.endswith("\n")
    code, *numbers = text.split()
    assert code == "0"
    points = np.array(numbers, dtype=float).reshape(-1, 2)
    assert {tuple(p) for p in points} == {(0.25, 0.5), (1.0, 0.5), (1.0, 1.0), (0.25, 1.0)}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> WrittenExport:
    folder = tmp_path_factory.mktemp("yolo")
    labelled = labelled_scene(folder)
    chips = ChipOptions(size=32, boundary_px=0, val_share=0.2, test_share=0.2)
    return write_export(labelled, folder / "out", ExportOptions(("yolo",), chips=chips))


def test_lists_name_images_that_are_reviewed_throughout(exported: WrittenExport) -> None:
    data = yaml.safe_load((exported.folder / "data.yaml").read_text())
    assert data["names"] == {0: "field"}
    assert "path" not in data
    listed = 0
    for split in ("train", "val", "test"):
        for line in (exported.folder / data[split]).read_text().splitlines():
            listed += 1
            image = exported.folder / line
            assert image.is_file()
            assert Path(line).parts[:2] == ("images", split)
            label = exported.folder / "labels" / split / f"{image.stem}.txt"
            mask = np.array(Image.open(exported.folder / "masks" / split / image.name))
            assert not (mask == IGNORE).any()
            filled = np.zeros(mask.shape, dtype=np.bool_)
            for row in label.read_text().splitlines():
                points = np.array(row.split()[1:], dtype=float).reshape(-1, 2) * 32
                filled |= polygon2mask(mask.shape, points[:, ::-1] - 0.5)
            assert np.mean(filled != (mask != BACKGROUND)) < 0.1
    assert exported.chips is not None
    assert 0 < listed < len(exported.chips.chips)
    assert listed == len(list((exported.folder / "labels").rglob("*.txt")))
    assert any("YOLO" in note for note in exported.notes)
