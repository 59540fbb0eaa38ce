import pytest

from core.imagery.band_names import colours_by_name, name_a_colour


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("B2,B3,B4,B8", (3, 2, 1)),
        ("B02,B03,B04,B08", (3, 2, 1)),
        ("blue, green, red, nir", (3, 2, 1)),
        ("Red,Green,Blue,Near Infrared", (1, 2, 3)),
        ("nir,red,green,blue", (2, 3, 4)),
        ("NearInfraRed,RedEdge,Red,Green,Blue", (3, 4, 5)),
        ("B1,B2,B3,B4,B5,B6,B7,B8,B8A,B9,B11,B12", (4, 3, 2)),
        ("B8A,B4,B3,B2", (2, 3, 4)),
        ("SR_B2,SR_B3,SR_B4,SR_B5", (3, 2, 1)),
        ("SR_B1,SR_B2,SR_B3,SR_B4,SR_B5,SR_B7", (3, 2, 1)),  # Landsat 5
        ("SR_B1,SR_B2,SR_B3,SR_B4,SR_B5,SR_B6,SR_B7,ST_B10", (4, 3, 2)),
        ("B4_median,B3_median,B2_median", (1, 2, 3)),
        ("T33UWP_20210601T100031_B02_10m,x_B03_10m,x_B04_10m", (3, 2, 1)),
        ("2020_blue,2020_green,2020_red,2021_blue,2021_green,2021_red", (3, 2, 1)),
        ("coastal_blue,blue,green_i,green,yellow,red,rededge,nir", (6, 4, 2)),
        ("Coastal,Blue,Green,Yellow,Red,RedEdge,NIR1,NIR2", (5, 3, 2)),
        ("BAND_B,BAND_G,BAND_R,BAND_N", (3, 2, 1)),
        ("R,G,B,N", (1, 2, 3)),
        ("B4, central wavelength 665 nm;B3, central wavelength 560 nm;B2, 490 nm", (1, 2, 3)),
        ("0.49 um,0.56 um,0.665 um,0.842 um", (3, 2, 1)),
        ("450-515 nm,525-600 nm,630-680 nm", (3, 2, 1)),
        ("443.0,482.0,561.4,654.6,864.7", (4, 3, 2)),
        ("bleu,vert,rouge,proche infrarouge", (3, 2, 1)),
        ("azul,verde,rojo,nir", (3, 2, 1)),
        ("Blau,Grün,Rot", (3, 2, 1)),
        ("синий,зелёный,красный", (3, 2, 1)),
        ("蓝波段,绿波段,红波段,近红外,红边", (3, 2, 1)),
        ("red_stddev,red_mean,green_mean,blue_mean", (2, 3, 4)),
        # What says nothing:
        ("Band 1,Band 2,Band 3,Band 4", None),
        ("b1,b2,b3,b4", None),
        ("SR_B1,SR_B2,SR_B3,SR_B4,SR_B5,SR_B6,SR_B7", None),  # the number of bands tells
        ("nir,red,green", None),
        ("VV,VH,ratio", None),
        ("infrared,reddish,greenhouse,bluegrass", None),
        ("", None),
        (",,,", None),
    ],
)
def test_bands_are_told_by_their_names(names, expected) -> None:
    separator = ";" if ";" in names else ","
    assert colours_by_name([name.strip() for name in names.split(separator)]) == expected


def test_the_satellite_decides_where_numbers_mean_two_things() -> None:
    names = ["B4", "B3", "B2", "B1"]
    assert colours_by_name(names) == (1, 2, 3)
    assert colours_by_name(names, thematic_mapper=True) == (2, 3, 4)


def test_a_false_colour_image_names_a_colour_though_not_all() -> None:
    assert name_a_colour(["nir", "red", "green"])
    assert not name_a_colour(["VV", "VH"])
