import json
import re
from importlib.resources import files

import pytest

from core.errors import LandCoverError
from core.landcover.product_registry import PRODUCTS, get_product, parse_product

FILES = files("core.landcover").joinpath("products")


def test_every_file_is_a_product_and_every_product_a_file() -> None:
    assert {entry.name for entry in FILES.iterdir()} == {f"{key}.json" for key in PRODUCTS}


@pytest.mark.parametrize("key", PRODUCTS)
def test_a_product_says_whose_it_is_and_how_it_looks(key) -> None:
    product = PRODUCTS[key]
    assert product.key == key
    for text in (product.title, product.publisher, product.years, product.crs, product.source):
        assert text.strip() == text != ""
    assert product.licence
    assert re.search(r"(19|20)\d\d|doi:|USDA", product.citation)
    assert product.url.startswith("https://")
    codes = [c.code for c in product.classes]
    assert len(set(codes)) == len(codes)
    assert set(product.cropland_codes) < set(codes)
    assert product.cropland_codes
    assert all(re.fullmatch("#[0-9a-f]{6}", c.colour) for c in product.classes)
    assert all(re.compile(pattern) for pattern in product.name_patterns)


def broken(**changes: object) -> str:
    facts = json.loads(FILES.joinpath("clcd.json").read_text())
    return json.dumps({**facts, **changes})


def test_a_whole_file_is_read() -> None:
    assert parse_product(broken(), "clcd") == PRODUCTS["clcd"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cropland": [1, 77]}, "a cropland code has no class"),
        ({"nodata": [1]}, "a code is a class and nodata"),
        ({"key": "another"}, "it has the key another"),
        ({"licence": ""}, "licence"),
        ({"citation": ""}, "citation"),
        ({"cropland": []}, "cropland"),
        ({"colour": "#ffffff"}, "colour"),
        ({"classes": [{"code": 1, "name": "A", "colour": "red"}] * 2}, "colour"),
        ({"classes": [{"code": 1, "name": "A", "colour": "#000000"}] * 2}, "has two classes"),
        ({"nodata": [65535]}, "nodata"),
    ],
)
def test_a_file_that_contradicts_itself_is_a_mistake_of_ours(changes, words) -> None:
    with pytest.raises(ValueError, match=words):
        parse_product(broken(**changes), "clcd")


def test_an_unknown_class_or_key_is_told() -> None:
    with pytest.raises(LandCoverError, match="no class 41"):
        get_product("worldcover_v200").class_of(41)
    with pytest.raises(LandCoverError) as caught:
        get_product("WorldCover")
    assert "worldcover_v200" in caught.value.hint


@pytest.mark.parametrize("key", PRODUCTS)
def test_nodata_is_no_class_and_every_code_fits_the_tile(key) -> None:
    product = PRODUCTS[key]
    assert product.codes == {c.code for c in product.classes} | set(product.nodata)
    assert max(product.codes) < 65535  # 65535 stands for nodata while a product is aligned
    assert min(product.codes) >= 0
    assert set(product.nodata).isdisjoint(c.code for c in product.classes)


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("worldcover_v200", {10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100}),
        ("esri_lulc", {1, 2, 4, 5, 7, 8, 9, 10, 11}),
        ("dynamic_world", set(range(9))),
        ("mcd12q1_igbp", set(range(1, 18))),
        ("from_glc10", set(range(10, 101, 10))),
        ("globeland30", set(range(10, 101, 10))),
        ("clcd", set(range(1, 10))),
        ("corine_grid", set(range(1, 45))),
    ],
)
def test_legends_hold_exactly_the_published_codes(key, codes) -> None:
    assert {c.code for c in PRODUCTS[key].classes} == codes


def test_both_numberings_of_corine_are_one_legend() -> None:
    by_code, by_cell = PRODUCTS["corine"].classes, PRODUCTS["corine_grid"].classes
    assert len(by_code) == 44
    for number, (code, cell) in enumerate(zip(by_code, by_cell, strict=True), start=1):
        assert (cell.code, cell.name, cell.colour) == (number, code.name, code.colour)
        assert cell.cropland == code.cropland
    assert not PRODUCTS["corine"].class_of(231).cropland  # pastures
    assert not PRODUCTS["corine"].class_of(311).cropland


def test_what_the_cropland_data_layer_counts() -> None:
    cdl = PRODUCTS["usda_cdl"]
    for code in (63, 64, 65, 82, 83, 87, 88, 92, 111, 121, 131, 141, 152, 176, 190, 195):
        assert not cdl.class_of(code).cropland, code
    for code in (1, 2, 3, 26, 36, 59, 61, 66, 69, 204, 211, 242, 254):
        assert cdl.class_of(code).cropland, code


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ESA_WorldCover_10m_2020_v100_N00E006_Map.tif", "worldcover_v100"),
        ("ESA_WorldCover_10m_2021_v200_N00E006_Map.tif", "worldcover_v200"),
        ("usda_cdl_2021_30m_kansas.tif", "usda_cdl"),
    ],
)
def test_colours_are_those_of_the_publishers_own_files(shared_data, name, key) -> None:
    from core.imagery.open import open_raster

    with open_raster(shared_data / "landcover" / name, what="land cover") as dataset:
        table = dataset.colormap(1)
    published = {code: "#{:02x}{:02x}{:02x}".format(*rgba[:3]) for code, rgba in table.items()}
    for entry in PRODUCTS[key].classes:
        assert entry.colour == published[entry.code], entry.name
