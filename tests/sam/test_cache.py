import errno
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import core.sam.cache
from core.errors import DiskFullError
from core.files import read_checked, write_checked
from core.sam.cache import CachedSegmenter, EmbeddingCache, embedding_key
from core.sam.protocol import Embedding
from tests.fakes import ColourSegmenter

RGB = np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8)


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path, 10**9)


def test_the_same_pixels_are_encoded_once(cache) -> None:
    inner = ColourSegmenter()
    first = CachedSegmenter(inner, cache).embed(RGB)
    again = CachedSegmenter(inner, cache).embed(RGB.copy())
    assert inner.embedded == 1
    np.testing.assert_array_equal(first.features, again.features)
    assert (first.input_size, first.original_size) == (again.input_size, again.original_size)


def test_every_part_of_the_key_matters() -> None:
    other = RGB.copy()
    other[0, 0, 0] ^= 1
    keys = {
        embedding_key(RGB, "a", "w"),
        embedding_key(other, "a", "w"),
        embedding_key(RGB, "b", "w"),
        embedding_key(RGB, "a", "v"),
        embedding_key(RGB.reshape(16, 64, 3), "a", "w"),
    }
    assert len(keys) == 5


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "renamed"])
def test_a_damaged_embedding_is_recomputed_never_served(cache, tmp_path, damage) -> None:
    inner = ColourSegmenter()
    segmenter = CachedSegmenter(inner, cache)
    right = segmenter.embed(RGB).features
    (path,) = tmp_path.glob("*.embedding")
    body = bytearray(path.read_bytes())
    if damage == "flip":
        body[len(body) // 2] ^= 1
    elif damage == "cut":
        body = body[: len(body) // 2]
    elif damage == "empty":
        body = bytearray()
    path.write_bytes(body)
    if damage == "renamed":
        wrong = np.zeros_like(RGB)
        key = embedding_key(wrong, inner.name, inner.weights_hash)
        path.rename(tmp_path / f"{key}.embedding")
        assert cache.get(key) is None
    np.testing.assert_array_equal(segmenter.embed(RGB).features, right)
    assert inner.embedded == 2


def test_the_least_recently_used_goes_first(tmp_path) -> None:
    cache = EmbeddingCache(tmp_path, 1)
    images = [np.full((8, 8, 3), value, dtype=np.uint8) for value in range(3)]
    segmenter = CachedSegmenter(ColourSegmenter(), cache)
    keys = [segmenter.embed(image).key for image in images[:1]]
    one = sum(p.stat().st_size for p in tmp_path.glob("*.embedding"))
    assert one == 0  # larger than the limit: nothing is kept
    del keys
    cache = EmbeddingCache(tmp_path, 900_000)
    segmenter = CachedSegmenter(ColourSegmenter(), cache)
    keys = []
    for image in images[:2]:
        keys.append(segmenter.embed(image).key)
        time.sleep(0.01)
    assert cache.get(keys[0]) is not None  # now the second is the least recently used
    time.sleep(0.01)
    keys.append(segmenter.embed(images[2]).key)
    assert [cache.get(key) is not None for key in keys] == [True, False, True]


def test_a_full_disk_costs_the_cache_not_the_run(cache, monkeypatch, caplog) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    inner = ColourSegmenter()
    embedding = CachedSegmenter(inner, cache).embed(RGB)
    assert embedding.features.any()
    assert "disk is full" in caplog.text
    with pytest.raises(DiskFullError):
        write_checked(cache._folder / "x", b"x", "x")
    assert not list(cache._folder.iterdir())


def test_other_code_has_other_keys(monkeypatch) -> None:
    before = embedding_key(RGB, "a", "w")
    monkeypatch.setattr(core.sam.cache, "result_hash", lambda *_: "another")
    assert embedding_key(RGB, "a", "w") != before


def test_every_field_survives(cache) -> None:
    features = np.random.default_rng(0).normal(size=(1, 4, 6, 5)).astype(np.float32)
    kept = Embedding(features, (1024, 853), (300, 250), 1024, "k")
    cache.put(kept)
    found = cache.get("k")
    assert found is not None
    assert found.features.dtype == np.float32
    np.testing.assert_allclose(found.features, features, rtol=1e-3)
    assert found.input_size == kept.input_size
    assert found.original_size == kept.original_size
    assert (found.input_side, found.key) == (1024, "k")


def test_no_single_byte_can_be_wrong(cache, tmp_path) -> None:
    cache.put(Embedding(np.ones((1, 1, 2, 2), np.float32), (4, 4), (4, 4), 8, "k"))
    (path,) = tmp_path.glob("*.embedding")
    body = path.read_bytes()
    for place in range(len(body)):
        path.write_bytes(body[:place] + bytes([body[place] ^ 0x10]) + body[place + 1 :])
        assert cache.get("k") is None
        assert not path.exists()


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from core.sam.cache import EmbeddingCache
from core.sam.protocol import Embedding

cache = EmbeddingCache(Path(sys.argv[1]), 10**9)
features = np.random.default_rng(0).normal(size=(1, 256, 64, 64)).astype(np.float32)
number = 0
while True:
    cache.put(Embedding(features, (1024, 1024), (9, 9), 1024, f"{number % 8}"))
    if number == 0:
        print("ready", flush=True)
    number += 1
"""


def test_a_killed_writer_leaves_no_half_embedding(tmp_path) -> None:
    found = 0
    for pause in (0.0, 0.005, 0.02, 0.05):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            time.sleep(0.02 + pause)
            writer.kill()
        for path in tmp_path.glob("*.embedding"):
            assert read_checked(path, path.name) is not None
            assert EmbeddingCache(tmp_path, 10**9).get(path.stem) is not None
            found += 1
    assert found


def test_what_a_killed_process_left_is_removed_in_time(cache, tmp_path) -> None:
    old, new = tmp_path / ".writing-old", tmp_path / ".writing-new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    CachedSegmenter(ColourSegmenter(), cache).embed(RGB)
    assert not old.exists()
    assert new.exists()  # somebody may still be writing it


def test_several_threads_share_a_cache_that_is_too_small(tmp_path) -> None:
    images = [np.full((8, 8, 3), value, dtype=np.uint8) for value in range(12)]
    expected = [ColourSegmenter().embed(image).features.max() for image in images]

    def work(_: int) -> list[float]:
        segmenter = CachedSegmenter(ColourSegmenter(), EmbeddingCache(tmp_path, 10**6))
        return [float(segmenter.embed(image).features.max()) for image in images]

    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(work, range(4)):
            np.testing.assert_allclose(answer, expected, rtol=1e-3, atol=1e-6)
    assert sum(p.stat().st_size for p in tmp_path.glob("*.embedding")) <= 10**6


def test_an_embedding_evicted_while_it_is_read_is_still_served(cache, monkeypatch) -> None:
    inner = ColourSegmenter()
    segmenter = CachedSegmenter(inner, cache)
    segmenter.embed(RGB)

    def gone(path: Path) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", str(path))

    monkeypatch.setattr(os, "utime", gone)
    segmenter.embed(RGB)
    assert inner.embedded == 1


def test_a_cache_that_cannot_be_read_or_written_costs_no_run(tmp_path, caplog) -> None:
    (tmp_path / "file").write_bytes(b"")
    inner = ColourSegmenter()
    segmenter = CachedSegmenter(inner, EmbeddingCache(tmp_path / "file", 10**9))
    assert segmenter.embed(RGB).features.any()
    assert "cannot be read" in caplog.text
    assert "not cached" in caplog.text


def test_decoding_never_encodes(cache) -> None:
    from tests.sam.test_runtimes import BATCHES

    inner = ColourSegmenter()
    segmenter = CachedSegmenter(inner, cache)
    embedding = segmenter.embed(np.zeros((300, 421, 3), dtype=np.uint8))
    for _ in range(3):
        segmenter.decode(embedding, BATCHES["two queries"], multimask=False)
    assert inner.embedded == 1
