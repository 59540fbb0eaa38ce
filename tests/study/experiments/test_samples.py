from __future__ import annotations

import numpy as np
import pytest

from core.study.experiments import samples
from core.study.experiments.region import read_region
from core.study.experiments.samples import Tiles, tiles
from tests.study.experiments.small_region import NAMES, PRODUCT, write_small_region
from tests.study.metrics.scenes import fields


@pytest.fixture
def image(tmp_path, monkeypatch):
    """An image of nine tiles whose first two rows are unknown."""
    monkeypatch.setattr(samples, "TILE_SIZE", 16)
    folder = write_small_region(tmp_path / "farm", NAMES[:3], test=[NAMES[2]])
    return read_region(folder, PRODUCT).test[0]


def test_tiles_are_parts_of_the_image_with_its_truth_and_land_cover(image) -> None:
    own = tiles(image)
    assert (len(own), [one.tile for one in own][:4]) == (9, ["r0c0", "r0c1", "r0c2", "r1c0"])
    truth = fields() > 0
    for sample in own:
        row, column = (16 * int(sample.tile[place]) for place in (1, 3))
        part = truth[row : row + 16, column : column + 16]
        known = np.arange(row, row + 16) >= 2
        assert sample.name == image.name
        np.testing.assert_array_equal(sample.known, np.broadcast_to(known[:, None], (16, 16)))
        np.testing.assert_array_equal(sample.truth & sample.known, part & sample.known)
        shifted = np.roll(truth, 1, axis=1)[row : row + 16, column : column + 16]
        np.testing.assert_array_equal(sample.landcover.cropland, shifted)


def test_a_tile_is_read_when_it_is_asked_for_and_remembered(image, monkeypatch) -> None:
    read, whole = [], Tiles.read

    def counted(self: Tiles, number: int) -> samples.Sample:
        read.append(number)
        return whole(self, number)

    monkeypatch.setattr(Tiles, "read", counted)
    own = Tiles(image)
    assert (len(own), read) == (9, [])
    assert own[-1] is own[8] is own.named("r2c2")
    assert read == [8]
    with pytest.raises(IndexError):
        own[9]
    with pytest.raises(KeyError):
        own.named("r9c9")


def test_parcels_have_the_same_numbers_in_whatever_order_tiles_are_read(image) -> None:
    forwards, backwards = Tiles(image), Tiles(image)
    first = [forwards.read(number).parcels for number in range(9)]
    last = [backwards.read(number).parcels for number in reversed(range(9))][::-1]
    for one, two in zip(first, last, strict=True):
        np.testing.assert_array_equal(one, two)
    assert max(one.max() for one in first) <= 3
