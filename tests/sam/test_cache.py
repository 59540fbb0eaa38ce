import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest

from core.checked_files import write_checked
from core.errors import DiskFullError
from core.sam.cache import CachedSegmenter, EmbeddingCache, embedding_key
from tests.fakes import ColourSegmenter

RGB = np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8)


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path, 10**9)


def test_the_same_pixels_are_encoded_once(cache) -> None:
    inner = ColourSegmenter()
    first = CachedSegmenter(inner, cache, "torch").embed(RGB)
    again = CachedSegmenter(inner, cache, "torch").embed(RGB.copy())
    assert inner.embedded == 1
    np.testing.assert_array_equal(first.features, again.features)
    assert (first.input_size, first.original_size) == (again.input_size, again.original_size)


def test_every_part_of_the_key_matters() -> None:
    other = RGB.copy()
    other[0, 0, 0] ^= 1
    keys = {
        embedding_key(RGB, "a", "w", "torch"),
        embedding_key(other, "a", "w", "torch"),
        embedding_key(RGB, "b", "w", "torch"),
        embedding_key(RGB, "a", "v", "torch"),
        embedding_key(RGB, "a", "w", "onnx"),
        embedding_key(RGB.reshape(16, 64, 3), "a", "w", "torch"),
    }
    assert len(keys) == 6


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "renamed"])
def test_a_damaged_embedding_is_recomputed_never_served(cache, tmp_path, damage) -> None:
    inner = ColourSegmenter()
    segmenter = CachedSegmenter(inner, cache, "torch")
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
        key = embedding_key(wrong, inner.name, inner.weights_hash, "torch")
        path.rename(tmp_path / f"{key}.embedding")
        assert cache.get(key) is None
    np.testing.assert_array_equal(segmenter.embed(RGB).features, right)
    assert inner.embedded == 2


def test_the_least_recently_used_goes_first(tmp_path) -> None:
    cache = EmbeddingCache(tmp_path, 1)
    images = [np.full((8, 8, 3), value, dtype=np.uint8) for value in range(3)]
    segmenter = CachedSegmenter(ColourSegmenter(), cache, "torch")
    keys = [segmenter.embed(image).key for image in images[:1]]
    one = sum(p.stat().st_size for p in tmp_path.glob("*.embedding"))
    assert one == 0  # larger than the limit: nothing is kept
    del keys
    cache = EmbeddingCache(tmp_path, 900_000)
    segmenter = CachedSegmenter(ColourSegmenter(), cache, "torch")
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
    embedding = CachedSegmenter(inner, cache, "torch").embed(RGB)
    assert embedding.features.any()
    assert "disk is full" in caplog.text
    with pytest.raises(DiskFullError):
        write_checked(cache._folder / "x", b"x")
    assert not list(cache._folder.iterdir())
