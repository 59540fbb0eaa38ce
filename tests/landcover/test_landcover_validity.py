"""What of a land cover is unknown, as of scenes; a class that is nodata, too, is asked about."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import LandCoverError, Remedy
from core.imagery.scene import open_scene
from core.landcover.alignment import align
from core.landcover.coverage import coverage_sentence, covered_share, notes_of
from core.landcover.source import open_landcover
from tests.rasters import UTM, write_raster


def codes(side: int = 40) -> np.ndarray:
    return np.random.default_rng(2).choice([10, 40], (1, side, side)).astype(np.uint8)


def hole(side: int = 40) -> np.ndarray:
    gone = np.zeros((side, side), dtype=bool)
    gone[5:20, 8:30] = True
    return gone


def valid_of(path, **options) -> np.ndarray:
    landcover = open_landcover(path, **options)
    return align(landcover, landcover.grid).valid


def test_internal_mask_alpha_tag_and_sidecar_say_the_same(tmp_path) -> None:
    gone = hole()
    masked = write_raster(tmp_path / "worldcover_mask.tif", codes(), mask=~gone)
    two = np.concatenate([codes(), np.where(gone, 0, 255)[None].astype(np.uint8)])
    alpha = write_raster(tmp_path / "worldcover_alpha.tif", two, alpha="YES")
    marked = np.where(gone, 99, codes()).astype(np.uint8)
    tagged = write_raster(tmp_path / "worldcover_tag.tif", marked, nodata=99)
    beside = write_raster(tmp_path / "worldcover_beside.tif", marked)
    (tmp_path / "worldcover_beside.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>99</NoDataValue></PAMRasterBand>'
        "</PAMDataset>"
    )
    for path in (masked, alpha, tagged, beside):
        assert np.array_equal(valid_of(path), ~gone), path.name


def test_a_second_band_called_alpha_that_is_none_hides_nothing(tmp_path) -> None:
    year = np.random.default_rng(4).integers(0, 20, (1, 40, 40)).astype(np.uint8)
    path = write_raster(tmp_path / "worldcover.tif", np.concatenate([codes(), year]), alpha="YES")
    assert valid_of(path).all()
    assert "tagged as transparency" in open_landcover(path).unknown.sentences("land cover")[0]


def test_a_class_that_is_nodata_too_is_a_question_with_two_answers(tmp_path) -> None:
    crop = hole().astype(np.uint8)[None]
    path = write_raster(tmp_path / "glad_cropland_2019.tif", crop, nodata=0)
    with pytest.raises(LandCoverError, match="calls 0 nodata") as raised:
        open_landcover(path)
    assert raised.value.remedy is Remedy.STATE_LANDCOVER_NODATA
    assert raised.value.facts == {"value": "0"}
    assert "would be unknown" in raised.value.message
    assert valid_of(path, nodata=()).all()
    assert np.array_equal(valid_of(path, nodata=(0.0,)), hole())
    # A project of an earlier version goes on as it was.
    assert np.array_equal(valid_of(path, ask=False), hole())
    answers = {open_landcover(path, nodata=one).fingerprint for one in ((), (0.0,))}
    assert len(answers) == 2


def test_the_same_question_where_the_sidecar_says_so(tmp_path) -> None:
    path = write_raster(tmp_path / "glad_cropland_2019.tif", hole().astype(np.uint8)[None])
    (tmp_path / "glad_cropland_2019.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>0</NoDataValue></PAMRasterBand>'
        "</PAMDataset>"
    )
    with pytest.raises(LandCoverError, match="calls 0 nodata"):
        open_landcover(path)


def test_a_nodata_value_that_no_pixel_holds_is_no_question(tmp_path) -> None:
    path = write_raster(tmp_path / "glad_cropland_2019.tif", np.ones((1, 9, 9), np.uint8), nodata=0)
    assert valid_of(path).all()


def test_land_cover_of_a_part_of_the_scene_is_said(tmp_path) -> None:
    pixels = np.random.default_rng(0).integers(20, 200, (3, 100, 100)).astype(np.uint8)
    scene = open_scene(write_raster(tmp_path / "scene.tif", pixels))
    part = write_raster(tmp_path / "worldcover.tif", codes(100)[:, :, :46])
    landcover = open_landcover(part)
    assert covered_share(scene, landcover) == pytest.approx(0.46)
    told = "The land cover covers 46 % of the image; the rest is unknown."
    assert notes_of(scene, landcover) == (told,)
    whole = open_landcover(write_raster(tmp_path / "worldcover_all.tif", codes(100)))
    assert covered_share(scene, whole) == 1.0
    assert notes_of(scene, whole) == ()
    elsewhere = write_raster(
        tmp_path / "worldcover_far.tif", codes(), transform=UTM @ UTM.translation(9000, 0)
    )
    assert covered_share(scene, open_landcover(elsewhere)) == 0.0
    assert coverage_sentence(0.9949) == (
        "The land cover covers 99 % of the image; the rest is unknown."
    )
