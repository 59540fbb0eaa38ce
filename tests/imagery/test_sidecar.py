"""Auxiliary XML: what it says counts as if it stood in the file, and it leads nowhere."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from affine import Affine

from core.errors import ReplacedFileError, UnreadableRasterError
from core.imagery.cog import copy_as_cog
from core.imagery.identity import is_same_file
from core.imagery.scene import open_scene, read_preview
from core.imagery.sidecar import read_sidecar
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from core.task import silent_share
from tests.rasters import UTM, write_raster

WKT = (
    'PROJCS["WGS 84 / UTM zone 33N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,'
    '298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",15],PARAMETER["scale_factor",0.9996],'
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],'
    'AUTHORITY["EPSG","32633"]]'
)
TRANSFORM = "500000.0, 10.0, 0.0, 5000000.0, 0.0, -10.0"
ARCGIS = (
    "<PAMDataset><Metadata domain='xml:ESRI' format='xml'><GeodataXform "
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='typens:IdentityXform'>"
    f"<SpatialReference><WKT>{WKT}</WKT></SpatialReference></GeodataXform></Metadata>"
    f"<GeoTransform>{TRANSFORM}</GeoTransform></PAMDataset>"
)


def pam(inside: str) -> str:
    return f"<PAMDataset>{inside}</PAMDataset>"


def grey(side: int = 24) -> np.ndarray:
    return np.random.default_rng(1).integers(20, 200, (3, side, side)).astype(np.uint8)


@pytest.mark.parametrize(
    "body",
    [
        pam(f"<SRS>{WKT}</SRS><GeoTransform>{TRANSFORM}</GeoTransform>"),
        pam(
            '<SRS dataAxisToSRSAxisMapping="1,2">EPSG:32633</SRS>'
            f"<GeoTransform>{TRANSFORM}</GeoTransform>"
        ),
        ARCGIS,
    ],
    ids=["gdal", "code", "arcgis"],
)
def test_crs_and_place_are_read_as_if_they_stood_in_the_file(tmp_path, body) -> None:
    plain = write_raster(tmp_path / "plain.tif", grey())
    bare = write_raster(tmp_path / "bare.tif", grey(), crs=None, transform=Affine.identity())
    (tmp_path / "bare.tif.aux.xml").write_text(body)
    scene = open_scene(bare)
    assert scene.grid == open_scene(plain).grid
    assert scene.crs_source == "sidecar"
    assert (tmp_path / "bare.tif.aux.xml").read_text() == body  # never written


def test_the_sidecar_wins_over_the_header_as_in_every_gis(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", grey(), crs="EPSG:32634")
    (tmp_path / "a.tif.aux.xml").write_text(pam(f"<SRS>{WKT}</SRS>"))
    scene = open_scene(path)
    assert scene.grid.crs.to_epsg() == 32633
    assert scene.grid.transform == UTM


@pytest.mark.parametrize(
    ("dtype", "value", "text"),
    [
        (np.uint8, 7, "<NoDataValue>7</NoDataValue>"),
        (np.int16, -9999, "<NoDataValue>-9999.0</NoDataValue>"),
        (np.float32, -1e6, "<NoDataValue>-1.0E6</NoDataValue>"),
        (
            np.float32,
            np.float32(-3.4028234663852886e38),
            '<NoDataValue le_hex_equiv="'
            + struct.pack("<d", -3.4028234663852886e38).hex()
            + '">-3.4e+38</NoDataValue>',
        ),
    ],
)
def test_nodata_is_that_of_a_file_with_the_tag(tmp_path, dtype, value, text) -> None:
    hole = np.zeros((24, 24), dtype=bool)
    hole[3:9, 5:20] = True
    values = np.where(hole, value, grey().astype(np.float64)).astype(dtype)
    tagged = write_raster(tmp_path / "tagged.tif", values, nodata=value)
    beside = write_raster(tmp_path / "beside.tif", values)
    bands = "".join(f'<PAMRasterBand band="{n}">{text}</PAMRasterBand>' for n in (1, 2, 3))
    (tmp_path / "beside.tif.aux.xml").write_text(pam(bands))
    here, there = open_scene(beside), open_scene(tagged)
    assert here.unknown.said_by == "sidecar"
    assert np.array_equal(read_preview(here).valid, ~hole)
    assert np.array_equal(read_preview(here).rgb, read_preview(there).rgb)
    assert here.stretch == there.stretch


def test_statistics_histograms_and_nan_change_nothing(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", grey())
    before = open_scene(path)
    (tmp_path / "a.tif.aux.xml").write_text(
        pam(
            '<PAMRasterBand band="1"><NoDataValue>nan</NoDataValue><Metadata>'
            '<MDI key="STATISTICS_MINIMUM">3</MDI></Metadata><Histograms><HistItem>'
            "<HistMin>0</HistMin></HistItem></Histograms></PAMRasterBand>"
        )
    )
    assert open_scene(path) == before


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<PAMDataset>",
        "no xml",
        '<VRTDataset rasterXSize="1" rasterYSize="1"/>',
        '<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + pam("<SRS>&e;</SRS>"),
        '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + pam("<SRS>&b;</SRS>"),
        '<!DOCTYPE PAMDataset SYSTEM "http://example.org/a.dtd">' + pam(""),
        pam("<SRS>/etc/passwd</SRS>"),
        pam("<SRS>http://example.org/crs</SRS>"),
        pam("<SRS>+init=/etc/passwd:1</SRS>"),
        pam(f"<SRS>{WKT[:-1]},EXTENSION[&quot;PROJ4&quot;,&quot;+nadgrids=/etc/grid&quot;]]</SRS>"),
        pam("<GeoTransform>1,2,3</GeoTransform>"),
        pam("<GeoTransform>0,0,0,0,0,0</GeoTransform>"),
        pam("<GeoTransform>0,nan,0,0,0,1</GeoTransform>"),
        pam('<PAMRasterBand band="1"><NoDataValue>much</NoDataValue></PAMRasterBand>'),
        pam('<PAMRasterBand><NoDataValue le_hex_equiv="00">1</NoDataValue></PAMRasterBand>'),
        pam("<a>" * 100_000 + "</a>" * 100_000),
        pam(f"<SRS>{'a' * 200_000}</SRS>"),
        pam("x" * (17 * 1024 * 1024)),
    ],
)
def test_what_is_no_auxiliary_xml_is_refused_and_never_followed(tmp_path, body) -> None:
    path = write_raster(tmp_path / "a.tif", grey())
    (tmp_path / "a.tif.aux.xml").write_text(body)
    with pytest.raises(UnreadableRasterError, match=r"a\.tif\.aux\.xml"):
        open_scene(path)


def test_no_change_of_a_byte_is_anything_but_read_or_refused(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", grey())
    beside = tmp_path / "a.tif.aux.xml"
    whole = ARCGIS.encode()
    generator = np.random.default_rng(7)
    for _ in range(80):
        body = bytearray(whole)
        for place in generator.integers(0, len(body), generator.integers(1, 4)):
            body[place] = generator.integers(0, 256)
        beside.write_bytes(bytes(body[: generator.integers(1, len(body) + 1)]))
        try:
            found = read_sidecar(path)
        except UnreadableRasterError:
            continue
        assert found is not None


def test_there_is_none_beside_a_url_or_a_file_without() -> None:
    assert read_sidecar("https://example.org/a.tif") is None
    assert read_sidecar("/nowhere/a.tif") is None


def statistics(low: float, high: float, approximate: str = "") -> str:
    more = f'<MDI key="STATISTICS_APPROXIMATE">{approximate}</MDI>' if approximate else ""
    return pam(
        "".join(
            f'<PAMRasterBand band="{band}"><Metadata><MDI key="STATISTICS_MINIMUM">{low}</MDI>'
            f'<MDI key="STATISTICS_MAXIMUM">{high}</MDI>{more}</Metadata></PAMRasterBand>'
            for band in (1, 2, 3)
        )
    )


@pytest.mark.parametrize("value", [0, 255])
def test_a_value_that_the_statistics_leave_out_is_suspected(tmp_path, value) -> None:
    """Holes in the midst of the image: no collar, and black could be image otherwise."""
    values = grey(64)
    hole = np.zeros((64, 64), dtype=bool)
    hole[20:30, 20:40] = True
    values[:, hole] = value
    path = write_raster(tmp_path / "a.tif", values)
    beside = tmp_path / "a.tif.aux.xml"
    assert read_preview(open_scene(path)).valid.all()
    beside.write_text(statistics(20, 199))
    scene = open_scene(path)
    assert np.array_equal(read_preview(scene).valid, ~hole)
    assert f"5 % of the image holds {value}" in scene.unknown.sentences()[0]
    assert read_preview(open_scene(path, nodata=())).valid.all()
    copy = tmp_path / "copy.tif"
    copy_as_cog(path, copy, crs=None, categorical=False, progress=silent_share)
    assert np.array_equal(read_preview(open_scene(copy)).valid, ~hole)
    for of_no_use in (statistics(20, 199, "YES"), statistics(20, 150), statistics(0, 255)):
        beside.write_text(of_no_use)
        assert read_preview(open_scene(path)).valid.all(), of_no_use


def test_an_exchanged_sidecar_is_another_file_and_statistics_are_none(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", grey())
    beside = tmp_path / "a.tif.aux.xml"
    place = pam(f"<GeoTransform>{TRANSFORM}</GeoTransform>")
    beside.write_text(place)
    scene = open_scene(path)
    beside.write_text(place.replace("</P", statistics(20, 199)[len("<PAMDataset>") : -13] + "</P"))
    assert is_same_file(str(path), scene.file_fingerprint), "a GIS has shown it"
    beside.write_text(place.replace("10.0", "20.0"))
    assert open_scene(path).fingerprint != scene.fingerprint
    for changed in (place.replace("10.0", "20.0"), "<PAMDataset>", None):
        beside.unlink() if changed is None else beside.write_text(changed)
        with pytest.raises(ReplacedFileError, match=r"a\.tif is another file"):
            read_preview(scene)
    beside.write_text(place)
    assert read_preview(scene).valid.all()


def test_a_world_file_is_part_of_what_a_land_cover_is(tmp_path) -> None:
    codes = np.full((1, 16, 16), 40, np.uint8)
    codes[0, :4] = 10
    path = write_raster(tmp_path / "worldcover.tif", codes, crs=None, transform=Affine.identity())
    (tmp_path / "worldcover.tfw").write_text("10 0 0 -10 500005 4999995")
    landcover = open_landcover(path, crs="EPSG:32633")
    assert align(landcover, landcover.grid).valid.all()
    (tmp_path / "worldcover.tfw").write_text("10 0 0 -10 500105 4999995")
    with pytest.raises(ReplacedFileError, match="another file"):
        align(landcover, landcover.grid)
