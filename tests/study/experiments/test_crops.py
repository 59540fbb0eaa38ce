from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from affine import Affine
from pyproj import CRS

from core.grid import Grid
from core.imagery.scene import SceneImage
from core.study.experiments import crops
from core.study.experiments.crops import (
    UNKNOWN,
    Picture,
    batches,
    common_shape,
    crop_places,
    picture,
    resized,
)
from core.study.experiments.networks import applied, probability_of
from tests.study.experiments.made_regions import made_region

pytestmark = pytest.mark.usefixtures("one_thread")


def _image(rows: int, columns: int, transform: Affine, epsg: int = 32633) -> SceneImage:
    rgb = np.random.default_rng(0).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    grid = Grid(CRS.from_epsg(epsg), transform, columns, rows)
    return SceneImage(rgb, np.ones((rows, columns), dtype=bool), grid)


@pytest.mark.parametrize(
    ("gsd_m", "expected"), [(1.0, (40, 80)), (2.5, (100, 200)), (5.0, (200, 400))]
)
def test_every_image_is_shown_at_one_ground_resolution(gsd_m, expected):
    image = _image(100, 200, Affine(gsd_m, 0, 500_000, 0, -gsd_m, 5_300_000))
    assert common_shape(image) == pytest.approx(expected, abs=1)


def test_pixels_that_are_not_square_become_square():
    # At 60 degrees north a degree of longitude is half one of latitude.
    image = _image(100, 200, Affine(4.5e-5, 0, 15.0, 0, -2.25e-5, 60.0), epsg=4326)
    rows, columns = common_shape(image)
    assert columns / rows == pytest.approx(2.0, abs=0.05)


def test_resizing_keeps_corners_on_corners():
    values = torch.zeros(8, 8)
    values[:4] = 1.0
    halves = torch.tensor([[1.0], [1.0], [0.0], [0.0]]).expand(4, 4)
    assert torch.equal(resized(values, (4, 4)).round(), halves)
    assert resized(values, (16, 16))[:8].min() > 0.5


def test_what_is_unknown_or_outside_is_no_target():
    image = _image(40, 40, Affine(2.5, 0, 500_000, 0, -2.5, 5_300_000))
    image.valid[:, :10] = False
    cropland = np.ones((40, 40), dtype=bool)
    known = np.ones((40, 40), dtype=bool)
    known[30:] = False
    target = picture(image, cropland, known).target
    assert (target[:, :9] == UNKNOWN).all()
    assert (target[31:] == UNKNOWN).all()
    assert (target[:29, 11:] == 1).all()


def test_batches_are_drawn_by_the_seed_and_keep_colours_with_their_target():
    rgb = torch.zeros(3, 50, 70, dtype=torch.uint8)
    rgb[:, :, 35:] = 255
    whole = Picture(rgb, (rgb[0] > 0).to(torch.uint8))

    def draw(seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return list(islice(batches([whole], 4, 32, np.random.default_rng(seed)), 3))

    first, again, other = draw(0), draw(0), draw(1)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0][0], other[0][0])
    for colours, target in first:
        assert colours.shape == (4, 3, 32, 32)
        assert target.shape == (4, 1, 32, 32)
        for one, wanted in zip(colours.mean(dim=1), target[:, 0], strict=True):
            if 0.2 < wanted.mean() < 0.8:
                assert one[wanted == 1].mean() > one[wanted == 0].mean() + 1


def test_crops_cover_every_image_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crops, "CROP_SIDE", 40)
    region = made_region(tmp_path / "a", train=(1, 2), test=(3,), size=96)
    places = crop_places(region.train)
    assert len(places) == 8
    covered = np.zeros((96, 96), dtype=int)
    for place in places[:4]:
        covered[place.window.slices] += 1
    assert (covered == 1).all()


class _Brightness(torch.nn.Module):
    """Says cropland where the colours are bright."""

    def forward(self, colours: torch.Tensor) -> torch.Tensor:
        return 20.0 * colours.mean(dim=1, keepdim=True)


def test_large_pictures_are_looked_at_in_windows_without_seams():
    rgb = torch.rand(3, 1100, 40, generator=torch.Generator().manual_seed(0))
    found = probability_of(_Brightness(), rgb)
    assert found.shape == (1100, 40)
    bright = rgb.mean(dim=0)
    assert (found[bright > 0.5] > 0.5).all()
    assert (found[bright < 0.4] < 0.5).all()


def test_an_answer_lies_on_the_images_own_grid():
    image = _image(100, 100, Affine(1.0, 0, 500_000, 0, -1.0, 5_300_000))
    image.rgb[:] = 0
    image.rgb[:50] = 255
    image.valid[:, 90:] = False
    probability = applied(_Brightness(), image)
    assert probability.shape == (100, 100)
    assert probability.dtype == np.float32
    assert (probability[:48, :90] > 0.5).all()
    assert (probability[52:, :90] < 0.5).all()
    assert np.isnan(probability[:, 90:]).all()
