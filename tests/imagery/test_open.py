import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from core.errors import AccessError, CropMapError, RasterTooLargeError, UnreadableRasterError
from core.grid import Window
from core.imagery import open as opening
from core.imagery.open import open_raster, read_bands
from core.imagery.scene import open_scene, read_window
from core.imagery.validity import read_validity
from core.settings import Settings
from tests.rasters import KINDS, kind, write_raster

pytestmark = [
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NodataShadowWarning"),
]


def limits(monkeypatch, **values) -> None:
    monkeypatch.setattr(opening, "get_settings", lambda: Settings(**values))


def nine(bands: int = 1, side: int = 16) -> np.ndarray:
    return np.full((bands, side, side), 9, dtype=np.uint8)


def test_too_many_bands_and_too_large_blocks_are_refused(tmp_path, monkeypatch) -> None:
    path = write_raster(tmp_path / "s.tif", nine(4))
    limits(monkeypatch, max_bands=3)
    with pytest.raises(RasterTooLargeError, match="has 4 bands, more than 3"), open_raster(path):
        pass
    limits(monkeypatch, max_block_bytes=16 * 16 * 4 - 1)
    with pytest.raises(RasterTooLargeError, match="blocks of 16 x 16"), open_raster(path):
        pass
    limits(monkeypatch, max_block_bytes=16 * 16 * 4, max_bands=4, max_pixels=256)
    with open_raster(path) as dataset:
        assert dataset.count == 4


@pytest.mark.parametrize("dtype", ["complex_int16", "complex64"])
def test_complex_numbers_are_no_image(dtype, tmp_path) -> None:
    with rasterio.open(  # noqa: TID251
        tmp_path / "c.tif", "w", driver="GTiff", width=8, height=8, count=1, dtype=dtype
    ) as dataset:
        dataset.write(np.ones((1, 8, 8), dtype=np.complex64))
    with pytest.raises(UnreadableRasterError, match="complex numbers"):
        open_scene(tmp_path / "c.tif")


@pytest.mark.parametrize("path", ["a" * 5000, "a\0b.tif", "nowhere/s.tif"])
def test_paths_that_cannot_be_are_told_so(path) -> None:
    with pytest.raises(UnreadableRasterError), open_raster(path):
        pass


@pytest.mark.parametrize("name", ["a b#c!.tif", "ä%20.tif", "x.tif?y.tif", "GTIFF_DIR:1:x.tif"])
def test_odd_names_are_files_and_never_connection_strings(name, tmp_path, monkeypatch) -> None:
    write_raster(tmp_path / "x.tif", nine()).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    with open_raster(name) as dataset:
        assert dataset.read(1).max() == 9


def test_messages_name_the_kind_of_file(tmp_path) -> None:
    (tmp_path / "cover.tif").write_text("no raster")
    with (
        pytest.raises(UnreadableRasterError, match=r"The land cover cover\.tif is not a raster"),
        open_raster(tmp_path / "cover.tif", what="land cover"),
    ):
        pass


def test_a_file_cut_short_is_told_from_a_file_that_is_no_raster(tmp_path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1, 64, 64), dtype=np.uint8)
    whole = write_raster(tmp_path / "s.tif", noise, compress="deflate").read_bytes()
    for length in (100, len(whole) // 2, len(whole) - 40):
        (tmp_path / "cut.tif").write_bytes(whole[:length])
        with pytest.raises(UnreadableRasterError, match=r"cut\.tif is damaged or cut short"):
            open_scene(tmp_path / "cut.tif")


def test_damage_past_the_header_shows_when_it_is_read(tmp_path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1, 64, 64), dtype=np.uint8)
    path = write_raster(
        tmp_path / "s.tif", noise, compress="deflate", tiled=True, blockxsize=16, blockysize=16
    )
    content = bytearray(path.read_bytes())
    content[-200:] = bytes(200)
    path.write_bytes(content)
    with open_raster(path) as dataset:
        first = read_bands(dataset, [1], window=Window(0, 0, 16, 16))
        np.testing.assert_array_equal(first, noise[:, :16, :16])
        with pytest.raises(UnreadableRasterError, match="damaged"):
            read_bands(dataset, [1])


@pytest.mark.parametrize(("driver", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("GTiff", "tif")])
def test_the_format_is_told_from_the_first_bytes(driver, suffix, tmp_path) -> None:
    path = tmp_path / f"s.{suffix}"
    with rasterio.open(  # noqa: TID251
        path, "w", driver=driver, width=16, height=16, count=3, dtype="uint8"
    ) as dataset:
        dataset.write(nine(3))
    path = path.rename(tmp_path / "s.of_another_name")
    with open_raster(path) as dataset:
        assert dataset.driver == driver
        assert abs(int(dataset.read(1).mean()) - 9) <= 1


def test_urls_need_the_operator_and_a_network(monkeypatch) -> None:
    url = "https://127.0.0.1:1/a.tif"
    for allowed, words in (
        ({"allow_urls": False}, "switched off"),
        ({"allow_urls": True, "offline": True}, "CROPMAP_OFFLINE"),
    ):
        limits(monkeypatch, **allowed)
        with pytest.raises(AccessError, match=words), open_raster(url):
            pass
    limits(monkeypatch, allow_urls=True)
    with pytest.raises(UnreadableRasterError, match="over the network"), open_raster(url):
        pass
    for other in ("http://x/a.tif", "ftp://x/a.tif", "file:///etc/passwd", "zip://a.zip!b.tif"):
        with pytest.raises(AccessError, match="scheme"), open_raster(other):
            pass


def test_drivers_that_follow_references_are_off_in_a_fresh_process() -> None:
    code = (
        "import core, rasterio\n"
        "with rasterio.Env() as env: print(*env.drivers(), sep='\\n')\n"
        "import pyogrio; print(*pyogrio.list_drivers(), sep='\\n')\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in {"GDAL_SKIP", "OGR_SKIP"}}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr == ""  # a name that pyogrio's GDAL does not know would be complained of
    drivers = set(done.stdout.splitlines())
    assert {"GTiff", "COG", "PNG", "JPEG", "MEM", "GPKG", "GeoJSON", "ESRI Shapefile"} <= drivers
    follows = {"VRT", "OGR_VRT", "WMS", "WMTS", "WCS", "HTTP", "MRF", "DERIVED", "DIMAP", "PDS4"}
    assert not follows & drivers


def test_a_sidecar_cannot_lead_to_another_file(tmp_path) -> None:
    secret = write_raster(tmp_path / "secret.tif", np.full((1, 8, 8), 77, dtype=np.uint8))
    plain = write_raster(tmp_path / "plain.tif", nine())
    (tmp_path / "plain.tif.ovr").write_text(
        f"<MRF_META><CachedSource><Source>{secret}</Source></CachedSource><Raster>"
        '<Size x="8" y="8" c="1"/><PageSize x="8" y="8" c="1"/><Compression>NONE</Compression>'
        "<DataType>Byte</DataType></Raster></MRF_META>"
    )
    before = sorted(tmp_path.iterdir())
    with open_raster(plain) as dataset:
        assert (read_bands(dataset, [1], shape=(8, 8)) == 9).all()
    assert sorted(tmp_path.iterdir()) == before


def test_overviews_beside_a_geotiff_are_used(tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", nine(side=64))
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.build_overviews([2, 4])
    assert (tmp_path / "s.tif.ovr").exists()
    with open_raster(path) as dataset:
        assert dataset.overviews(1) == [2, 4]


@pytest.mark.parametrize("second", ["alpha", "mask"])
def test_nodata_counts_beside_alpha_and_mask(second, tmp_path) -> None:
    values = np.full((3, 16, 16), 50, dtype=np.uint8)
    values[:, :4] = 0
    values[0, 8:] = 0  # black in one band only is not a hole
    opaque = np.ones((16, 16), dtype=bool)
    opaque[:, :5] = False
    expected = opaque.copy()
    expected[:4] = False
    if second == "alpha":
        values = np.concatenate([values, np.where(opaque, 255, 0)[None].astype(np.uint8)])
        options = {"photometric": "RGB", "alpha": "YES"}
    else:
        options = {"mask": opaque}
    with open_raster(write_raster(tmp_path / "s.tif", values, nodata=0, **options)) as dataset:
        np.testing.assert_array_equal(read_validity(dataset, [1, 2, 3]), expected)
        small = read_validity(dataset, [1, 2, 3], shape=(4, 4))
    assert small.shape == (4, 4)
    assert small.sum() == 3 * 3


def test_holes_are_those_of_the_chosen_bands(tmp_path) -> None:
    values = np.full((4, 8, 8), 5, dtype=np.int16)
    values[:3, :2] = -9999
    with open_raster(write_raster(tmp_path / "s.tif", values, nodata=-9999)) as dataset:
        assert read_validity(dataset, [1, 2, 3]).sum() == 6 * 8
        assert read_validity(dataset, [2, 3, 4]).all()


def test_no_damage_to_a_file_shows_as_anything_but_an_error_of_ours(tmp_path) -> None:
    """Bytes changed at random, mostly in the header: read, or refused with a sentence."""
    generator = np.random.default_rng(7)
    valid = np.ones((40, 48), dtype=bool)
    valid[5:9, 5:9] = False
    seeds = []
    for name in KINDS:
        values, profile = kind(name, valid)
        seeds.append(write_raster(tmp_path / "s.tif", values, **profile).read_bytes())
    messages = []
    for _ in range(400):
        content = bytearray(seeds[generator.integers(len(seeds))])
        for _ in range(generator.integers(1, 6)):
            content[generator.integers(600)] = generator.integers(256)
        (tmp_path / "f.tif").write_bytes(content)
        try:
            read_window(open_scene(tmp_path / "f.tif", crs="EPSG:32633"), Window(0, 0, 16, 16))
        except CropMapError as error:
            messages.append(error.message)
    assert 50 < len(messages) < 350
    assert all(message.endswith(".") for message in messages)
