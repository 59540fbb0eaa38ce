from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.existing.questions import ClassQuestionError
from core.study.experiments.region import ABOUT, IMAGES, LANDCOVER, TRUTH, read_region, read_regions
from core.study.experiments.samples import tiles
from core.study.metrics.pairs import StatedNodata
from tests.rasters import write_raster
from tests.study.experiments.small_region import NAMES, PRODUCT, write_image, write_small_region
from tests.study.metrics.scenes import fields, grid_of, outlines, write_polygons


def names(images) -> list[str]:
    return [image.name for image in images]


def test_a_region_says_which_images_only_measure(tmp_path) -> None:
    folder = write_small_region(tmp_path / "farm", title="A farm", note="Ours.", test=NAMES[:2])
    region = read_region(folder, PRODUCT)
    assert (region.name, region.title, region.note) == ("farm", "A farm", "Ours.")
    assert (names(region.test), names(region.train)) == (NAMES[:2], NAMES[2:])


def test_without_a_word_a_third_measures_and_more_images_move_none(tmp_path) -> None:
    folder = write_small_region(tmp_path / "farm")
    region = read_region(folder, PRODUCT)
    assert (region.title, len(region.test), len(region.train)) == ("farm", 2, 4)
    assert read_region(folder, PRODUCT) == region
    for one in range(3):
        write_image(folder, f"more{one}")
    more = read_region(folder, PRODUCT)
    assert len(more.test) == 3
    alone = write_small_region(tmp_path / "alone", NAMES[:1])
    assert len(read_region(alone, PRODUCT).test) == 1


def test_what_files_hold_and_how_they_are_read_decides_on_the_fingerprint(tmp_path) -> None:
    here = write_small_region(tmp_path / "a", NAMES[:1])
    before = read_region(here, PRODUCT)
    there = write_small_region(tmp_path / "b", NAMES[:1], title="elsewhere")
    assert read_region(there, PRODUCT).fingerprint == before.fingerprint
    assert read_region(here, "worldcover_v100").fingerprint != before.fingerprint
    write_image(here, NAMES[0], unknown_rows=3)
    assert read_region(here, PRODUCT).fingerprint != before.fingerprint


def test_the_region_says_what_is_nodata_and_whoever_asks_decides(tmp_path) -> None:
    folder = write_small_region(tmp_path / "farm", NAMES[:1])
    plain = read_region(folder, PRODUCT)
    (folder / ABOUT).write_text(json.dumps({"nodata": 7, "landcover_nodata": "none"}))
    said = read_region(folder, PRODUCT)
    assert said.test[0].nodata == StatedNodata((7.0,), ())
    assert said.test[0].open_scene().unknown.nodata == (7.0,)
    asked = read_region(folder, PRODUCT, StatedNodata(scene=()))
    assert asked.test[0].nodata == StatedNodata((), ())
    assert len({plain.fingerprint, said.fingerprint, asked.fingerprint}) == 3


def test_a_shapefile_is_known_by_all_its_files(tmp_path) -> None:
    folder = write_small_region(tmp_path / "farm", NAMES[:1])
    (folder / TRUTH / f"{NAMES[0]}.tif").unlink()
    grid = grid_of()
    path = folder / TRUTH / f"{NAMES[0]}.shp"
    write_polygons(path, outlines(grid), grid.crs, landuse=["crop", "crop", "wood"])
    before = read_region(folder, PRODUCT).fingerprint
    write_polygons(path, outlines(grid), grid.crs, landuse=["wood", "crop", "wood"])
    assert read_region(folder, PRODUCT).fingerprint != before


def test_truth_may_number_its_parcels_where_the_region_says_so(tmp_path) -> None:
    folder = write_small_region(tmp_path / "farm", NAMES[:1])
    numbers = fields().astype(np.uint16)
    write_raster(folder / TRUTH / f"{NAMES[0]}.tif", numbers[None])
    with pytest.raises(InputError, match="it holds 2, 3"):
        read_region(folder, PRODUCT)
    (folder / ABOUT).write_text(json.dumps({"numbered_truth": True}))
    (numbered,) = read_region(folder, PRODUCT).test
    np.testing.assert_array_equal(tiles(numbered)[0].truth, numbers > 0)


def test_the_region_says_what_in_its_truth_is_cropland(tmp_path) -> None:
    grid = grid_of()
    folder = write_small_region(tmp_path / "farm", NAMES[:1])
    (folder / TRUTH / f"{NAMES[0]}.tif").unlink()
    path = folder / TRUTH / f"{NAMES[0]}.gpkg"
    write_polygons(path, outlines(grid), grid.crs, landuse=["crop", "X", "wood"])
    with pytest.raises(ClassQuestionError, match="are cropland: X"):
        read_region(folder, PRODUCT)
    (folder / ABOUT).write_text(json.dumps({"cropland": "landuse=crop,X"}))
    region = read_region(folder, PRODUCT)
    (image,) = region.test
    np.testing.assert_array_equal(tiles(image)[0].truth, np.isin(fields(), (1, 2)))
    (folder / ABOUT).write_text(json.dumps({"cropland": "landuse=crop", "layer": path.stem}))
    assert read_region(folder, PRODUCT).fingerprint != region.fingerprint


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ("{", "is no JSON"),
        ("[]", "does not describe a region"),
        ('{"test": []}', "does not list the images that only measure"),
        ('{"test": "image0"}', "does not list the images that only measure"),
        ('{"test": [1]}', "does not list the images that only measure"),
        ('{"test": ["stranger", "image0"]}', "names images that are not there: stranger"),
        ('{"numbered_truth": "yes"}', "does not say whether the truth numbers its parcels"),
        ('{"nodata": "black"}', "does not say a nodata value"),
    ],
)
def test_a_bad_description_is_one_sentence(tmp_path, about, says) -> None:
    folder = write_small_region(tmp_path / "farm", NAMES[:1])
    (folder / ABOUT).write_text(about)
    with pytest.raises(InputError, match=says) as said:
        read_region(folder, PRODUCT)
    assert said.value.hint or said.value.remedy


def test_bad_folders_are_one_sentence(tmp_path) -> None:
    (tmp_path / "half" / IMAGES).mkdir(parents=True)
    with pytest.raises(InputError, match="no folder truth and no folder landcover"):
        read_region(tmp_path / "half")
    folder = write_small_region(tmp_path / "farm", NAMES[:2])
    (folder / LANDCOVER / f"{NAMES[1]}.tif").unlink()
    with pytest.raises(InputError, match="holds no land cover for image1"):
        read_region(folder)
    with pytest.raises(InputError, match="There is no region"):
        read_regions([])


def test_a_truth_that_cannot_be_used_is_said_before_any_work(tmp_path) -> None:
    folder = write_small_region(tmp_path / "farm", NAMES[:2])
    truth = folder / TRUTH / f"{NAMES[1]}.tif"
    whole = truth.read_bytes()
    truth.write_bytes(b"nonsense")
    with pytest.raises(InputError, match=truth.name):
        read_region(folder, PRODUCT)
    truth.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=truth.name):
        read_region(folder, PRODUCT)


def test_two_regions_of_one_name_are_refused(tmp_path) -> None:
    folders = [write_small_region(tmp_path / one / "farm", NAMES[:1]) for one in ("a", "b")]
    with pytest.raises(InputError, match="Two regions are called farm"):
        read_regions(folders, PRODUCT)


def test_a_name_with_dots_and_accents_is_a_name(tmp_path) -> None:
    folder = write_small_region(tmp_path / "Höfe, Süd", ["41.5N_12.3W", "Äcker 1"])
    region = read_region(Path(folder), PRODUCT)
    assert region.name == "Höfe, Süd"
    assert sorted([*names(region.train), *names(region.test)]) == ["41.5N_12.3W", "Äcker 1"]
