"""COCO files as pycocotools reads them."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from shapely import MultiPolygon, Point, box

from core.export.burn import FIELD, IGNORE
from core.export.card_details import CardDetails
from core.export.chip_plan import SPLITS, ChipOptions
from core.export.coco import CocoFile
from core.export.rings import run_lengths
from core.export.write_export import ExportOptions, write_export
from core.label.labelled import LabelledParcel
from tests.export.labelled import labelled_scene

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SIZE = 64


def opened(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def parcel(name: str = "F1") -> LabelledParcel:
    return LabelledParcel(name, box(0, 0, 1, 1), 0.5, "accepted", "", None, "")


def one_chip(path: Path, codes: np.ndarray, *shapes) -> COCO:
    with CocoFile(path, {}, "CC-BY-4.0") as file:
        file.add("a.png", codes, [(parcel(f"F{i}"), shape) for i, shape in enumerate(shapes)])
    return opened(path)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("coco")
    chips = ChipOptions(size=SIZE, boundary_px=0, val_share=0.2, test_share=0.2)
    options = ExportOptions(("coco",), chips=chips, details=CardDetails(licence="CC-BY-4.0"))
    return write_export(labelled_scene(folder), folder / "out", options).folder


@pytest.mark.parametrize("split", SPLITS)
def test_decoded_masks_are_the_chips_masks(exported: Path, split: str) -> None:
    coco = opened(exported / f"instances_{split}.json")
    assert coco.dataset["licenses"][0]["name"] == "CC-BY-4.0"
    assert len(coco.imgs) == len(list((exported / "images" / split).glob("*.png")))
    for number, image in coco.imgs.items():
        mask = np.array(Image.open(exported / image["file_name"].replace("images/", "masks/")))
        assert mask.shape == (image["height"], image["width"])
        fields = np.zeros(mask.shape, dtype=np.bool_)
        crowd = np.zeros(mask.shape, dtype=np.bool_)
        for annotation in coco.imgToAnns[number]:
            decoded = coco.annToMask(annotation).astype(np.bool_)
            if annotation["iscrowd"]:
                crowd |= decoded
            else:
                fields |= decoded
        np.testing.assert_array_equal(crowd, mask == IGNORE)
        # Outlines follow pixels' edges; pycocotools may give a pixel on the line to either side.
        assert np.mean(fields != (mask == FIELD)) < 0.02


@pytest.mark.parametrize("split", SPLITS)
def test_areas_and_boxes_are_those_of_the_decoded_masks(exported: Path, split: str) -> None:
    coco = opened(exported / f"instances_{split}.json")
    assert coco.anns
    for annotation in coco.anns.values():
        decoded = coco.annToMask(annotation)
        runs = coco.annToRLE(annotation)
        assert coco_mask.area(runs) == decoded.sum()
        rim = annotation["bbox"][2] + annotation["bbox"][3]
        assert annotation["area"] == pytest.approx(decoded.sum(), abs=rim)
        if isinstance(annotation["segmentation"], dict):
            assert annotation["area"] == decoded.sum()
            np.testing.assert_array_equal(coco_mask.toBbox(runs), annotation["bbox"])


def test_perfect_detections_score_one(exported: Path) -> None:
    """pycocotools' own evaluation takes the file, and ignored areas cost nothing."""
    coco = opened(exported / "instances_train.json")
    found = [
        {
            "image_id": a["image_id"],
            "category_id": 1,
            "segmentation": coco_mask.encode(np.asfortranarray(coco.annToMask(a))),
            "score": 0.9,
        }
        for a in coco.anns.values()
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(coco, coco.loadRes(found), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)


def test_several_parts_are_one_annotation(tmp_path: Path) -> None:
    shape = MultiPolygon([box(2, 2, 12, 12), box(30, 30, 40, 50)])
    coco = one_chip(tmp_path / "c.json", np.zeros((SIZE, SIZE), np.uint8), shape)
    (annotation,) = coco.anns.values()
    assert len(annotation["segmentation"]) == 2
    assert annotation["area"] == 300
    assert annotation["bbox"] == [2, 2, 38, 48]
    assert coco.annToMask(annotation).sum() == 300


def test_holes_survive(tmp_path: Path) -> None:
    shape = box(2, 2, 42, 42) - box(10, 10, 20, 20)
    coco = one_chip(tmp_path / "c.json", np.zeros((SIZE, SIZE), np.uint8), shape)
    (annotation,) = coco.anns.values()
    decoded = coco.annToMask(annotation)
    assert annotation["area"] == decoded.sum() == 1500
    assert not decoded[10:20, 10:20].any()


def test_what_a_field_has_under_ignored_ground_is_not_taught(tmp_path: Path) -> None:
    codes = np.zeros((SIZE, SIZE), np.uint8)
    codes[:, 30:] = IGNORE
    coco = one_chip(tmp_path / "c.json", codes, box(20, 0, 40, 10), box(50, 50, 60, 60))
    field, crowd = coco.anns.values()
    assert (field["iscrowd"], field["area"], field["bbox"]) == (0, 100, [20, 0, 10, 10])
    assert (crowd["iscrowd"], crowd["area"]) == (1, 34 * SIZE)


def test_slivers_without_a_pixels_centre_are_left_out(tmp_path: Path) -> None:
    coco = one_chip(tmp_path / "c.json", np.zeros((SIZE, SIZE), np.uint8), box(5.6, 0, 6.4, 60))
    assert not coco.anns
    assert len(coco.imgs) == 1


def test_an_empty_file_is_valid_and_text_is_kept(tmp_path: Path) -> None:
    with CocoFile(tmp_path / "c.json", {"description": 'Süd "大田"'}, ""):
        pass
    assert opened(tmp_path / "c.json").dataset["info"]["description"] == 'Süd "大田"'


def test_run_lengths_are_those_of_pycocotools() -> None:
    generator = np.random.default_rng(0)
    for share in (0.0, 0.3, 1.0):
        mask = generator.random((7, 11)) < share
        runs = {"size": [7, 11], "counts": run_lengths(mask)}
        packed = coco_mask.frPyObjects(json.loads(json.dumps(runs)), 7, 11)
        np.testing.assert_array_equal(coco_mask.decode(packed), mask)


def test_circles_are_polygons_of_the_right_area(tmp_path: Path) -> None:
    circle = Point(30, 30).buffer(20)
    coco = one_chip(tmp_path / "c.json", np.zeros((SIZE, SIZE), np.uint8), circle)
    (annotation,) = coco.anns.values()
    assert annotation["area"] == pytest.approx(circle.area, abs=0.5)
    assert coco.annToMask(annotation).sum() == pytest.approx(circle.area, rel=0.02)
