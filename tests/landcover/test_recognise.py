import pytest

from core.errors import LandCoverError
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
    codes = frozenset(c.code for c in PRODUCTS[key].classes)
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
    assert recognise(name, {}, frozenset({10, 40})).product.key == key


def test_tags_tell_where_the_name_does_not() -> None:
    tags = {"copyright": "ESA WorldCover project 2020 / Contains modified Copernicus data (2020)"}
    recognition = recognise("clip.tif", tags, frozenset({10, 40}))
    assert recognition.product.key == "worldcover_v100"
    assert recognition.reason == "its tags say so"


def test_a_name_never_outweighs_the_codes() -> None:
    # Named like a product whose legend has no class 254: only the CDL has.
    recognition = recognise("worldcover_2021.tif", {}, frozenset({1, 5, 176, 254}))
    assert recognition.product.key == "usda_cdl"
    assert recognition.reason == "its codes fit no other product"


def test_nodata_alone_names_no_product() -> None:
    with pytest.raises(LandCoverError, match="no land cover product"):
        recognise("worldcover.tif", {}, frozenset({255}))


def test_a_long_list_of_strange_codes_is_cut() -> None:
    with pytest.raises(LandCoverError, match="and more") as caught:
        recognise("a.tif", {}, frozenset(range(1000, 1400)))
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
