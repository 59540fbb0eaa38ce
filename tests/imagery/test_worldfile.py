import math

import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from core.errors import MissingCrsError
from core.imagery.worldfile import find_world_file, read_projection_file, read_world_file


@settings(max_examples=50, deadline=None)
@given(
    pixel=st.floats(0.01, 1000),
    angle=st.floats(-180, 180),
    x=st.floats(-1e7, 1e7),
    y=st.floats(-1e7, 1e7),
)
def test_a_written_world_file_is_read_as_the_same_transform(
    tmp_path_factory, pixel, angle, x, y
) -> None:
    transform = Affine.translation(x, y) @ Affine.rotation(angle) @ Affine.scale(pixel, -pixel)
    centre_x, centre_y = transform @ (0.5, 0.5)
    path = tmp_path_factory.getbasetemp() / "round_trip.tfw"
    numbers = (transform.a, transform.d, transform.b, transform.e, centre_x, centre_y)
    path.write_text("\n".join(map(repr, numbers)))
    for read, true in zip(read_world_file(path)[:6], transform[:6], strict=True):
        assert math.isclose(read, true, rel_tol=1e-12, abs_tol=1e-8)


@pytest.mark.parametrize(
    ("image", "world"),
    [
        ("s.png", "s.pgw"),
        ("s.png", "s.pngw"),
        ("s.jpg", "s.jgw"),
        ("s.jpeg", "s.jgw"),
        ("s.tif", "s.tfw"),
        ("s.TIFF", "s.tfw"),
        ("s.jp2", "s.j2w"),
        ("a.b.png", "a.b.wld"),
        ("s.png", "s.PGW"),
    ],
)
def test_the_usual_names_are_found(image, world, tmp_path) -> None:
    assert find_world_file(tmp_path / image) is None
    (tmp_path / world).touch()
    assert find_world_file(tmp_path / image) == tmp_path / world


def test_an_image_without_a_suffix_has_none(tmp_path) -> None:
    (tmp_path / "s.wld").touch()
    assert find_world_file(tmp_path / "s") is None


@pytest.mark.parametrize(
    "text", ["2\n0\n0\n-2\n101\n99", "\ufeff2 0 0 -2 101 99", "2,0 0 0 -2,0 101 99"]
)
def test_marks_and_decimal_commas_are_understood(text, tmp_path) -> None:
    path = tmp_path / "s.pgw"
    path.write_text(text, encoding="utf-8")
    assert read_world_file(path) == Affine(2, 0, 100, 0, -2, 100)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "six numbers"),
        ("1\n2\n3", "six numbers"),
        ("1 0 0 x 5 6", "six numbers"),
        ("1 0 0 nan 5 6", "six numbers"),
        ("1 2 2 4 5 6", "without an area"),
    ],
)
def test_broken_world_files_are_named(text, words, tmp_path) -> None:
    (tmp_path / "s.pgw").write_text(text)
    with pytest.raises(MissingCrsError, match=rf"s\.pgw.*{words}"):
        read_world_file(tmp_path / "s.pgw")


def test_only_a_crs_that_can_hold_a_map_is_taken_from_a_prj(tmp_path) -> None:
    image, prj = tmp_path / "s.png", tmp_path / "s.prj"
    assert read_projection_file(image) is None
    prj.write_text(CRS.from_epsg(32633).to_wkt("WKT1_ESRI"))
    crs = read_projection_file(image)
    assert crs is not None
    assert crs.to_epsg(min_confidence=20) == 32633
    for text in ("", "not WKT", CRS.from_epsg(4978).to_wkt()):
        prj.write_text(text)
        assert read_projection_file(image) is None
    prj.write_bytes(b"\xff\xfe\x00")
    assert read_projection_file(image) is None
