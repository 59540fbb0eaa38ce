import pytest

from core.errors import LandCoverError
from core.landcover.product import parse_legend
from core.landcover.product_registry import PRODUCTS, get_product


def test_a_legend_is_read_line_by_line() -> None:
    classes = parse_legend("1 | Water | 0000ff\n2 | Crops | ffaa00", frozenset({2}))
    assert [(c.code, c.name, c.colour, c.cropland) for c in classes] == [
        (1, "Water", "#0000ff", False),
        (2, "Crops", "#ffaa00", True),
    ]


def test_cropland_that_the_legend_lacks_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match=r"\[3\]"):
        parse_legend("1 | Water | 0000ff", frozenset({3}))


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
