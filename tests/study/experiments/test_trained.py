from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.sam.registry import DEFAULT_MODEL, MODELS
from core.study.experiments import crops, methods
from core.study.experiments import trained as module
from core.study.experiments.cells import Context, digest
from core.study.experiments.crops import CropPlace
from core.study.experiments.methods import Method
from core.study.experiments.region import TRUTH as TRUTH_FOLDER
from core.study.experiments.region import Region, read_region
from core.study.experiments.samples import Sample, tiles
from core.study.experiments.trained import (
    NetworkTask,
    Training,
    drawn_crops,
    pictures,
    run_network,
    split_off_checks,
    trained,
)
from tests.study.experiments.made_regions import QUICK, SMALL, made_region, quiet, write_region

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return made_region(tmp_path_factory.mktemp("regions") / "home", train=(1, 2, 4), size=96)


@pytest.fixture
def large(region: Region, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Three images of four crops each."""
    monkeypatch.setattr(crops, "CROP_SIDE", 48)
    return region


def _weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([tensor.flatten().float() for tensor in network.state_dict().values()])


def test_a_network_is_trained_once_and_comes_back_as_it_was(region, tmp_path, monkeypatch):
    training = Training(SMALL, QUICK, region.train)
    first = trained(training, quiet(tmp_path))
    monkeypatch.setattr(module, "fit", None)
    again = trained(training, quiet(tmp_path))
    assert torch.equal(_weights(first.network), _weights(again.network))
    assert again.facts == first.facts
    assert first.facts["steps"] == QUICK.steps
    assert [look["step"] for look in first.facts["curve"]] == [2, 4]


def test_images_that_only_measure_are_never_learnt_from(tmp_path):
    folder = write_region(tmp_path / "home", train=(1, 2), test=(3,), size=96)
    region = read_region(folder, "worldcover_v200")
    training = Training(SMALL, QUICK, region.train)
    expected = trained(training, quiet(tmp_path / "a"))
    # Whoever opened it would fail.
    (folder / TRUTH_FOLDER / "s3.tif").write_bytes(b"no truth")
    tiles.cache_clear()
    found = trained(training, quiet(tmp_path / "b"))
    assert torch.equal(_weights(found.network), _weights(expected.network))
    with pytest.raises(InputError):
        run_network(NetworkTask(training, region.test), quiet(tmp_path / "b"))


def test_what_decides_when_to_stop_is_not_learnt_from():
    learn, check = split_off_checks(list(range(14)))
    assert (len(learn), len(check)) == (11, 3)
    assert set(learn).isdisjoint(check)
    assert [len(part) for part in split_off_checks([1, 2])] == [1, 1]
    with pytest.raises(InputError, match="not enough"):
        split_off_checks([1])


@pytest.mark.parametrize("count", [2, 5, 8])
def test_exactly_so_many_labelled_crops_are_used(large, count, monkeypatch):
    asked: list[CropPlace] = []
    kept = module.crop_picture

    def counted(image, cropland, known, window):
        asked.append(window)
        return kept(image, cropland, known, window)

    monkeypatch.setattr(module, "crop_picture", counted)
    learn, check = pictures(Training(SMALL, QUICK, large.train, crops=count))
    assert len(learn) + len(check) == count == len(asked)
    assert all(one.target.shape == (48, 48) for one in (*learn, *check))


def test_more_crops_hold_fewer_and_seeds_draw_others(large):
    few, many = drawn_crops(large.train, 3, 0), drawn_crops(large.train, 6, 0)
    assert many[:3] == few
    assert drawn_crops(large.train, 3, 1) != few
    with pytest.raises(InputError, match="13 labelled crops"):
        drawn_crops(large.train, 13, 0)


def test_fine_tuning_starts_from_the_other_network(region, tmp_path):
    start = Training(SMALL, QUICK, region.train, seed=5)
    still = QUICK.__class__(steps=1, batch=2, side=64, rate=0.0, checks=1)
    tuned = trained(Training(SMALL, still, region.train, start=start), quiet(tmp_path)).network
    base = trained(start, quiet(tmp_path)).network
    for one, other in zip(tuned.parameters(), base.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_method_can_be_the_teacher(region):
    training = Training(SMALL, QUICK, region.train, teacher=Method("land cover"))
    said, true = pictures(training)[0][0].target, pictures(Training(SMALL, QUICK, region.train))[0]
    assert said.shape == true[0].target.shape
    assert not torch.equal(said, true[0].target)


def test_the_chosen_model_teaches(region, monkeypatch):
    models = [name for name in MODELS if name != DEFAULT_MODEL]
    asked: list[tuple[str, int, str]] = []

    def said(sample: Sample, name: str, seed: int, model: str) -> np.ndarray:
        asked.append((name, seed, model))
        return sample.landcover.cropland

    monkeypatch.setattr(methods, "predict", said)
    other = Training(SMALL, QUICK, region.train, teacher=Method("joint", 3, models[0]))
    pictures(other)
    assert set(asked) == {("joint", 3, models[0])}
    # A network that another model has taught is another network.
    shipped = Training(SMALL, QUICK, region.train, teacher=Method("joint", 3))
    assert digest(other) != digest(shipped)


def test_a_cell_tells_how_the_training_went(region, tmp_path):
    shares: list[float] = []
    folder = tmp_path / "cells"
    folder.mkdir()
    task = NetworkTask(Training(SMALL, QUICK, region.train), region.test, keep=True)
    found = run_network(task, Context(folder, shares.append))
    assert [(tile.image, tile.tile) for tile in found.tiles] == [("s3", "r0c0")]
    assert found.tiles[0].pixels == 96 * 96
    assert found.facts["pictures_to_learn_from"] == 2
    assert found.facts["pictures_to_check"] == 1
    assert shares == sorted(shares)


def test_a_damaged_network_is_trained_again(region, tmp_path: Path):
    training = Training(SMALL, QUICK, region.train)
    expected = _weights(trained(training, quiet(tmp_path)).network)
    (path,) = tmp_path.glob("*.network")
    path.write_bytes(path.read_bytes()[:-10])
    assert torch.equal(_weights(trained(training, quiet(tmp_path)).network), expected)
