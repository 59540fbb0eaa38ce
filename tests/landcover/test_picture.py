import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from core.grid import Grid
from core.landcover.picture import CROPLAND_COLOUR, cropland_rgba, landcover_rgba
from core.landcover.source import open_landcover
from tests.rasters import UTM, write_raster

GRID = Grid(CRS.from_epsg(32633), UTM, 40, 30)


@pytest.fixture
def landcover(tmp_path):
    codes = np.full((1, 30, 40), 40, np.uint8)
    codes[:, :, 20:] = 10
    codes[:, :5] = 0
    path = write_raster(tmp_path / "ESA_WorldCover_10m_2021_v200_Map.tif", codes)
    return open_landcover(path)


def test_classes_have_their_official_colours(landcover) -> None:
    picture = landcover_rgba(landcover, GRID)
    assert picture.dtype == np.uint8
    assert picture[20, 5].tolist() == [0xF0, 0x96, 0xFF, 255]
    assert picture[20, 30].tolist() == [0x00, 0x64, 0x00, 255]
    assert not picture[:5].any(), "nodata is transparent"


def test_the_share_of_cropland_is_opacity(landcover) -> None:
    picture = cropland_rgba(landcover, GRID)
    assert picture[20, 5].tolist() == [*CROPLAND_COLOUR, 255]
    assert picture[20, 30, 3] == 0
    assert not picture[:5, :, 3].any()
    # Pixels of 30 m: columns 18 to 21 of 10 m hold two of cropland and one of trees.
    coarse = cropland_rgba(landcover, Grid(GRID.crs, GRID.transform @ Affine.scale(3), 13, 10))
    assert coarse[6, 6, 3] == pytest.approx(255 * 2 / 3, abs=2)


@pytest.mark.parametrize("draw", [landcover_rgba, cropland_rgba])
def test_elsewhere_is_transparent(landcover, draw) -> None:
    away = Grid(GRID.crs, Affine.translation(1e5, 0) @ UTM, 40, 30)
    assert not draw(landcover, away)[..., 3].any()
    whole_earth = Grid(CRS.from_epsg(3857), Affine(1e9, 0, -1e11, 0, -1e9, 1e11), 256, 256)
    assert draw(landcover, whole_earth).shape == (256, 256, 4)
