"""Views: the same state gives the same pixels, and labels stay on their pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.samples import (
    OUTSIDE,
    Placement,
    Pyramid,
    photograph,
    sample_flags,
    sample_image,
    sample_parcels,
)
from training.scenes import TrainingScene, make_farmland

SIDE = 128


def _squares(known: np.ndarray | None = None) -> TrainingScene:
    """Four bright fields on black-free dark ground, so that colour tells the label."""
    parcels = np.zeros((400, 400), dtype=np.int16)
    for number, (row, column) in enumerate(((30, 40), (30, 230), (220, 40), (220, 230)), start=1):
        parcels[row : row + 130, column : column + 130] = number
    rgb = np.where(parcels[..., None] > 0, 210, 40).astype(np.uint8).repeat(3, axis=2)
    return TrainingScene("squares", rgb, parcels, 1.0, simulated=True, known=known)


def _view(pyramid: Pyramid, seed: int, scale: float = 1.6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(seed)
    placed = Placement.drawn(pyramid, SIDE, scale, generator)
    image = photograph(sample_image(pyramid, placed, SIDE), generator)
    return image, sample_parcels(pyramid, placed, SIDE)


def test_the_same_state_gives_the_same_view() -> None:
    pyramid = Pyramid(_squares())
    first, second = (_view(pyramid, 5) for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert not torch.equal(first[0], _view(pyramid, 6)[0])


@pytest.mark.parametrize("seed", range(12))
def test_labels_follow_the_picture(seed: int) -> None:
    image, parcels = _view(Pyramid(_squares()), seed)
    assert image.shape == (3, SIDE, SIDE)
    grey = image.mean(dim=0)
    field, ground = grey[parcels > 0], grey[parcels == 0]
    if len(field) and len(ground):
        # Haze, noise and gamma move both, the order of their medians stays.
        assert field.median() > ground.median()


def test_beyond_the_picture_is_black_and_marked() -> None:
    scene = _squares()
    small = TrainingScene(
        "small", scene.rgb[:90, :90], scene.parcels[:90, :90], 1.0, simulated=True
    )
    views = [_view(Pyramid(small), seed) for seed in range(20)]
    assert any(bool((parcels == OUTSIDE).any()) for _, parcels in views)
    for image, parcels in views:
        flags = (parcels == OUTSIDE).float()[None]
        inner = -torch.nn.functional.max_pool2d(-flags, 5, 1, 2)[0] > 0
        assert (image.amax(dim=0)[inner] == 0).all()


def test_of_a_scene_drawn_in_part_views_show_what_is_drawn() -> None:
    known = np.zeros((400, 400), dtype=np.bool_)
    known[20:170, 30:180] = True
    pyramid = Pyramid(_squares(known))
    for seed in range(6):
        placed = Placement.drawn(pyramid, SIDE, 2.0, np.random.default_rng(seed))
        parcels = sample_parcels(pyramid, placed, SIDE)
        seen = sample_flags(torch.from_numpy(known), placed, SIDE)
        assert bool((parcels > 0).any())
        assert not bool(seen[parcels == OUTSIDE].any())


def test_simulated_scenes_say_so() -> None:
    made = make_farmland(2, seed=3)
    assert [scene.simulated for scene in made] == [True, True]
    assert made[0].parcels.max() > 3
    assert made[0].rgb.shape == (640, 640, 3)
