import csv
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from PIL import Image

from core.errors import CancelledError, InputError
from core.farmland import write_scene
from core.imagery.scene import open_scene
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from core.study.experiments import prompt_check
from core.study.experiments.prompt_check import (
    CheckedImage,
    PlacedPoint,
    PromptCheckOptions,
    check_prompts,
)
from core.study.experiments.prompt_page import tabulate_points, write_prompt_check
from core.study.experiments.region import StudyImage, find_images

OPTIONS = PromptCheckOptions(draws=2, points_per_class=8, min_border_distance_m=5.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A made scene, its truth as a mask, and its land cover."""
    folder = tmp_path_factory.mktemp("made")
    files = write_scene(folder, seed=3, size=128)
    with rasterio.open(files.truth) as dataset:  # noqa: TID251
        truth, profile = dataset.read(1) > 0, dataset.profile
    known = np.where(truth, 1, 0)
    known[:20] = 255
    mask = folder / "mask.tif"
    profile.update(dtype="uint8", nodata=255)
    with rasterio.open(mask, "w", **profile) as dataset:  # noqa: TID251
        dataset.write(known.astype(np.uint8), 1)
    return StudyImage("made", files.scene, mask, files.landcover)


@pytest.fixture(scope="module")
def checked(made, tmp_path_factory):
    return check_prompts([made], OPTIONS, tmp_path_factory.mktemp("out"))[0]


def test_points_say_what_the_land_cover_says_and_are_held_against_the_truth(made, checked) -> None:
    with rasterio.open(made.truth) as dataset:  # noqa: TID251
        truth = dataset.read(1)
    tile = align(open_landcover(made.landcover), open_scene(made.scene).grid)
    assert {(p.method, p.draw) for p in checked.points} == {
        ("published", 0),
        ("spread", 0),
        ("spread", 1),
    }
    for point in checked.points:
        row, column = int(point.row), int(point.column)
        assert truth[row, column] != 255
        assert tile.cropland[row, column] == bool(point.label)
        assert point.right == (truth[row, column] == point.label)
        others = np.argwhere(tile.cropland != tile.cropland[row, column])
        nearest = np.hypot(*(others - (row, column)).T).min()
        assert point.border_m == pytest.approx(nearest * tile.grid.gsd_m, rel=1e-6)
        assert point.method == "published" or point.border_m >= 5.0
    assert any(not point.right for point in checked.points)


def test_a_finished_image_is_not_done_again_and_another_truth_is(
    made, tmp_path, monkeypatch
) -> None:
    first = check_prompts([made], OPTIONS, tmp_path)

    def classify(*_):
        raise AssertionError("done again")

    monkeypatch.setattr(prompt_check, "classify", classify)
    assert check_prompts([made], OPTIONS, tmp_path) == first
    with pytest.raises(AssertionError, match="done again"):
        check_prompts([made], replace(OPTIONS, seed=1), tmp_path)
    (kept,) = (tmp_path / ".images").iterdir()
    kept.write_bytes(kept.read_bytes()[:-3])
    with pytest.raises(AssertionError, match="done again"):
        check_prompts([made], OPTIONS, tmp_path)


def test_cancelling_keeps_what_is_finished(made, tmp_path) -> None:
    asked = iter([False, True])
    with pytest.raises(CancelledError, match="Finished images are kept"):
        check_prompts([made, made], OPTIONS, tmp_path, cancelled=lambda: next(asked))
    assert len(list((tmp_path / ".images").iterdir())) == 1


def point(label, border_m, right, kept, method="published") -> PlacedPoint:
    return PlacedPoint(method, 0, 3.5, 4.5, label, border_m, right, kept)


def test_the_table_counts_every_point_where_it_belongs() -> None:
    points = (
        point(1, 0.0, False, False),
        point(1, 4.9, True, True),
        point(0, 5.0, True, True),
        point(0, 500.0, True, False),
        point(0, None, False, True),
        point(1, 5.0, True, True, "spread"),
    )
    rows = tabulate_points([CheckedImage("x", "product", "x.tif", points)], seed=0)
    found = {(r.method, r.cleaning, r.label, r.distance): (r.points, r.right) for r in rows}
    assert found["published", "before", "all", "all"] == (5, 3)
    assert found["published", "after", "all", "all"] == (3, 2)
    assert found["published", "before", "cropland", "0 to 5"] == (2, 1)
    assert found["published", "before", "not cropland", "5 to 10"] == (1, 1)
    assert found["published", "before", "not cropland", "80 and more"] == (1, 1)
    assert found["published", "before", "not cropland", "no border"] == (1, 0)
    assert found["spread", "after", "all", "all"] == (1, 1)
    assert ("spread", "before", "not cropland", "all") not in found
    bins = [
        n
        for (m, c, s, d), (n, _) in found.items()
        if (m, c, s) == ("published", "before", "all") and d != "all"
    ]
    assert sum(bins) == 5


def test_files_hold_every_point_and_a_picture(checked, tmp_path) -> None:
    files = write_prompt_check([checked], OPTIONS, tmp_path)
    assert all(path.is_file() for path in files)
    with (tmp_path / "points.csv").open(encoding="utf-8-sig", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == len(checked.points)
    page = (tmp_path / "summary.md").read_text()
    assert "This land cover is simulated" in page
    with Image.open(files[-1]) as picture:
        assert picture.size == (128, 128 + 44)


def test_bad_options_are_one_sentence() -> None:
    for bad in ({"seed": -1}, {"draws": 0}):
        with pytest.raises(InputError) as raised:
            PromptCheckOptions(**bad)
        assert raised.value.hint or raised.value.remedy


def test_scenes_are_found_by_name(tmp_path) -> None:
    for name in ("s/a.tif", "s/b.png", "t/a.gpkg", "t/b.shp", "l.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_images(tmp_path / "s", tmp_path / "t", tmp_path / "l.tif", "cdl")
    assert [(one.name, one.truth.name, one.landcover.name) for one in found] == [
        ("a", "a.gpkg", "l.tif"),
        ("b", "b.shp", "l.tif"),
    ]
