"""What a hand draws: lassos, strokes, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from core.errors import InputError
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Merge,
    ParcelDelete,
    Reshape,
    Split,
    brush,
)
from tests.label.corrections import (
    apply,
)


def test_a_lasso_that_crosses_itself_counts_what_it_goes_round() -> None:
    eight = Polygon([(50, 0), (60, 10), (60, 0), (50, 10)])
    assert sorted(p.polygon.area for p in apply(AreaAdd(eight))[3:]) == pytest.approx([25, 25])
    # It ends beyond its start: what is covered twice is inside too.
    twice = Polygon([(50, 0), (60, 0), (60, 10), (50, 10), (50, 0), (60, 0), (60, 10), (50, 5)])
    assert apply(AreaAdd(twice))[3].polygon.area == pytest.approx(100)


def test_an_outline_may_run_along_a_line_and_back() -> None:
    spur = Polygon([(50, 0), (60, 0), (60, 10), (70, 10), (60, 10), (50, 10)])
    assert apply(AreaAdd(spur))[3].polygon.equals(box(50, 0, 60, 10))


@pytest.mark.parametrize(
    "refused",
    [
        lambda: AreaAdd(Polygon([(0, 0), (1, 1), (2, 2)])),
        lambda: AreaRemove(Polygon([(0, 0), (1, 1), (0, 0)])),
        lambda: AreaAdd(Polygon()),
        lambda: AreaAdd(Polygon([(0, 0), (1, 1), (math.nan, 2)])),
        lambda: AreaAdd(Point(0, 0).buffer(1, quad_segs=6000)),
        lambda: Split(LineString([(1, 1), (1, 1)])),
        lambda: Split(LineString([(1, 1), (math.inf, 1)])),
        lambda: Merge((Point(1, 1), Point(1, 1))),
        lambda: Merge(()),
        lambda: ParcelDelete(Point()),
        lambda: Reshape(Point(0, 0), Polygon([(0, 0), (1, 0), (2, 0)])),
        lambda: brush(LineString([(0, 0), (1, 1)]), 0.0),
        lambda: brush(LineString([(0, 0), (1, 1)]), math.nan),
        lambda: brush(LineString(), 1.0),
    ],
)
def test_drawings_of_which_nothing_remains_are_refused_in_a_sentence(refused: Any) -> None:
    with pytest.raises(InputError) as caught:
        refused()
    assert caught.value.message.endswith(".")


def test_a_brush_covers_its_stroke() -> None:
    line = LineString([(0, 0), (10, 0), (10, 10)])
    area = brush(line, 2.0)
    assert area.is_valid
    assert area.covers(line.buffer(1.9))
    assert line.buffer(2.1, quad_segs=64).covers(area)
    dab = brush(LineString([(3, 3), (3, 3)]), 2.0)
    assert dab.area == pytest.approx(math.pi * 4, rel=0.02)


def test_a_long_shaky_stroke_has_few_points() -> None:
    x = np.linspace(0, 300, 5000)
    shaky = LineString(np.column_stack([x, np.sin(x) * 0.1]))
    assert shapely.get_num_coordinates(brush(shaky, 10.0)) < 200
