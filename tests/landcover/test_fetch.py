import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.windows import Window as RasterioWindow

from core.errors import LandCoverError, NetworkError, OutputError, Remedy
from core.grid import Bounds, Grid, Window
from core.landcover.alignment import align
from core.landcover.fetch import (
    BUCKET,
    CELLS_PER_DEGREE,
    WorldCoverTile,
    _copy_tile,
    _world_window,
    fetch_worldcover,
    tiles_over,
)
from core.landcover.source import open_landcover
from core.settings import get_settings

CELL = 1 / CELLS_PER_DEGREE
SIDE = 36_000
FIRST_ROW, FIRST_COLUMN, KNOWN = 17_664, 18_176, 512
"""Where in the map below there are any cells: south of 1.528 N, east of 7.5147 E."""

MAP = WorldCoverTile(6, 0, "v200")
SCENE = Grid(
    CRS.from_epsg(4326),
    Affine(CELL / 8, 0, 6 + 18_300 * CELL, 0, -CELL / 8, 3 - 17_800 * CELL),
    200,
    160,
)


class Bucket:
    """A web server that answers ranges, as S3 does, and can be told to fail."""

    def __init__(self, body: bytes) -> None:
        self.status = 200
        self.stall_s = 0.0
        self.requests: list[str] = []
        self.sent = 0
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Stay quiet."""

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                bucket.requests.append(self.path)
                time.sleep(bucket.stall_s)
                status = bucket.status if self.path.endswith(MAP.name) else 404
                part, headers = body, {}
                wanted = self.headers.get("Range")
                if status == 200 and wanted:
                    first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
                    part, status = body[first : last + 1], 206
                    end = first + len(part) - 1
                    headers["Content-Range"] = f"bytes {first}-{end}/{len(body)}"
                if status >= 400:
                    part = b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(part)))
                self.end_headers()
                if self.command == "GET":
                    try:
                        self.wfile.write(part)
                        bucket.sent += len(part)
                    except OSError:
                        return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def known() -> np.ndarray:
    codes = np.random.default_rng(0).choice([10, 30, 40, 50], size=(KNOWN, KNOWN))
    return codes.astype(np.uint8)


@pytest.fixture(scope="module")
def body(known, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("map") / "map.tif"
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        driver="GTiff",
        width=SIDE,
        height=SIDE,
        count=1,
        dtype="uint8",
        tiled=True,
        blockxsize=512,
        blockysize=512,
        SPARSE_OK=True,
        crs="EPSG:4326",
        transform=Affine(CELL, 0, 6, 0, -CELL, 3),
    ) as out:
        out.write(known, 1, window=RasterioWindow(FIRST_COLUMN, FIRST_ROW, KNOWN, KNOWN))
    return path.read_bytes()


@pytest.fixture
def bucket(body) -> Iterator[Bucket]:
    server = Bucket(body)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Iterator[Path]:
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "0")
    monkeypatch.delenv("CROPMAP_OFFLINE", raising=False)
    get_settings.cache_clear()
    yield tmp_path / "cache" / "landcover"
    get_settings.cache_clear()


def test_every_cell_of_the_window_is_the_maps(bucket, known) -> None:
    path = fetch_worldcover(SCENE, bucket=bucket.url)
    landcover = open_landcover(path)
    assert landcover.product.key == "worldcover_v200"
    tile = align(landcover, SCENE)
    column = (18_300 - FIRST_COLUMN) + np.arange(200) // 8
    row = (17_800 - FIRST_ROW) + np.arange(160) // 8
    np.testing.assert_array_equal(tile.classes, known[np.ix_(row, column)])


def test_only_the_blocks_under_the_window_travel_and_no_folder_is_listed(bucket, body) -> None:
    fetch_worldcover(SCENE, bucket=bucket.url)
    assert {path.rpartition("/")[2] for path in bucket.requests} == {MAP.name}
    assert bucket.sent < 0.7 * len(body)


@pytest.mark.parametrize("status", [403, 500, 503])
def test_after_a_failure_the_next_try_can_succeed(bucket, cache, status) -> None:
    bucket.status = status
    with pytest.raises(NetworkError, match="could not be fetched") as caught:
        fetch_worldcover(SCENE, bucket=bucket.url)
    assert MAP.name in caught.value.hint
    assert caught.value.remedy is Remedy.GIVE_LANDCOVER
    assert not cache.exists()
    bucket.status = 200
    assert fetch_worldcover(SCENE, bucket=bucket.url).exists()


def test_a_server_that_stalls_is_given_up(bucket, monkeypatch) -> None:
    monkeypatch.setenv("GDAL_HTTP_TIMEOUT", "1")
    bucket.stall_s = 4.0
    start = time.monotonic()
    with pytest.raises(NetworkError):
        fetch_worldcover(SCENE, bucket=bucket.url)
    assert time.monotonic() - start < 3.5


def test_open_ocean_has_no_map_and_is_no_failure(bucket) -> None:
    bucket.status = 404
    path = fetch_worldcover(SCENE, bucket=bucket.url)
    with pytest.raises(LandCoverError, match="nothing but nodata"):
        open_landcover(path, product="worldcover_v200")


def test_the_same_window_is_fetched_once_and_each_version_by_itself(bucket, cache) -> None:
    path = fetch_worldcover(SCENE, bucket=bucket.url)
    asked = len(bucket.requests)
    assert fetch_worldcover(SCENE, bucket=bucket.url) == path
    assert len(bucket.requests) == asked
    assert fetch_worldcover(SCENE, "v100", bucket=bucket.url) != path
    assert bucket.requests[-1].startswith("/v100/2020/map/ESA_WorldCover_10m_2020_v100_N00E006")
    assert sorted(p.suffix for p in cache.iterdir()) == [".sum", ".sum", ".tif", ".tif"]


def test_a_kept_window_that_was_changed_or_exchanged_is_fetched_again(bucket, cache) -> None:
    path = fetch_worldcover(SCENE, bucket=bucket.url)
    other, whole = fetch_worldcover(SCENE, "v100", bucket=bucket.url), path.read_bytes()
    changed = bytearray(whole)
    changed[-5] ^= 1
    for body in (bytes(changed), other.read_bytes(), b""):
        path.write_bytes(body)
        asked = len(bucket.requests)
        assert fetch_worldcover(SCENE, bucket=bucket.url).read_bytes() == whole
        assert len(bucket.requests) > asked
    path.write_bytes(other.read_bytes())
    path.with_suffix(".sum").write_bytes(other.with_suffix(".sum").read_bytes())
    assert fetch_worldcover(SCENE, bucket=bucket.url).read_bytes() == whole


def test_what_was_fetched_serves_offline(bucket, monkeypatch) -> None:
    path = fetch_worldcover(SCENE, bucket=bucket.url)
    monkeypatch.setenv("CROPMAP_OFFLINE", "1")
    get_settings.cache_clear()
    assert fetch_worldcover(SCENE) == path


def test_offline_nothing_is_asked_for(bucket, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_OFFLINE", "1")
    get_settings.cache_clear()
    with pytest.raises(NetworkError, match="work offline") as caught:
        fetch_worldcover(SCENE, bucket=bucket.url)
    assert caught.value.hint == f"Get {MAP.name} from https://esa-worldcover.org/en/data-access."
    assert bucket.requests == []


def test_a_cache_that_cannot_be_written_is_told(bucket, cache) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch_worldcover(SCENE, bucket=bucket.url)


def test_a_write_that_fails_leaves_nothing_behind(bucket, cache, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="disk is full"):
        fetch_worldcover(SCENE, bucket=bucket.url)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("crs", "transform", "message"),
    [
        (4326, Affine(10, 0, 500_000, 0, -10, 5_000_000), "does not lie on the Earth"),
        (32633, Affine(10, 0, 9e12, 0, -10, 9e12), "does not lie on the Earth"),
        (4326, Affine(0.01, 0, 545, 0, -0.01, 10), "does not lie on the Earth"),
        (4326, Affine(0.1, 0, 10, 0, -0.1, 50), "too many to fetch"),
    ],
)
def test_windows_that_cannot_be_fetched_are_told_at_once(bucket, crs, transform, message) -> None:
    with pytest.raises(LandCoverError, match=message) as caught:
        fetch_worldcover(Grid(CRS.from_epsg(crs), transform, 100, 100), bucket=bucket.url)
    assert caught.value.hint or caught.value.remedy
    assert bucket.requests == []


def test_longitudes_are_counted_modulo_a_turn() -> None:
    west, east = Bounds(-91.75, 40.0, -91.5, 40.1), Bounds(268.25, 40.0, 268.5, 40.1)
    assert _world_window(east) == _world_window(west)


@pytest.mark.parametrize("code", [32660, 3832])
def test_over_the_180_degree_meridian_the_maps_of_both_sides_are_taken(code) -> None:
    there = Transformer.from_crs(4326, code, always_xy=True).transform(180.0, 63.0)
    grid = Grid(CRS.from_epsg(code), Affine(100, 0, there[0] - 5_000, 0, -100, there[1]), 100, 10)
    window = _world_window(grid.bounds_in(CRS.from_epsg(4326)))
    assert window.width < 10_000
    assert {tile.longitude for tile in tiles_over(window, "v200")} == {177, -180}


def test_a_map_beyond_the_meridian_comes_to_its_place(monkeypatch) -> None:
    read = []

    class Map:
        def __init__(self, url: str) -> None:
            self.url = url

        def __enter__(self) -> "Map":
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing is open."""

        def read(self, band: int, window: RasterioWindow) -> np.ndarray:
            read.append((self.url[-16:-8], window.col_off, window.width))
            code = 40 if "W180" in self.url else 10
            return np.full((int(window.height), int(window.width)), code, np.uint8)

    monkeypatch.setattr("core.landcover.fetch.rasterio.open", lambda url, **_: Map(url))
    window = Window(360 * CELLS_PER_DEGREE - 5, 100 * CELLS_PER_DEGREE, 12, 3)
    codes = np.zeros((3, 12), np.uint8)
    for tile in tiles_over(window, "v200"):
        _copy_tile(tile, window, codes, "http://x")
    assert codes[0].tolist() == [10] * 5 + [40] * 7
    assert [(first, width) for _, first, width in read] == [(SIDE - 5, 5), (0, 7)]


@pytest.mark.parametrize(
    ("longitude", "latitude", "version", "path"),
    [
        (6, 0, "v200", "v200/2021/map/ESA_WorldCover_10m_2021_v200_N00E006_Map.tif"),
        (0, -3, "v200", "v200/2021/map/ESA_WorldCover_10m_2021_v200_S03E000_Map.tif"),
        (-180, 81, "v100", "v100/2020/map/ESA_WorldCover_10m_2020_v100_N81W180_Map.tif"),
        (-3, -60, "v100", "v100/2020/map/ESA_WorldCover_10m_2020_v100_S60W003_Map.tif"),
    ],
)
def test_addresses_of_maps(longitude, latitude, version, path) -> None:
    assert WorldCoverTile(longitude, latitude, version).url(BUCKET) == f"{BUCKET}/{path}"


@given(
    left=st.floats(-179.9, 178),
    bottom=st.floats(-89.9, 88),
    width=st.floats(1e-5, 1.5),
    height=st.floats(1e-5, 1.5),
)
def test_the_window_and_its_maps_hold_the_scene(left, bottom, width, height) -> None:
    bounds = Bounds(left, bottom, left + width, bottom + height)
    window = _world_window(bounds)
    west, south = window.column * CELL - 180, window.row * CELL - 90
    east, north = window.column_stop * CELL - 180, window.row_stop * CELL - 90
    margin = 2 * CELL - 1e-9
    assert west <= left - margin
    assert south <= bottom - margin
    assert east >= bounds.right + margin
    assert north >= bounds.top + margin
    assert east - west <= width + 6.01 * CELL
    assert north - south <= height + 6.01 * CELL
    tiles = tiles_over(window, "v200")
    assert len(set(tiles)) == len(tiles) <= 4
    assert all(t.longitude % 3 == 0 and t.latitude % 3 == 0 for t in tiles)
    assert min(t.longitude for t in tiles) <= west + 1e-9
    assert max(t.longitude for t in tiles) + 3 >= east - 1e-9
    assert min(t.latitude for t in tiles) <= south + 1e-9
    assert max(t.latitude for t in tiles) + 3 >= north - 1e-9
