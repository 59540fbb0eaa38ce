"""Shapes that are found by place although a few of them change every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from core.parcels.geometry_index import GeometryIndex, Places, Predicate
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, Shape, array_of

_MOST_FRESH = 64
"""Shapes beside the tree: a tree of 10,000 costs more than to look through so few."""


class ShapeIndex:
    """Shapes in an order, with a tree that is built anew only after many changes.

    Parameters
    ----------
    shapes : object (shapes,)
    """

    def __init__(self, shapes: Geometries) -> None:
        self.shapes = shapes
        self._largest = _largest_coordinates(shapes)
        self._tree = GeometryIndex(shapes)
        # Where the tree's items are now, -1 for those that are gone; and what the tree lacks.
        self._places: Places = np.arange(len(shapes))
        self._fresh: Places = np.array([], dtype=np.int64)

    @property
    def overlay(self) -> Overlay:
        """The lattice for the shapes."""
        return Overlay.reaching_to(float(self._largest.max(initial=0.0)))

    def query(
        self,
        wanted: BaseGeometry | Geometries,
        predicate: Predicate | None = None,
        distance: float | None = None,
    ) -> Places:
        """Places of the shapes near some others, in order; without a predicate by their boxes."""
        by_tree = self._places[_places(self._tree.query(wanted, predicate, distance))]
        places = [by_tree[by_tree >= 0]]
        if self._fresh.size:
            few = GeometryIndex(self.shapes[self._fresh])
            places.append(self._fresh[_places(few.query(wanted, predicate, distance))])
        return np.unique(np.concatenate(places))

    def spliced(self, changed: Mapping[int, Sequence[Shape]], added: Sequence[Shape]) -> ShapeIndex:
        """With other shapes at some places, none or several for each, and more at the end."""
        counts = np.ones(len(self.shapes), dtype=np.int64)
        kept = np.ones(len(self.shapes), dtype=np.bool_)
        for place, shapes in changed.items():
            counts[place], kept[place] = len(shapes), False
        starts = np.cumsum(counts) - counts
        tail = int(counts.sum())
        fresh = {int(starts[p]) + i: s for p, new in changed.items() for i, s in enumerate(new)}
        fresh.update(enumerate(added, start=tail))
        together = np.empty(tail + len(added), dtype=object)
        together[starts[kept]] = self.shapes[kept]
        new_places = np.array(list(fresh), dtype=np.int64)
        new_shapes = array_of(list(fresh.values()))
        together[new_places] = new_shapes
        old_fresh = self._fresh[kept[self._fresh]]
        if old_fresh.size + new_places.size > _MOST_FRESH:
            return ShapeIndex(together)
        after = object.__new__(ShapeIndex)
        after.shapes = together
        after._largest = np.zeros(len(together))
        after._largest[starts[kept]] = self._largest[kept]
        after._largest[new_places] = _largest_coordinates(new_shapes)
        after._tree = self._tree
        there = np.flatnonzero(self._places >= 0)
        there = there[kept[self._places[there]]]
        after._places = np.full_like(self._places, -1)
        after._places[there] = starts[self._places[there]]
        after._fresh = np.sort(np.concatenate([starts[old_fresh], new_places]))
        return after


def _places(found: Places) -> Places:
    return found if found.ndim == 1 else found[1]


def _largest_coordinates(shapes: Geometries) -> npt.NDArray[np.float64]:
    """The largest coordinate of each shape, float64 (shapes,); 0 for an empty one."""
    bounds = np.abs(shapely.bounds(shapes))
    largest: npt.NDArray[np.float64] = np.max(
        bounds, axis=1, where=np.isfinite(bounds), initial=0.0
    )
    return largest
