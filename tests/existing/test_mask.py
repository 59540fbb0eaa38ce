"""Masks that exist already, on the pixels of a scene."""

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.features import rasterize

from core.errors import MissingCrsError, UnreadableLabelsError
from core.existing.mask import MaskFileLabels, guess_values, read_mask
from core.grid import Window, WorldCoordinates, transform_coordinates
from tests.existing.conftest import PLACES, grid_of
from tests.rasters import write_raster


def mask_file(path, values, grid, **profile):
    return write_raster(
        path,
        values[None],
        **{"crs": grid.crs.to_wkt(), "transform": grid.transform, **profile},
    )


def blobs(grid, seed=0) -> np.ndarray:
    coarse = np.random.default_rng(seed).random((6, 8)) < 0.5
    big = np.kron(coarse, np.ones((50, 50), dtype=bool))
    return big[: grid.height, : grid.width].astype(np.uint8)


@pytest.mark.parametrize("place", PLACES)
def test_a_mask_on_the_scenes_pixels_comes_back_exactly(tmp_path, place) -> None:
    grid = grid_of(place)
    values = blobs(grid)
    mask = read_mask(mask_file(tmp_path / "m.tif", values, grid, nodata=255))
    assert mask.values == {0: int((values == 0).sum()), 1: int((values == 1).sum())}
    found = MaskFileLabels(mask, guess_values(mask)).within(grid)
    assert found.area is None
    shapes = [parcel.polygon for parcel in found.parcels]
    burnt = rasterize(shapes, out_shape=grid.shape, transform=grid.transform)
    assert np.array_equal(burnt, values)


def test_nodata_is_unknown_and_what_lies_beyond_as_well(tmp_path, utm) -> None:
    values = blobs(utm)
    values[:, :100] = 255
    mask = read_mask(mask_file(tmp_path / "m.tif", values, utm, nodata=255))
    assert mask.unknown == 300 * 100
    labels = MaskFileLabels(mask, frozenset({1}))
    found = labels.within(utm)
    assert found.area.area == pytest.approx(300 * 300)
    assert all(found.area.buffer(1e-6).covers(parcel.polygon) for parcel in found.parcels)
    assert labels.within(utm.window_grid(Window(0, 0, 90, 90))) is None
    east = utm.window_grid(Window(350, 0, 100, 100))
    assert labels.within(east).area.area == pytest.approx(50 * 100)
    far = utm.window_grid(Window(3000, 0, 100, 100))
    assert labels.within(far) is None
    assert not labels.touches(far)


def test_a_mask_of_another_crs_and_resolution_is_aligned_by_its_nearest_pixels(tmp_path) -> None:
    grid = grid_of("utm")
    values = np.zeros((60, 60), dtype=np.uint8)
    values[:, 30:] = 7
    transform = Affine.translation(14.9999, 45.155) @ Affine.scale(1e-4, -8e-5)
    path = mask_file(tmp_path / "m.tif", values, grid_of("geographic"), transform=transform)
    mask = read_mask(path)
    assert guess_values(mask) == {7}
    found = MaskFileLabels(mask, frozenset({7})).within(grid)
    whole = shapely.union_all([parcel.polygon for parcel in found.parcels])
    # The border lies at 15.0029 degrees east: 228 m from the left edge, to half a pixel.

    border = transform_coordinates(
        WorldCoordinates(np.array([15.0029]), np.array([45.1530])), CRS.from_epsg(4326), grid.crs
    )
    assert whole.bounds[0] == pytest.approx(border.x[0], abs=1.5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [({0, 1}, {1}), ({0, 255}, {255}), ({10, 40}, {40}), ({0}, set())],
)
def test_the_guess(tmp_path, utm, values, expected) -> None:
    pixels = np.resize(np.array(sorted(values), dtype=np.uint8), utm.shape)
    assert guess_values(read_mask(mask_file(tmp_path / "m.tif", pixels, utm))) == expected


def test_what_is_no_mask_is_one_sentence(tmp_path, utm) -> None:
    share = np.linspace(0, 1, utm.width * utm.height).reshape(utm.shape).astype(np.float32)
    with pytest.raises(UnreadableLabelsError, match="fractions"):
        read_mask(mask_file(tmp_path / "p.tif", share, utm))
    many = np.arange(utm.width * utm.height).reshape(utm.shape).astype(np.int32)
    with pytest.raises(UnreadableLabelsError, match="different values"):
        read_mask(mask_file(tmp_path / "n.tif", many, utm))
    rgb = write_raster(tmp_path / "rgb.tif", np.zeros((3, 40, 48), np.uint8))
    with pytest.raises(UnreadableLabelsError, match="3 bands"):
        read_mask(rgb)
    plain = mask_file(tmp_path / "plain.tif", blobs(utm), utm, crs=None)
    with pytest.raises(MissingCrsError):
        read_mask(plain)
    assert read_mask(plain, crs="EPSG:32633").grid == utm


@pytest.mark.parametrize("nothing", [np.nan, np.inf, 3.4e38, -3.4028235e38])
def test_a_float_mask_with_holes(tmp_path, utm, nothing) -> None:
    values = blobs(utm).astype(np.float32)
    values[:10] = nothing
    mask = read_mask(mask_file(tmp_path / "f.tif", values, utm))
    assert set(mask.values) == {0, 1}
    assert mask.unknown == 10 * utm.width
