"""Shapes that are found by place."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from core.label.correction_index import ShapeIndex
from core.parcels.overlay import array_of

SHAPES = [shapely.box(x, 0, x + 8, 8) for x in range(0, 80, 10)]


@pytest.mark.parametrize("predicate", ["intersects", "dwithin", None])
def test_what_is_looked_for_is_never_prepared(predicate) -> None:
    """Parcels and drawings are held by several threads; preparing one of them ends the process."""
    index = ShapeIndex(array_of(SHAPES)).spliced({3: [SHAPES[3]]}, [shapely.box(90, 0, 95, 5)])
    wanted = index.shapes[1:4]
    found = index.query(wanted, predicate, 1.0 if predicate == "dwithin" else None)
    assert np.array_equal(found, [1, 2, 3])
    drawing = shapely.Point(35, 4)
    assert index.query(drawing, predicate, 1.0 if predicate == "dwithin" else None).tolist() == [3]
    assert not shapely.is_prepared(index.shapes).any()
    assert not shapely.is_prepared(drawing)
