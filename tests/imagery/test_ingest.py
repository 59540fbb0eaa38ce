"""Uploads: nothing of the pixels is lost, and no file takes the server down with it."""

from __future__ import annotations

import os
import struct
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image

from core.errors import (
    CancelledError,
    CropMapError,
    DiskFullError,
    InputError,
    MissingCrsError,
    OutputError,
    RasterTooLargeError,
    Remedy,
    UnreadableRasterError,
)
from core.imagery.cog import copy_as_cog
from core.imagery.ingest import ingest, needs_copy
from core.imagery.limited import Limits
from core.imagery.scene import open_scene
from core.task import silent_share
from tests.rasters import KINDS, PLACES, UTM, kind, write_raster

LITTLE = Limits(memory_bytes=3 << 30, cpu_seconds=60, wall_seconds=60)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def bring(source: Path, folder: Path, **options: object) -> Path:
    options.setdefault("trusted", False)
    return ingest(source, folder / "copy.tif", **options)


def copied(source: Path, folder: Path, *, categorical: bool = False) -> Path:
    """What the process with limits does, in this one: enough where only pixels are looked at."""
    folder.mkdir()
    copy_as_cog(
        source, folder / "copy.tif", crs=None, categorical=categorical, progress=silent_share
    )
    return folder / "copy.tif"


def assert_same(source: Path, copy: Path) -> None:
    with rasterio.open(source) as a, rasterio.open(copy) as b:  # noqa: TID251
        floats = a.dtypes[0].startswith("float")
        assert np.array_equal(a.read(), b.read(), equal_nan=floats)
        assert a.dtypes == b.dtypes
        assert a.nodata == b.nodata
        assert a.colorinterp == b.colorinterp
        assert a.mask_flag_enums == b.mask_flag_enums
        assert np.array_equal(a.dataset_mask(), b.dataset_mask())
        assert a.crs == b.crs
        assert np.allclose(a.transform, b.transform, rtol=0, atol=1e-9)
        assert b.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert b.block_shapes[0][0] % 16 == 0


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_keeps_its_pixels(tmp_path, name) -> None:
    valid = np.ones((300, 700), dtype=bool)
    valid[:70, :90] = False
    values, profile = kind(name, valid)
    source = write_raster(tmp_path / "in.tif", values, **profile)
    shares: list[float] = []
    copy = bring(source, tmp_path / "out", progress=shares.append)
    assert_same(source, copy)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert left_in(tmp_path / "out") == ["copy.tif"]
    assert not needs_copy(copy)
    if name == "palette":
        with rasterio.open(source) as a, rasterio.open(copy) as b:  # noqa: TID251
            assert a.colormap(1) == b.colormap(1)


@pytest.mark.parametrize("dtype", ["int8", "uint32", "int32", "float64", "int64"])
def test_rarer_dtypes_and_many_bands(tmp_path, dtype) -> None:
    values = np.random.default_rng(3).integers(-90, 100, (7, 90, 110)).astype(dtype)
    source = write_raster(tmp_path / "in.tif", values)
    assert_same(source, copied(source, tmp_path / "out"))


@pytest.mark.parametrize("place", sorted(PLACES))
def test_every_place_stays_where_it_is(tmp_path, place) -> None:
    source = write_raster(tmp_path / "in.tif", np.ones((1, 40, 48), np.uint8), place)
    assert_same(source, copied(source, tmp_path / "out"))


def test_words_about_bands_and_file_stay(tmp_path) -> None:
    source = write_raster(tmp_path / "in.tif", np.ones((2, 40, 48), np.uint16))
    with rasterio.open(source, "r+") as dataset:  # noqa: TID251
        dataset.descriptions = ("near infrared", None)
        dataset.scales, dataset.offsets = (0.0001, 1.0), (-0.1, 0.0)
        dataset.update_tags(product="simulated", AREA_OR_POINT="Point", long="x" * 9000)
    with rasterio.open(copied(source, tmp_path / "out")) as copy:  # noqa: TID251
        assert copy.descriptions == ("near infrared", None)
        assert copy.scales == (0.0001, 1.0)
        assert copy.offsets == (-0.1, 0.0)
        assert copy.tags()["product"] == "simulated"
        assert "long" not in copy.tags()
        with rasterio.open(source) as before:  # noqa: TID251
            assert copy.transform == before.transform


@pytest.mark.parametrize(("categorical", "mixed"), [(False, True), (True, False)])
def test_overviews_of_codes_hold_codes_only(tmp_path, categorical, mixed) -> None:
    codes = np.random.default_rng(4).choice([10, 40], (1, 900, 900)).astype(np.uint8)
    source = write_raster(tmp_path / "in.tif", codes)
    copy = copied(source, tmp_path / "out", categorical=categorical)
    with rasterio.open(copy) as dataset:  # noqa: TID251
        small = dataset.read(1, out_shape=(450, 450))
    assert (set(np.unique(small).tolist()) != {10, 40}) == mixed


def test_a_raster_without_crs_needs_the_persons_word(tmp_path) -> None:
    source = write_raster(tmp_path / "in.tif", np.ones((3, 40, 48), np.uint8), crs=None)
    with pytest.raises(MissingCrsError, match=r"in\.tif does not say in which CRS") as caught:
        bring(source, tmp_path / "out")
    assert caught.value.remedy is Remedy.STATE_CRS  # it came from another process
    assert left_in(tmp_path / "out") == []
    with rasterio.open(bring(source, tmp_path / "out", crs="EPSG:32633")) as copy:  # noqa: TID251
        assert copy.crs.to_epsg() == 32633
        assert copy.transform == UTM
    with pytest.raises(InputError, match="not a CRS"):
        bring(source, tmp_path / "out2", crs="the usual one")


@pytest.mark.parametrize(("suffix", "world"), [(".png", ".pgw"), (".jpg", ".jgw")])
def test_pictures_with_world_files(tmp_path, suffix, world) -> None:
    pixels = np.random.default_rng(5).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    source = tmp_path / f"photo{suffix}"
    Image.fromarray(pixels).save(source)
    (tmp_path / f"photo{world}").write_text("2\n0\n0\n-2\n500001\n4999999\n")
    copy = bring(source, tmp_path / "out", crs="EPSG:32633")
    with rasterio.open(copy) as dataset, rasterio.open(source) as before:  # noqa: TID251
        assert dataset.transform == Affine(2, 0, 500_000, 0, -2, 5_000_000)
        assert np.array_equal(dataset.read(), before.read())


def test_jpeg_2000_and_cmyk_pictures(tmp_path) -> None:
    values = np.random.default_rng(9).integers(0, 255, (3, 200, 300)).astype(np.uint8)
    source = tmp_path / "in.jp2"
    options = {"crs": "EPSG:32633", "transform": UTM, "QUALITY": 100, "REVERSIBLE": "YES"}
    with rasterio.open(  # noqa: TID251
        source, "w", "JP2OpenJPEG", 300, 200, 3, dtype="uint8", **options
    ) as dataset:
        dataset.write(values)
    with rasterio.open(bring(source, tmp_path / "out")) as copy:  # noqa: TID251
        assert np.array_equal(copy.read(), values)
        assert copy.crs.to_epsg() == 32633
    cmyk = tmp_path / "print.jpg"
    Image.fromarray(np.full((60, 80, 4), 90, np.uint8), "CMYK").save(cmyk)
    (tmp_path / "print.jgw").write_text("2\n0\n0\n-2\n500001\n4999999\n")
    with rasterio.open(bring(cmyk, tmp_path / "out", crs="EPSG:32633")) as copy:  # noqa: TID251
        assert copy.count == 3


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 20_000), (2, 20_000, 3), (70, 150, 90)])
def test_odd_shapes(tmp_path, shape) -> None:
    values = np.random.default_rng(10).integers(0, 4000, shape).astype(np.float32)
    source = write_raster(tmp_path / "in.tif", values)
    assert_same(source, copied(source, tmp_path / "out"))


def huge_claim(path: Path) -> Path:
    """A TIFF of some hundred bytes that claims 400,000 x 400,000 pixels."""
    entries = [
        (256, 4, 400_000), (257, 4, 400_000), (258, 3, 8), (259, 3, 1), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, 1), (279, 4, 400_000),
    ]  # fmt: skip
    body = struct.pack("<H", len(entries))
    for tag, code, value in entries:
        packed = struct.pack("<HH", value, 0) if code == 3 else struct.pack("<I", value)
        body += struct.pack("<HHI", tag, code, 1) + packed
    path.write_bytes(b"II*\x00" + struct.pack("<I", 8) + body + b"\0\0\0\0")
    return path


def test_a_huge_claim_is_refused_at_once(tmp_path) -> None:
    started = time.monotonic()
    with pytest.raises(InputError):
        bring(huge_claim(tmp_path / "bomb.tif"), tmp_path / "out")
    assert time.monotonic() - started < 20
    assert left_in(tmp_path / "out") == []


def test_a_raster_over_the_limits_is_refused_in_the_child(tmp_path, monkeypatch) -> None:
    source = write_raster(tmp_path / "in.tif", np.ones((1, 200, 200), np.uint8))
    monkeypatch.setenv("CROPMAP_MAX_PIXELS", "1000")
    with pytest.raises(RasterTooLargeError, match="more than the limit"):
        bring(source, tmp_path / "out")


HOSTILE = {
    "vrt.tif": b'<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" '
    b'band="1"><SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource>'
    b"</VRTRasterBand></VRTDataset>",
    "wms.tif": b'<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:1/</ServerUrl>'
    b"</Service></GDAL_WMS>",
    "empty.tif": b"",
    "text.png": b"not a picture",
    "short.tif": b"II*\x00\x08\x00",
    "loop.tif": b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_files_end_in_one_sentence(tmp_path, name) -> None:
    source = tmp_path / name
    source.write_bytes(HOSTILE[name])
    with pytest.raises(InputError) as caught:
        bring(source, tmp_path / "out")
    assert name in caught.value.message
    assert caught.value.message.endswith(".")
    assert "Traceback" not in str(caught.value)
    assert left_in(tmp_path / "out") == []


def test_a_sidecar_that_is_a_vrt_is_not_followed(tmp_path) -> None:
    source = write_raster(tmp_path / "in.tif", np.full((1, 64, 64), 9, np.uint8))
    secret = write_raster(tmp_path / "secret.tif", np.full((1, 32, 32), 77, np.uint8))
    (tmp_path / "in.tif.ovr").write_text(
        '<VRTDataset rasterXSize="32" rasterYSize="32"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    with rasterio.open(bring(source, tmp_path / "out")) as copy:  # noqa: TID251
        assert copy.read().max() == 9
        assert copy.read(1, out_shape=(32, 32)).max() == 9


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_truncated_upload(tmp_path, keep) -> None:
    values = np.random.default_rng(6).integers(0, 255, (3, 600, 600)).astype(np.uint8)
    source = write_raster(tmp_path / "in.tif", values, compress="deflate")
    raw = source.read_bytes()
    source.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(UnreadableRasterError, match="damaged"):
        bring(source, tmp_path / "out")
    assert left_in(tmp_path / "out") == []


@pytest.fixture
def large(tmp_path) -> Path:
    """A raster that takes some seconds."""
    values = np.random.default_rng(7).integers(0, 65535, (3, 3000, 3000)).astype(np.uint16)
    return write_raster(tmp_path / "large.tif", values)


def test_cancelling_leaves_nothing_and_kills_the_child(tmp_path, large) -> None:
    shares: list[float] = []
    started = time.monotonic()
    with pytest.raises(CancelledError, match="cancelled"):
        bring(large, tmp_path / "out", progress=shares.append, cancelled=lambda: bool(shares))
    assert time.monotonic() - started < 30
    assert left_in(tmp_path / "out") == []
    assert not children()


def test_a_killed_child_is_told(tmp_path, large) -> None:
    def kill(_share: float) -> None:
        for pid in children():
            os.kill(pid, 9)

    with pytest.raises(CropMapError) as caught:
        bring(large, tmp_path / "out", progress=kill)
    assert "large.tif" in caught.value.message
    assert left_in(tmp_path / "out") == []


def test_a_crashed_child_is_told(tmp_path, large) -> None:
    def crash(_share: float) -> None:
        for pid in children():
            os.kill(pid, 11)

    with pytest.raises(UnreadableRasterError, match="could not be read"):
        bring(large, tmp_path / "out", progress=crash)


def test_a_full_disk_leaves_nothing(tmp_path, large) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "copy.tif").write_bytes(b"the old one")
    for limit in (100_000, 60_000_000):
        with pytest.raises(DiskFullError, match="disk is full"):
            bring(large, out, limits=Limits(file_bytes=limit))
    assert left_in(out) == ["copy.tif"]
    assert (out / "copy.tif").read_bytes() == b"the old one"


@pytest.mark.parametrize("megabytes", [100, 250, 300])
def test_too_little_memory_is_told(tmp_path, large, megabytes) -> None:
    with pytest.raises(RasterTooLargeError, match="more memory") as caught:
        bring(large, tmp_path / "out", limits=Limits(memory_bytes=megabytes << 20))
    assert left_in(tmp_path / "out") == []
    assert caught.value.hint or caught.value.remedy


@pytest.mark.parametrize("limits", [{"cpu_seconds": 1}, {"wall_seconds": 1.0}])
def test_too_little_time_is_told(tmp_path, large, limits) -> None:
    with pytest.raises(RasterTooLargeError, match="takes longer"):
        bring(large, tmp_path / "out", limits=Limits(**limits))
    assert left_in(tmp_path / "out") == []


def test_a_folder_that_cannot_be_written(tmp_path) -> None:
    source = write_raster(tmp_path / "in.tif", np.ones((1, 40, 48), np.uint8))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        ingest(source, tmp_path / "file" / "copy.tif", trusted=False)


def test_several_uploads_at_a_time(tmp_path) -> None:
    source = write_raster(tmp_path / "in.tif", np.ones((3, 300, 300), np.uint8))
    failures: list[CropMapError] = []

    def one(number: int) -> None:
        try:
            ingest(source, tmp_path / "out" / f"{number}.tif", trusted=False, limits=LITTLE)
        except CropMapError as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert left_in(tmp_path / "out") == ["0.tif", "1.tif", "2.tif"]


@pytest.mark.parametrize(
    ("profile", "factors", "expected"),
    [
        ({}, (), True),
        ({"tiled": True, "blockxsize": 512, "blockysize": 512}, (), True),
        ({"tiled": True, "blockxsize": 512, "blockysize": 512}, (2, 4), False),
        ({}, (2, 4), True),
    ],
)
def test_what_is_used_where_it_lies(tmp_path, profile, factors, expected) -> None:
    values = np.zeros((1, 2500, 2500), np.uint8)
    path = write_raster(tmp_path / "in.tif", values, compress="deflate", **profile)
    if factors:
        with rasterio.open(path, "r+") as dataset:  # noqa: TID251
            dataset.build_overviews(list(factors), rasterio.enums.Resampling.average)
    assert needs_copy(path) is expected
    small = write_raster(tmp_path / "small.tif", np.zeros((1, 200, 200), np.uint8))
    assert not needs_copy(small)


def test_a_copy_opens_as_the_same_scene(tmp_path) -> None:
    values = np.random.default_rng(8).integers(0, 3000, (4, 200, 300)).astype(np.uint16)
    source = write_raster(tmp_path / "in.tif", values)
    before, after = open_scene(source), open_scene(bring(source, tmp_path / "out"))
    assert after.grid == before.grid
    assert after.stretch == before.stretch
    assert after.bands == before.bands


def children() -> list[int]:
    """Ingest workers of this process."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if b"core.imagery.ingest_worker" in line and parent == str(os.getpid()):
            found.append(int(entry.name))
    return found
