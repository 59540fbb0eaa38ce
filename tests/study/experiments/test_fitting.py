from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.errors import CancelledError
from core.farmland import generate
from core.imagery.scene import SceneImage
from core.study.experiments import fitting
from core.study.experiments.crops import UNKNOWN, Picture, picture
from core.study.experiments.fitting import Recipe, check_crops, fit, mixed_loss, validated
from core.study.experiments.networks import NETWORKS, build_network
from tests.study.experiments.made_regions import QUICK, SMALL

pytestmark = pytest.mark.usefixtures("one_thread")


@lru_cache
def _made(seed: int, size: int = 128) -> Picture:
    farmland = generate(seed, size=size, gsd_m=2.5)
    everywhere = np.ones((size, size), dtype=bool)
    image = SceneImage(farmland.rgb, everywhere, farmland.grid)
    return picture(image, farmland.cropland, everywhere)


def _weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([tensor.flatten().float() for tensor in network.state_dict().values()])


def _green(seed: int, size: int = 128) -> Picture:
    """Green fields of any shape in grey land, noisy."""
    generator = np.random.default_rng(seed)
    fields = ndimage.gaussian_filter(generator.normal(size=(size, size)), 10) > 0
    shade = np.where(fields, [[[0.35]], [[0.55]], [[0.3]]], 0.45)
    rgb = 255 * (shade + generator.normal(0, 0.08, shade.shape)).clip(0, 1)
    return Picture(
        torch.from_numpy(rgb.astype(np.uint8)), torch.from_numpy(fields.astype(np.uint8))
    )


def test_training_lowers_the_loss_and_beats_chance_on_a_scene_that_it_has_not_seen():
    network = build_network(SMALL, 0)
    recipe = Recipe(steps=30, batch=4, side=64, rate=3e-3, checks=3)
    looks = fit(network, [_green(1), _green(2)], [_green(3)], recipe, 0)
    assert looks[-1].loss < 0.8 * looks[0].loss
    unseen = _green(4)
    found = validated(network, [unseen])
    assert found is not None
    # All cropland, or nothing, has a quarter.
    assert found > 0.6


@pytest.mark.parametrize("key", NETWORKS)
def test_one_seed_gives_one_network(key):
    learn, check = [_made(1, 96)], [_made(2, 96)]
    networks = []
    for seed in (3, 3, 4):
        network = build_network(key, seed)
        # Dropout draws while it learns.
        fit(network, learn, check, QUICK, seed)
        networks.append(_weights(network))
    assert torch.equal(networks[0], networks[1])
    assert not torch.equal(networks[0], networks[2])


def test_building_leaves_torchs_generator_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build_network(SMALL, 7)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("key", NETWORKS)
def test_every_network_answers_for_every_pixel(key):
    network = build_network(key, 0).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, 1, 64, 96)


def test_it_stops_when_it_no_longer_helps_and_keeps_the_best_weights(monkeypatch):
    scores = iter([0.5, 0.7, 0.6, 0.6, 0.9])
    seen = []

    def score(network: torch.nn.Module, pictures: object) -> float:
        seen.append(_weights(network).clone())
        return next(scores)

    monkeypatch.setattr(fitting, "validated", score)
    network = build_network(SMALL, 0)
    recipe = replace(QUICK, steps=5, checks=5, patience=2)
    looks = fit(network, [_made(1, 96)], [_made(2, 96)], recipe, 0)
    assert [look.step for look in looks] == [1, 2, 3, 4]
    assert torch.equal(_weights(network), seen[1])


def test_with_nothing_to_check_by_all_steps_are_taken():
    looks = fit(build_network(SMALL, 0), [_made(1, 96)], [], QUICK, 0)
    assert looks[-1].step == QUICK.steps
    assert looks[-1].mean_iou is None


def test_it_can_be_stopped_between_steps():
    shares = []

    def step(share: float) -> None:
        shares.append(share)
        if share >= 0.5:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        fit(build_network(SMALL, 0), [_made(1, 96)], [], QUICK, 0, step)
    assert shares == [0.0, 0.25, 0.5]


def test_unknown_pixels_teach_nothing():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 8, 8, generator=generator, requires_grad=True)
    target = (torch.rand(2, 1, 8, 8, generator=generator) > 0.5).float()
    target[..., 4:] = UNKNOWN
    mixed_loss(logits, target).backward()
    assert logits.grad is not None
    assert (logits.grad[..., 4:] == 0).all()
    assert (logits.grad[..., :4] != 0).all()
    nothing = torch.full_like(target, UNKNOWN)
    assert float(mixed_loss(logits, nothing).detach()) == 0.0


def test_a_look_costs_no_more_for_more_pictures():
    few, many = check_crops([_made(1, 96)]), check_crops([_made(1, 600)] * 20)
    assert len(few) == 1
    assert len(many) == 16
    assert all(max(one.target.shape) <= 256 for one in many)
