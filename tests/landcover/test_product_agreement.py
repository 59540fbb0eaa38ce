import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from core.errors import LandCoverError
from core.grid import Grid
from core.landcover.product_agreement import agreement
from core.landcover.product_registry import PRODUCTS
from core.landcover.source import LandCoverTile
from tests.rasters import UTM


def tile_of(fraction: list[float], grid: Grid | None = None) -> LandCoverTile:
    values = np.array([fraction], dtype=np.float32)
    grid = grid or Grid(CRS.from_epsg(32633), UTM, values.shape[1], 1)
    classes = np.where(values >= 0.5, 40, 10).astype(np.uint16)
    return LandCoverTile(classes, values, ~np.isnan(values), grid, PRODUCTS["worldcover_v200"])


NAN = float("nan")


def test_votes_and_products_are_counted() -> None:
    counted = agreement(
        [tile_of([1, 0, 0.5, NAN]), tile_of([1, 0, 0.4, NAN]), tile_of([1, 1, NAN, NAN])]
    )
    assert counted.votes.dtype == counted.products.dtype == np.uint8
    assert counted.votes.tolist() == [[3, 1, 1, 0]]
    assert counted.products.tolist() == [[3, 3, 2, 0]]
    np.testing.assert_allclose(counted.share, [[1, 1 / 3, 0.5, NAN]], rtol=1e-6)


@pytest.mark.parametrize("count", range(1, 12))
def test_a_majority_weighs_the_same_for_and_against(count) -> None:
    """Of ``count`` products k say cropland on pixel k and all but k on its mirror image."""
    ballots = np.arange(count + 1)[None, :] > np.arange(count)[:, None]
    counted = agreement([tile_of(list(ballot.astype(float))) for ballot in ballots])
    for_cropland = counted.votes[0].astype(int)
    assert for_cropland.tolist() == list(range(count + 1))
    for enough in range(count // 2 + 1, count + 1):
        tile = counted.to_tile(enough / count)
        expected = (for_cropland >= enough) | (count - for_cropland >= enough)
        np.testing.assert_array_equal(tile.valid[0], expected, err_msg=f"{enough} of {count}")
        np.testing.assert_array_equal(tile.valid, tile.valid[:, ::-1])
        np.testing.assert_array_equal(tile.cropland[0], for_cropland >= enough)
        assert np.isnan(tile.cropland_fraction[~tile.valid]).all()


def test_nobodys_word_is_no_agreement() -> None:
    tile = agreement([tile_of([NAN, 1]), tile_of([NAN, 1])]).to_tile()
    assert tile.valid.tolist() == [[False, True]]


@pytest.mark.parametrize("least", [0.0, 0.5, 1.01, NAN])
def test_what_is_no_majority_is_refused(least) -> None:
    with pytest.raises(LandCoverError, match="not a majority"):
        agreement([tile_of([1, 0])]).to_tile(least)


def test_products_on_two_grids_are_refused() -> None:
    shifted = Grid(CRS.from_epsg(32633), UTM @ Affine.translation(1, 0), 2, 1)
    with pytest.raises(LandCoverError, match="not on one grid") as caught:
        agreement([tile_of([1, 0]), tile_of([1, 0], shifted)])
    assert caught.value.hint or caught.value.remedy
