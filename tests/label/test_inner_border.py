"""One key splits two fields that were drawn as one, where the field map saw their border."""

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS

from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label.inner_border import strongest_inner_border
from core.parcels.parcel import Parcel
from core.predict.field_hierarchy import build_hierarchy
from core.predict.kept_prediction import Prediction

SIDE = 100
CORE = Window(10, 10, 80, 80)


@pytest.fixture
def frame() -> Frame:
    """A tile at two metres of a scene at one metre, so that positions are not pixels."""
    utm = CRS.from_epsg(32633)
    scene = Grid(utm, Affine(1, 0, 500_000, 0, -1, 5_000_000), 200, 200)
    tile = Grid(utm, Affine(2, 0, 500_000, 0, -2, 5_000_000), SIDE, SIDE)
    return Frame(scene, tile, CORE)


def predicted(border: float, strength: float = 0.6) -> Prediction:
    """A tile of cropland with one slanted border through ``border`` on its middle row."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    away = np.abs(columns - border - 0.1 * (rows - 50))
    boundary = np.where(away < 1.5, strength, 0.0).astype(np.float32)
    depth = np.minimum(away / 40, 1).astype(np.float32)
    basins, joins = build_hierarchy(boundary, depth, np.ones((SIDE, SIDE), np.bool_))
    steps = np.full((SIDE, SIDE), 240, np.uint8)
    return Prediction(steps, steps, steps > 0, basins, (), None, None, joins)


WHOLE = Parcel("F1", shapely.box(20, 20, 180, 180), 0.9, "auto")


def test_the_line_crosses_the_parcel_along_the_border(frame: Frame) -> None:
    line = strongest_inner_border(predicted(50), frame, WHOLE, 1000)
    assert line is not None
    pieces = shapely.ops.split(WHOLE.polygon, line).geoms
    assert len(pieces) == 2
    # In native pixels the border runs through the middle and falls by 0.1 column a row.
    truth = shapely.LineString([(100 - 8, 20), (100 + 8, 180)])
    inside = shapely.intersection(line, WHOLE.polygon)
    assert shapely.hausdorff_distance(inside, truth) < 5


@pytest.mark.parametrize(
    ("border", "strength", "least_m2"), [(50, 0.05, 1000), (50, 0.6, 20_000), (5, 0.6, 1000)]
)
def test_faint_borders_crumbs_and_borders_elsewhere_split_nothing(
    frame: Frame, border: float, strength: float, least_m2: float
) -> None:
    assert strongest_inner_border(predicted(border, strength), frame, WHOLE, least_m2) is None
