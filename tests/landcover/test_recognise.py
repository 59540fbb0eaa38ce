from collections import Counter

import pytest

from core.errors import LandCoverError, Remedy
from core.landcover.product_registry import PRODUCTS
from core.landcover.recognise import recognise
from core.landcover.source import open_landcover


@pytest.mark.parametrize("key", PRODUCTS)
def test_every_product_can_be_told_by_some_name(key) -> None:
    names = {
        "worldcover_v100": "ESA_WorldCover_10m_2020_v100_S03W060_Map",
        "worldcover_v200": "ESA_WorldCover_10m_2021_v200_S03W060_Map",
        "esri_lulc": "38T_20220101-20230101",
        "dynamic_world": "DynamicWorld_mode_2021",
        "cgls_lc100": "PROBAV_LC100_global_v3.0.1_2019-nrt_Discrete-Classification-map_EPSG-4326",
        "glad_cropland": "Global_cropland_NE_2019",
        "mcd12q1_igbp": "MCD12Q1.061_LC_Type1_doy2020001",
        "from_glc10": "fromglc10v01_44_14",
        "globeland30": "N33_45_2020LC030",
        "usda_cdl": "2022_30m_cdls",
        "usda_cultivated": "2021_Cultivated_Layer",
        "clcd": "CLCD_v01_2019_albert",
        "corine": "CLC2018_class_codes",
        "corine_grid": "U2018_CLC2018_V2020_20u1",
    }
    codes = Counter(c.code for c in PRODUCTS[key].classes)
    recognition = recognise(f"/maps/{names[key]}.tif", {}, codes)
    assert recognition.product.key == key
    assert recognition.reason == "its name says so"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("esa_worldcover_2020.tif", "worldcover_v100"),
        ("esa-worldcover-2020-clip.tif", "worldcover_v100"),
        ("worldcover2020.tif", "worldcover_v100"),
        ("worldcover_v100.tif", "worldcover_v100"),
        ("esa_worldcover_2021.tif", "worldcover_v200"),
        ("WORLDCOVER_V200_for_survey_2020.tif", "worldcover_v200"),
        ("worldcover_20201_cells.tif", "worldcover_v200"),
    ],
)
def test_the_year_tells_the_two_versions_of_worldcover(name, key) -> None:
    assert recognise(name, {}, Counter({10, 40})).product.key == key


def test_tags_tell_where_the_name_does_not() -> None:
    tags = {"copyright": "ESA WorldCover project 2020 / Contains modified Copernicus data (2020)"}
    recognition = recognise("clip.tif", tags, Counter({10, 40}))
    assert recognition.product.key == "worldcover_v100"
    assert recognition.reason == "its tags say so"


def test_a_name_that_the_codes_deny_is_an_error_that_says_both() -> None:
    # Named like a product whose legend has no class 254: only the CDL has.
    with pytest.raises(LandCoverError) as caught:
        recognise("worldcover_2021.tif", {}, {1: 40, 5: 30, 176: 20, 254: 10})
    assert "named like ESA WorldCover 2021 v200" in caught.value.message
    assert "1, 5, 176, 254 (100 % of its cells)" in caught.value.message
    assert PRODUCTS["usda_cdl"].title in caught.value.message
    assert caught.value.remedy is Remedy.NAME_PRODUCT


BETWEEN = {10: 300, 20: 30, 30: 250, 40: 300} | {code: 6 for code in range(11, 30) if code != 20}


def test_codes_between_classes_are_no_other_product() -> None:
    # All of them are codes of CORINE's grid, in which none of these cells would be cropland.
    assert BETWEEN.keys() <= PRODUCTS["corine_grid"].codes
    with pytest.raises(LandCoverError, match="as resampling by interpolation makes them") as caught:
        recognise("ESA_WorldCover_2021_v200_clip.tif", {}, BETWEEN)
    assert "named like ESA WorldCover 2021 v200" in caught.value.message
    assert "11, 12, 13" in caught.value.message
    assert "nearest neighbour" in caught.value.hint
    with pytest.raises(LandCoverError, match="could be any of these") as caught:
        recognise("clip.tif", {}, BETWEEN)
    assert "worldcover_v200" in caught.value.message
    assert "corine_grid" in caught.value.message
    with pytest.raises(LandCoverError, match=r"looks like .*by interpolation"):
        recognise("clip.tif", {}, BETWEEN | {95: 60, 93: 5})


@pytest.mark.parametrize(
    "counts",
    [
        {12: 500, 18: 200, 23: 150, 2: 50, 20: 60, 21: 30, 40: 10},
        {10: 30, 20: 600, 12: 300, 23: 50},
    ],
)
def test_the_real_grid_of_corine_is_still_told_by_its_codes(counts) -> None:
    assert recognise("clip.tif", {}, counts).product.key == "corine_grid"


@pytest.mark.parametrize(
    "strays", [{255: 1}, {255: 4000}, {0: 700, 255: 2}, {7: 10}, {7: 5, 13: 5, 200: 5}]
)
def test_a_few_stray_codes_and_fills_do_not_hide_a_named_product(strays) -> None:
    # 255 is nodata of GlobeLand30, whose legend has all the other codes, too.
    codes = {10: 400, 30: 300, 40: 280, 50: 20} | strays
    recognition = recognise("worldcover_2021.tif", {}, codes)
    assert recognition.product.key == "worldcover_v200"
    assert recognition.reason == "its name says so"


def test_many_strays_are_not_forgiven() -> None:
    for strays in ({7: 60}, dict.fromkeys((1, 2, 3, 4), 1)):
        with pytest.raises(LandCoverError, match="named like ESA WorldCover"):
            recognise("worldcover_2021.tif", {}, {10: 400, 40: 500} | strays)


def test_a_fill_is_no_evidence_for_a_product_that_has_it() -> None:
    with pytest.raises(LandCoverError, match="worldcover_v200, from_glc10, globeland30"):
        recognise("clip.tif", {}, {10: 400, 30: 300, 40: 280, 50: 20, 255: 30})


def test_a_stray_does_not_turn_an_unnamed_map_into_another_product() -> None:
    # With 7 in it, CORINE's grid is the only legend that has all of the codes.
    with pytest.raises(LandCoverError, match=r"worldcover_v200.*corine_grid"):
        recognise("clip.tif", {}, {10: 400, 20: 300, 30: 280, 40: 20, 7: 3})


def test_nodata_alone_names_no_product() -> None:
    with pytest.raises(LandCoverError, match="no land cover product"):
        recognise("worldcover.tif", {}, Counter({255}))


def test_a_long_list_of_strange_codes_is_cut() -> None:
    with pytest.raises(LandCoverError, match="and more") as caught:
        recognise("a.tif", {}, Counter(range(1000, 1400)))
    assert len(caught.value.message) < 200


@pytest.mark.real_data
def test_simulated_land_cover_is_recognised_and_called_simulated(shared_data) -> None:
    files = sorted((shared_data / "naip_fields" / "landcover_simulated").glob("*.tif"))
    assert len(files) == 10
    for file in files:
        landcover = open_landcover(file)
        assert landcover.product.key == "worldcover_v200", file.name
        assert landcover.simulated
        assert landcover.title == "ESA WorldCover 2021 v200 codes, SIMULATED"


@pytest.mark.real_data
def test_real_maps_without_their_names_are_told_by_their_tags(shared_data, tmp_path) -> None:
    folder = shared_data / "landcover"
    for name, key in (
        ("ESA_WorldCover_10m_2020_v100_N00E006_Map.tif", "worldcover_v100"),
        ("ESA_WorldCover_10m_2021_v200_N00E006_Map.tif", "worldcover_v200"),
    ):
        link = tmp_path / f"{key[-4:-1]}.tif"
        link.symlink_to(folder / name)
        landcover = open_landcover(link)
        assert landcover.product.key == key
        assert landcover.recognised_by == "its tags say so"
        assert not landcover.simulated
