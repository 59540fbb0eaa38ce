import numpy as np
import pytest

from core.farmland import generate
from core.imagery.scene import SceneImage
from core.parcels.fields import complete_numbers, split_fields, without_crumbs
from core.parcels.region_merging import join_regions
from tests.fakes import plain_image


def two_fields() -> tuple[SceneImage, np.ndarray]:
    image = plain_image(120, 160, gsd_m=2.0)
    rgb = np.zeros((120, 160, 3), dtype=np.uint8)
    rgb[:, :80] = (90, 120, 60)
    rgb[:, 80:] = (190, 170, 120)
    noise = np.random.default_rng(0).integers(-4, 5, rgb.shape)
    rgb = (rgb + noise).clip(0, 255).astype(np.uint8)
    return SceneImage(rgb, image.valid, image.grid), np.ones((120, 160), dtype=bool)


def test_touching_fields_of_two_colours_are_told_apart() -> None:
    image, cropland = two_fields()
    fields = split_fields(image, cropland)
    assert len(np.unique(fields)) == 2
    assert fields.min() > 0
    left, right = np.unique(fields[:, :74]), np.unique(fields[:, 86:])
    assert len(left) == len(right) == 1
    assert left != right


def test_one_even_field_stays_one() -> None:
    image, cropland = two_fields()
    even = SceneImage(np.roll(image.rgb[:, :80].repeat(2, axis=1), 0), image.valid, image.grid)
    assert len(np.unique(split_fields(even, cropland))) == 1


@pytest.mark.parametrize("gsd_m", [0.5, 1.0, 2.5, 10.0])
def test_numbers_cover_exactly_the_cropland(gsd_m) -> None:
    farmland = generate(2, size=203, gsd_m=gsd_m)
    image = SceneImage(farmland.rgb, np.ones((203, 203), dtype=bool), farmland.grid)
    fields = split_fields(image, farmland.cropland)
    np.testing.assert_array_equal(fields > 0, farmland.cropland)


def test_no_cropland_no_fields() -> None:
    image, cropland = two_fields()
    assert not split_fields(image, ~cropland).any()


def test_most_fields_of_made_farmland_are_found() -> None:
    farmland = generate(8, size=700)
    image = SceneImage(farmland.rgb, np.ones((700, 700), dtype=bool), farmland.grid)
    fields = split_fields(image, farmland.cropland)
    sizes = np.bincount(fields.ravel())
    found = 0
    parcels = [
        n for n in range(1, farmland.parcels.max() + 1) if (farmland.parcels == n).sum() > 2000
    ]
    for number in parcels:
        own = farmland.parcels == number
        shares = np.bincount(fields[own], minlength=len(sizes))
        best = shares[1:].argmax() + 1
        found += shares[best] / (own.sum() + sizes[best] - shares[best]) > 0.5
    assert found / len(parcels) > 0.4


def test_small_regions_join_the_neighbour_most_like_them() -> None:
    labels = np.ones((10, 30), dtype=np.int32)
    labels[:, 15:] = 2
    labels[4:6, 14:16] = 3
    colour = np.zeros((10, 30, 3), dtype=np.float32)
    colour[:, 15:] = 60.0
    colour[4:6, 14:16] = 50.0
    gradient = np.full((10, 30), 20.0, dtype=np.float32)
    joined = join_regions(labels, colour, gradient, least_pixels=20)
    assert set(np.unique(joined)) == {1, 2}
    assert (joined[4:6, 14:16] == 2).all()


def test_gaps_take_the_nearest_number_and_lone_parts_a_new_one() -> None:
    mask = np.zeros((6, 6), dtype=bool)
    mask[1:5, 1:5] = True
    numbers = np.zeros((6, 6), dtype=np.int32)
    numbers[1:5, 1:3] = 7
    numbers[0, 0] = 9
    done = complete_numbers(numbers, mask)
    np.testing.assert_array_equal(done > 0, mask)
    assert (done[mask] == 7).all()
    assert set(np.unique(complete_numbers(numbers * 0, mask))) == {0, 1}


def test_crumbs_of_a_field_go_to_what_is_around() -> None:
    numbers = np.ones((20, 20), dtype=np.int32)
    numbers[:, 10:] = 2
    numbers[5:7, 3:5] = 2  # a piece of the right field inside the left one
    left = without_crumbs(numbers, 10)
    assert (left[5:7, 3:5] == 0).all()
    assert ((left == numbers) | (left == 0)).all()
    whole = complete_numbers(left, numbers > 0)
    np.testing.assert_array_equal(whole == 2, np.arange(20)[None, :].repeat(20, axis=0) >= 10)
    np.testing.assert_array_equal(without_crumbs(numbers, 4), numbers)
