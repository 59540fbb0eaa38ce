"""Fingerprints of files: what they see, what is silent, and what is said of large ones."""

import os
import shutil

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling

from core.errors import ReplacedFileError
from core.grid import Window
from core.imagery import identity
from core.imagery.identity import file_fingerprint, fingerprint_kind, is_same_file
from core.imagery.scene import Scene, open_scene, read_window
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from tests.rasters import write_raster

SIDE = 2304


@pytest.fixture
def pixels() -> np.ndarray:
    """More than an overview of 1024 pixels shows one by one."""
    noise = np.random.default_rng(1).integers(90, 110, (3, SIDE // 2, SIDE // 2), dtype=np.uint8)
    return noise.repeat(2, axis=1).repeat(2, axis=2)


def test_one_pixel_is_seen(pixels, tmp_path) -> None:
    before = open_scene(write_raster(tmp_path / "a.tif", pixels))
    pixels[1, 1001, 77] += 1
    after = open_scene(write_raster(tmp_path / "b.tif", pixels))
    assert after.fingerprint != before.fingerprint
    assert fingerprint_kind(after.file_fingerprint) == "exact"


def test_a_block_is_seen_under_old_overviews(pixels, tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", pixels)
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as dataset:  # noqa: TID251
        dataset.build_overviews([2, 4], Resampling.average)
    old = (tmp_path / "a.tif.ovr").read_bytes() if (tmp_path / "a.tif.ovr").exists() else None
    assert old is not None, "overviews beside the file"
    before = open_scene(path)
    block = pixels.copy()
    block[:, 640:704, 640:704] = 255
    for name, values in (("block", block), ("flipped", pixels[:, ::-1])):
        other = write_raster(tmp_path / f"{name}.tif", np.ascontiguousarray(values))
        (tmp_path / f"{name}.tif.ovr").write_bytes(old)
        after = open_scene(other)
        assert after.overview_fingerprint == before.overview_fingerprint, "unseen before"
        assert after.fingerprint != before.fingerprint


def test_a_code_of_land_cover_is_seen(tmp_path) -> None:
    codes = np.full((1, 4200, 4200), 40, dtype=np.uint8)
    codes[0, ::7] = 10
    before = open_landcover(write_raster(tmp_path / "a.tif", codes), product="worldcover_v200")
    codes[0, 2001, 2002] = 30
    after = open_landcover(write_raster(tmp_path / "b.tif", codes), product="worldcover_v200")
    assert after.fingerprint != before.fingerprint


def test_a_copied_or_touched_file_is_the_same(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", np.full((3, 32, 32), 9, np.uint8))
    scene = open_scene(path)
    os.utime(path, (1, 1))
    assert read_window(scene, Window(0, 0, 32, 32)).valid.all()
    shutil.copyfile(path, tmp_path / "copy.tif")
    (tmp_path / "copy.tif").replace(path)
    assert read_window(scene, Window(0, 0, 32, 32)).valid.all()


def test_another_file_at_the_path_is_never_read_for_the_first(tmp_path) -> None:
    values = np.full((3, 32, 32), 9, np.uint8)
    path = write_raster(tmp_path / "a.tif", values)
    scene = open_scene(path)
    times = path.stat()
    kept = path.read_bytes()
    values[0, 3, 3] = 10
    write_raster(path, values)
    # As programs do that keep times.
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(ReplacedFileError, match=r"a\.tif is another file"):
        read_window(scene, Window(0, 0, 8, 8))
    path.write_bytes(kept)
    assert read_window(scene, Window(0, 0, 8, 8)).valid.all()


def test_another_land_cover_at_the_path_is_never_aligned(tmp_path) -> None:
    codes = np.full((1, 16, 16), 40, np.uint8)
    codes[0, :4] = 10
    path = write_raster(tmp_path / "a.tif", codes)
    landcover = open_landcover(path, product="worldcover_v200")
    assert align(landcover, landcover.grid).valid.all()
    write_raster(path, codes[:, ::-1].copy())
    with pytest.raises(ReplacedFileError, match=r"land cover a\.tif is another file"):
        align(landcover, landcover.grid)


def test_a_mask_beside_the_file_counts(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", np.full((3, 32, 32), 9, np.uint8))
    before = file_fingerprint(path)
    (tmp_path / "a.tif.msk").write_bytes(b"another mask")
    assert file_fingerprint(path) != before
    assert not is_same_file(str(path), before)


def test_a_large_file_is_sampled_and_says_so(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(identity, "EXACT_BYTES", 1000)
    monkeypatch.setattr(identity, "_PIECES", 4)
    monkeypatch.setattr(identity, "_PIECE_BYTES", 100)
    path = tmp_path / "large.bin"
    content = bytearray(5000)
    path.write_bytes(content)
    before = file_fingerprint(path)
    assert fingerprint_kind(before) == "sampled"
    content[-1] = 1
    path.write_bytes(content)
    assert file_fingerprint(path) != before


def test_a_file_is_hashed_once_until_it_is_touched(monkeypatch, tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", np.full((3, 32, 32), 9, np.uint8))
    monkeypatch.setattr(identity, "_RACY_NS", -1)
    asked = []
    compute = identity._compute
    monkeypatch.setattr(
        identity, "_compute", lambda *a, **k: (asked.append(a), compute(*a, **k))[1]
    )
    scene = open_scene(path)
    for _ in range(3):
        read_window(scene, Window(0, 0, 8, 8))
    assert len(asked) == 1
    os.utime(path, (1, 1))
    read_window(scene, Window(0, 0, 8, 8))
    assert len(asked) == 2


def test_a_scene_of_an_earlier_version_is_read(tmp_path) -> None:
    scene = open_scene(write_raster(tmp_path / "a.tif", np.full((3, 32, 32), 9, np.uint8)))
    stored = scene.to_json()
    assert Scene.from_json(stored) == scene
    del stored["file_fingerprint"], stored["overview_fingerprint"]
    assert Scene.from_json(stored).file_fingerprint == ""
