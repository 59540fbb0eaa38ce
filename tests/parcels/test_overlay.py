import pytest
import shapely
from shapely import GeometryCollection, GEOSException, LineString, box

from core.parcels import overlay
from core.parcels.overlay import Overlay

TOUCHING = GeometryCollection([box(0, 0, 10, 10), LineString([(10, 0), (20, 0)])])


def test_lines_where_areas_touch_do_not_stop_what_is_computed_of_them() -> None:
    # What GEOS says of two areas that share land here and an edge there.
    on = Overlay.around([TOUCHING])
    with pytest.raises(GEOSException):
        shapely.intersection(TOUCHING, box(5, 0, 15, 10), grid_size=on.size)
    assert on.intersection(TOUCHING, box(5, 0, 15, 10)).area == 50
    assert on.difference(TOUCHING, box(5, 0, 15, 10)).area == 50
    assert on.difference(box(5, 0, 15, 10), TOUCHING).area == 50
    assert on.union([TOUCHING, box(10, 0, 20, 10)]).area == 200


@pytest.mark.parametrize("refused", [1, 2, 3])
def test_what_cannot_be_told_apart_is_computed_more_coarsely(monkeypatch, refused) -> None:
    sizes = []

    def refusing(one, other, *, grid_size):
        sizes.append(grid_size)
        if len(sizes) <= refused:
            raise GEOSException("side location conflict")
        return one.intersection(other)

    monkeypatch.setattr(overlay.shapely, "intersection", refusing)
    on = Overlay.around([TOUCHING])
    assert on.intersection(box(0, 0, 2, 2), box(1, 1, 3, 3)).area == 1
    assert sizes == [on.size, on.size * 2**10, on.size * 2**16, None][: refused + 1]
    assert sizes[1] < 1e-6
