"""``cropmap embed`` spares the app and ``cropmap map`` the encoder."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from core.sam.load import load_cached
from core.sam.onnx_runtime import OnnxSegmenter
from core.sam.torch_runtime import TorchSegmenter
from core.session.models import Models
from core.session.workspaces import Workspaces
from core.settings import get_settings


@pytest.fixture
def encoded(monkeypatch) -> list[str]:
    """The runtime of each call of an encoder."""
    calls: list[str] = []
    for runtime in (OnnxSegmenter, TorchSegmenter):

        def embed(self, rgb, real=runtime.embed, name=runtime.__name__):
            calls.append(name)
            return real(self, rgb)

        monkeypatch.setattr(runtime, "embed", embed)
    return calls


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch, cache_with_graphs) -> Iterator[None]:
    """What other tests have computed is not found."""
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(cache_with_graphs(tmp_path / "cache")))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def embeddings() -> list:
    return sorted(get_settings().embeddings_folder.glob("*.embedding"))


@pytest.fixture
def tiles(tile_size) -> None:
    tile_size(224)


def test_the_app_finds_them_and_encodes_nothing(cropmap, tiles, project, encoded) -> None:
    done = cropmap("embed", project.folder, "--json")
    assert done.status == 0, done.errors
    told = json.loads(done.out)
    assert told["computed"] == len(embeddings()) == told["tiles"] > 1
    (scene,) = project.scenes()
    project.update_scene(scene.id, expected_version=scene.version, settings={"strategy": "joint"})
    workspaces = Workspaces(Models())
    for tile in project.tiles(scene.id):
        workspaces.get(project, scene.id, tile.name).finished()
    assert encoded == []
    embeddings()[0].unlink()
    load_cached("cropmap_small").embed(np.zeros((8, 8, 3), np.uint8))
    assert len(encoded) == 1  # what is counted is what the app calls


def test_mapping_finds_them_and_only_what_is_sound(cropmap, tiles, farmland, tmp_path, encoded):
    def mapped(name: str) -> int:
        encoded.clear()
        done = cropmap(
            *("map", farmland.scene, "--landcover", farmland.landcover, "--strategy", "joint"),
            *("--workers", "1", "--out", tmp_path / name),
        )
        assert done.status == 0, done.errors
        return len(encoded)

    assert cropmap("embed", farmland.scene).status == 0
    assert mapped("first") == 0
    damaged, foreign, *_ = embeddings()
    body = bytearray(damaged.read_bytes())
    body[len(body) // 2] ^= 1
    foreign.write_bytes(embeddings()[-1].read_bytes())
    damaged.write_bytes(body)
    assert mapped("second") == 2


def test_it_goes_on_where_it_stopped(cropmap, tiles, farmland) -> None:
    assert cropmap("embed", farmland.scene).status == 0
    lost = embeddings()[0]
    lost.write_bytes(b"")
    told = json.loads(cropmap("embed", farmland.scene, "--json").out)
    assert (told["computed"], told["there_already"]) == (1, told["tiles"] - 1)
    assert lost.stat().st_size == pytest.approx(told["bytes_at_most"] / told["tiles"], rel=0.01)


def test_the_size_is_told_and_nothing_computed(cropmap, tiles, farmland) -> None:
    done = cropmap("embed", farmland.scene, "--dry-run")
    assert done.status == 0
    assert "tiles" in done.out
    assert embeddings() == []


def test_what_the_cache_may_not_hold_is_refused(cropmap, tiles, farmland) -> None:
    done = cropmap("embed", farmland.scene, CROPMAP_EMBEDDING_CACHE_BYTES="1000000")
    assert done.status == 1
    assert "the cache may hold 0.00 GB" in done.errors
    assert embeddings() == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_no_graphics_card_is_one_sentence(cropmap, farmland) -> None:
    done = cropmap("embed", farmland.scene, "--device", "cuda")
    assert done.status == 1
    assert "This machine has no usable 'cuda' device." in done.errors


def test_a_batch_is_each_alone_whatever_the_runtime() -> None:
    images = [
        np.random.default_rng(seed).integers(0, 255, (200, 180 + seed, 3), dtype=np.uint8)
        for seed in range(2)
    ]
    torch_, onnx = load_cached("cropmap_small", runtime="torch"), load_cached("cropmap_small")
    for rgb, found in zip(images, torch_.inner.embed_batch(images), strict=True):
        alone = onnx.inner.embed(rgb)
        assert (found.input_size, found.original_size) == (alone.input_size, alone.original_size)
        np.testing.assert_allclose(found.features, alone.features, atol=2e-3)
