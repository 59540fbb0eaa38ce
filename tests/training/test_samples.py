"""Views: the same state gives the same pixels, and labels stay on their pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.samples import LOGIT_STRIDE, OUTSIDE, Pyramid, draw_view
from training.scenes import TrainingScene, make_farmland


def _squares() -> TrainingScene:
    """Four bright fields on black-free dark ground, so that colour tells the label."""
    parcels = np.zeros((400, 400), dtype=np.int16)
    for number, (row, column) in enumerate(((30, 40), (30, 230), (220, 40), (220, 230)), start=1):
        parcels[row : row + 130, column : column + 130] = number
    rgb = np.where(parcels[..., None] > 0, 210, 40).astype(np.uint8).repeat(3, axis=2)
    return TrainingScene("squares", rgb, parcels, 1.0, simulated=True)


def test_the_same_state_gives_the_same_view() -> None:
    pyramid = Pyramid(_squares())
    first, second = (draw_view(pyramid, 128, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first.image, second.image)
    assert torch.equal(first.parcels, second.parcels)
    assert not torch.equal(first.image, draw_view(pyramid, 128, np.random.default_rng(6)).image)


@pytest.mark.parametrize("seed", range(12))
def test_labels_follow_the_picture(seed: int) -> None:
    view = draw_view(Pyramid(_squares()), 128, np.random.default_rng(seed))
    assert view.image.shape == (3, 128, 128)
    assert view.parcels.shape == (64, 64)
    cells = torch.nn.functional.avg_pool2d(view.image[None], LOGIT_STRIDE)[0].mean(dim=0)
    field, ground = cells[view.parcels > 0], cells[view.parcels == 0]
    assert len(field) > 0
    if len(ground):
        # Haze, noise and gamma move both, the order of their medians stays.
        assert field.median() > ground.median()


def test_beyond_the_picture_is_black_and_marked() -> None:
    scene = _squares()
    small = TrainingScene(
        "small", scene.rgb[:90, :90], scene.parcels[:90, :90], 1.0, simulated=True
    )
    views = [draw_view(Pyramid(small), 128, np.random.default_rng(s)) for s in range(20)]
    outside = [v.parcels == OUTSIDE for v in views]
    assert any(bool(flags.any()) for flags in outside)
    for view, flags in zip(views, outside, strict=True):
        inner = -torch.nn.functional.max_pool2d(-flags.float()[None], 5, 1, 2)[0] > 0
        darkest = torch.nn.functional.max_pool2d(view.image[None], LOGIT_STRIDE)[0].amax(dim=0)
        assert (darkest[inner] == 0).all()


def test_simulated_scenes_say_so() -> None:
    made = make_farmland(2, seed=3)
    assert [scene.simulated for scene in made] == [True, True]
    assert made[0].parcels.max() > 3
    assert made[0].rgb.shape == (640, 640, 3)
