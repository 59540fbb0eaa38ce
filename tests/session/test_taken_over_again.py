"""Parcels cut at the seams of tiles, put together, and cut and put together again: geometry."""

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.features import rasterize

from core.existing.class_choice import ClassChoice
from core.existing.labels_file import LabelsFile
from core.existing.scene_labels import VectorLabels
from core.grid import Grid
from core.imagery.frame import Frame, frame_of
from core.imagery.tile_plan import plan_tiles
from core.label.choices import Choices
from core.label.correction_import import import_from_json, import_to_json
from core.label.label_maker import LabelMaker
from core.label.work import Work
from core.mapping.join import join_parcels, pieces_of
from core.project import VerdictRecord
from tests.existing.conftest import PLACES, fields, grid_of, on, table

_OPEN = VerdictRecord("open", "", "", None, 0)
_WGS84 = CRS.from_epsg(4326)
_DIGITS = 8
"""Of GeoJSON's degrees, which move a border by up to a thousandth of a pixel."""


def frames_of(grid: Grid) -> dict[str, Frame]:
    scene = SimpleNamespace(grid=grid, working_grid=grid)
    return {t.name: frame_of(scene, t) for t in plan_tiles(grid, size=224, halo=16)}


def through_the_tiles(grid: Grid, shapes, crs: CRS | None = None) -> np.ndarray:
    """The shapes as an export has them after every tile took its part."""
    given_shapes = np.array(shapes, dtype=object)
    crs = crs or grid.crs
    file = LabelsFile("a", "geopackage", "a", ("a",), crs, len(given_shapes), given_shapes, {})
    labels = VectorLabels(file, ClassChoice(), grid, crs)
    pieces = []
    for name, frame in frames_of(grid).items():
        if (found := labels.within(frame.core_grid)) is None:
            continue
        stored = import_from_json(import_to_json(found), frame.worlds_to_native)
        work = Work(Choices(), imported=stored)
        label = LabelMaker().make("v", (), [], work, frame, checked=False)
        pieces += pieces_of(label, frame, name, _OPEN)
    return np.array([p.geometry for p in join_parcels(pieces, grid)], dtype=object)


def as_geojson(grid: Grid, shapes) -> np.ndarray:
    frame = table(grid, []).set_geometry(list(shapes), crs=grid.crs).to_crs(_WGS84)
    return shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, _DIGITS))


@st.composite
def parcels_in_pixels(draw):
    """Parcels with odd corners, a pixel apart, some across the seams of tiles, some with holes."""
    found = []
    numbers = st.floats(0.0, 20.0)
    for column in range(3):
        for row in range(2):
            if not draw(st.booleans()):
                continue
            left, top = column * 130 + 3 + draw(numbers), row * 145 + 3 + draw(numbers)
            right, bottom = left + 60 + 2 * draw(numbers), top + 70 + 2 * draw(numbers)
            lean = draw(numbers)
            corners = [(left + lean, top), (right, top), (right - lean, bottom), (left, bottom)]
            hole = shapely.box(left + 25, top + 30, left + 35, top + 44)
            whole = shapely.Polygon(corners)
            found.append(whole.difference(hole) if draw(st.booleans()) else whole)
    return found or fields()


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(pixels=parcels_in_pixels(), geojson=st.booleans())
def test_they_come_back_as_they_were(place, pixels, geojson) -> None:
    grid = grid_of(place)
    sent = on(grid, pixels)
    first = through_the_tiles(grid, sent)
    file = (as_geojson(grid, first), _WGS84) if geojson else (first, None)
    second = through_the_tiles(grid, *file)
    side = abs(grid.transform.determinant) ** 0.5
    for back in (first, second):
        assert len(back) == len(sent)
        for shape in sent:
            assert shapely.hausdorff_distance(back, shape).min() <= side / 2
    masks = [rasterize(s, grid.shape, transform=grid.transform) for s in (first, second)]
    # Only a pixel whose centre lies on a border may go either way.
    rows, columns = np.nonzero(masks[0] != masks[1])
    centres = on(grid, list(shapely.points(columns + 0.5, rows + 0.5)))
    borders = shapely.union_all(shapely.boundary(np.array(sent, dtype=object)))
    assert (shapely.distance(np.array(centres, dtype=object), borders) <= 3e-3 * side).all()


def test_a_tip_that_hardly_crosses_the_seam_stays_with_its_field() -> None:
    grid = grid_of("utm")
    seam = next(f.core_bounds()[2] for f in frames_of(grid).values())
    corner = [(seam - 60, 20), (seam + 0.6, 60), (seam - 60, 100)]
    assert len(through_the_tiles(grid, on(grid, [shapely.Polygon(corner)]))) == 1
