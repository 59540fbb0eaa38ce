import threading
import time

import numpy as np
import pytest

from core.errors import UnreadableRasterError
from core.imagery.open import read_bands
from core.imagery.pool import RasterPool
from tests.rasters import write_raster


def test_a_dataset_is_opened_once_and_lent_again(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", np.ones((1, 32, 32), np.uint8))
    pool = RasterPool()
    with pool.borrow(path) as first:
        assert pool.idle == 0
    with pool.borrow(path) as again:
        assert again is first
        with pool.borrow(path) as other:
            assert other is not again
    assert pool.idle == 2
    pool.close()
    assert pool.idle == 0
    assert first.closed


def test_a_replaced_file_is_opened_again(tmp_path) -> None:
    path = write_raster(tmp_path / "a.tif", np.ones((1, 32, 32), np.uint8))
    pool = RasterPool()
    with pool.borrow(path) as first:
        pass
    write_raster(tmp_path / "b.tif", np.full((1, 32, 32), 7, np.uint8)).replace(path)
    with pool.borrow(path) as second:
        assert read_bands(second, [1]).max() == 7
    assert first.closed


def test_what_waits_is_bounded_in_number_and_time(tmp_path) -> None:
    pool = RasterPool(most_idle=2, idle_seconds=0.2)
    for name in "abcd":
        with pool.borrow(write_raster(tmp_path / f"{name}.tif", np.ones((1, 8, 8), np.uint8))):
            pass
    assert pool.idle == 2
    deadline = time.monotonic() + 10
    while pool.idle and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pool.idle == 0


def test_a_dataset_that_failed_is_not_lent_again(tmp_path) -> None:
    values = np.random.default_rng(0).integers(0, 255, (1, 300, 300)).astype(np.uint8)
    path = write_raster(tmp_path / "a.tif", values, compress="deflate")
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    pool = RasterPool()
    with pytest.raises(UnreadableRasterError), pool.borrow(path) as dataset:
        read_bands(dataset, [1])
    with pytest.raises(ZeroDivisionError), pool.borrow(path):
        raise ZeroDivisionError
    with pytest.raises(UnreadableRasterError), pool.borrow(tmp_path / "gone.tif"):
        pass
    assert pool.idle == 0


def test_threads_never_share_a_dataset(tmp_path) -> None:
    values = np.random.default_rng(0).integers(0, 255, (3, 512, 512)).astype(np.uint8)
    path = write_raster(tmp_path / "a.tif", values, tiled=True, compress="deflate")
    pool, wrong, lent = RasterPool(most_idle=3), [], set()

    def read() -> None:
        for _ in range(40):
            with pool.borrow(path) as dataset:
                if id(dataset) in lent:
                    wrong.append("shared")
                lent.add(id(dataset))
                if not np.array_equal(read_bands(dataset, [1, 2, 3]), values):
                    wrong.append("pixels")
                lent.discard(id(dataset))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert pool.idle <= 3
    pool.close()
