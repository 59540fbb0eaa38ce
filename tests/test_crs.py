"""What a CRS says: its datum, its code, and the way a file is told of it."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import CRS

from core.crs import (
    WGS84,
    crs_text,
    horizontal,
    likely_answers,
    names_no_datum,
    no_datum,
    same_place,
    understood_crs,
    ways_to_say,
)
from core.grid import WorldCoordinates, transform_coordinates

BNG = "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000"
GK3 = "+proj=tmerc +lat_0=0 +lon_0=9 +k=1 +x_0=3500000"
SHIFT = "+towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7"


def crs_of(text: str) -> CRS:
    return CRS.from_user_input(f"{text} +type=crs" if text.startswith("+") else text)


def at(x: float, y: float) -> WorldCoordinates:
    return WorldCoordinates(np.array([x]), np.array([y]))


@pytest.mark.parametrize(
    ("text", "unnamed"),
    [
        (f"{BNG} +ellps=airy", True),
        ("+proj=utm +zone=30 +ellps=intl", True),
        (f"{GK3} +ellps=bessel", True),
        ("+proj=longlat +ellps=clrk66", True),
        ("EPSG:4001", True),
        (crs_of(f"{BNG} +ellps=airy").to_wkt("WKT1_ESRI"), True),
        (f"{GK3} +ellps=bessel {SHIFT}", False),
        ("+proj=utm +zone=33 +ellps=GRS80", False),
        ("+proj=utm +zone=33 +ellps=WGS84", False),
        ("+proj=sinu +R=6371007.181", False),
        ("EPSG:27700", False),
        ("EPSG:27700+5701", False),
        (CRS.from_epsg(27700).to_wkt("WKT1_ESRI"), False),
        ("EPSG:4326", False),
    ],
)
def test_a_datum_without_a_name(text, unnamed) -> None:
    assert names_no_datum(horizontal(crs_of(text))) is unnamed


@pytest.mark.parametrize(
    ("text", "position", "code"),
    [
        (f"{BNG} +ellps=airy", (440_000, 110_000), "EPSG:27700 (OSGB36 / British National Grid)"),
        ("+proj=utm +zone=30 +ellps=intl", (440_000, 4_470_000), "EPSG:23030"),
        (f"{GK3} +ellps=bessel", (3_550_000, 5_650_000), "EPSG:31467"),
        ("+proj=longlat +ellps=airy", (-1.5, 52.0), "EPSG:4277"),
        ("+proj=utm +zone=15 +ellps=clrk66", (440_000, 4_470_000), "EPSG:26715"),
    ],
)
def test_the_likely_answers_are_named(text, position, code) -> None:
    crs = crs_of(text)
    answers = likely_answers(crs, at(*position))
    assert any(answer.startswith(code) for answer in answers), answers
    assert len(answers) <= 4
    assert code in no_datum(crs, at(*position))


def test_nothing_likely_is_nothing_named() -> None:
    crs = crs_of("+proj=laea +lat_0=10 +lon_0=20 +ellps=clrk80")
    assert likely_answers(crs, at(0, 0)) == ()
    assert no_datum(crs, at(0, 0)).endswith("metres off.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("EPSG:32633", "EPSG:32633"),
        ("ESRI:102003", "ESRI:102003"),
        (CRS.from_epsg(32633).to_wkt("WKT1_ESRI"), "EPSG:32633"),
        (CRS.from_epsg(27700).to_wkt("WKT1_GDAL"), "EPSG:27700"),
    ],
)
def test_a_code_is_said_where_it_is_exact(text, said) -> None:
    assert crs_text(crs_of(text)) == said


@pytest.mark.parametrize(
    "text",
    [f"{BNG} +ellps=airy", "+proj=utm +zone=33 +ellps=GRS80", f"{GK3} +ellps=bessel {SHIFT}"],
)
def test_a_code_is_never_guessed(text) -> None:
    assert CRS.from_wkt(crs_text(crs_of(text))) == crs_of(text)


def test_heights_are_left_out() -> None:
    assert horizontal(CRS("EPSG:27700+5701")) == CRS.from_epsg(27700)
    assert horizontal(CRS.from_epsg(4979)) == CRS.from_epsg(4326)
    compound = understood_crs(CRS("EPSG:27700+5701").to_wkt("WKT1_GDAL"))
    assert compound is not None
    assert crs_text(compound) == "EPSG:27700"


@pytest.mark.parametrize(
    "text",
    [None, "", "x", "EPSG:4978", "EPSG:5701", 'LOCAL_CS["site",UNIT["metre",1]]', "EPSG:2221"],
)
def test_what_leads_nowhere_on_earth_is_not_understood(text) -> None:
    assert understood_crs(text) is None


def test_a_shift_that_is_the_datums_own_is_left_out_and_another_counts() -> None:
    wkt = CRS.from_epsg(32633).to_wkt("WKT1_GDAL")
    zero = understood_crs(
        wkt.replace(
            'SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]]',
            'SPHEROID["WGS 84",6378137,298.257223563],TOWGS84[0,0,0,0,0,0,0]',
        )
    )
    assert zero is not None
    assert crs_text(zero) == "EPSG:32633"
    german = CRS.from_epsg(31467).to_wkt("WKT1_GDAL")
    shifted = german.replace(
        'AUTHORITY["EPSG","7004"]]', 'AUTHORITY["EPSG","7004"]],TOWGS84[900,70,400,0,0,0,0]'
    )
    said, own = understood_crs(shifted), CRS.from_wkt(shifted)
    assert said is not None
    assert said.is_bound
    assert "Bessel" in said.geodetic_crs.datum.name
    assert names_no_datum(said.source_crs)
    place = at(3_550_000, 5_650_000)
    assert same_place(own, said, place, 0.001)
    assert not same_place(own, CRS.from_epsg(31467), place, 100)


def test_the_ways_to_say_end_with_wgs_84() -> None:
    assert [way.text for way in ways_to_say(CRS.from_epsg(32633))] == ["EPSG:32633", "EPSG:4326"]
    assert [way.text for way in ways_to_say(WGS84)] == ["EPSG:4326"]
    assert ways_to_say(CRS.from_epsg(32633))[0].note == ""
    assert "WGS 84" in ways_to_say(CRS.from_epsg(32633))[1].note.format(file="x.zip")


def test_one_place_in_two_crs() -> None:
    utm, place = CRS.from_epsg(32633), at(500_000, 5_000_000)
    assert same_place(utm, CRS.from_wkt(utm.to_wkt("WKT1_ESRI")), place, 0.001)
    assert not same_place(utm, CRS.from_epsg(32634), place, 1000)
    assert not same_place(utm, None, place, 1000)
    assert not same_place(utm, CRS.from_epsg(2221), place, 1000)
    fiji = transform_coordinates(at(180.001, -17), WGS84, CRS.from_epsg(32760))
    assert same_place(CRS.from_epsg(32760), CRS.from_wkt(CRS.from_epsg(32760).to_wkt()), fiji, 0)
    there = transform_coordinates(fiji, CRS.from_epsg(32760), WGS84)
    assert np.isfinite(there.x).all()
