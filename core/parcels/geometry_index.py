"""Geometries found by place, from any number of threads.

GEOS keeps what it prepares with the geometry, and two threads that use one prepared geometry end
the process (SIGSEGV).  Shapely prepares whatever a search tree is asked with a predicate.  Shapes
of parcels are shared by all who have a tile open, so none of them is ever prepared: a question
prepares a copy of its own.  This module alone prepares geometries and builds search trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from core.parcels.outlines import Geometries

Places = npt.NDArray[np.int64]
Predicate = Literal["intersects", "within", "dwithin"]


class GeometryIndex:
    """A search tree over geometries, which may be shared by threads.

    Parameters
    ----------
    shapes : object (shapes,) or sequence of geometries
    """

    def __init__(self, shapes: Geometries | Sequence[BaseGeometry]) -> None:
        self._tree = shapely.STRtree(shapes)

    def query(
        self,
        wanted: BaseGeometry | Geometries,
        predicate: Predicate | None = None,
        distance: float | None = None,
    ) -> Places:
        """Places of the shapes near one geometry or several, in no order.

        Parameters
        ----------
        wanted : geometry or object (geometries,)
        predicate : optional
            What is true of a wanted geometry and the shape; without it, their boxes meet.
        distance : float, optional
            For ``"dwithin"``, in units of the coordinates.

        Returns
        -------
        int64 (found,) for one geometry; int64 (2, found) for several: which of them, and the place.
        """
        if predicate is None:
            return self._tree.query(wanted).astype(np.int64)
        own = _copied(wanted)
        if predicate == "dwithin":
            found = self._tree.query(own, predicate=predicate, distance=distance or 0.0)
        else:
            found = self._tree.query(own, predicate=predicate)
        return found.astype(np.int64)


def meets_each(shape: BaseGeometry, others: Geometries) -> npt.NDArray[np.bool_]:
    """Whether one geometry shares a point with each of many, bool (others,)."""
    return np.asarray(shapely.intersects(_prepared(shape), others), dtype=np.bool_)


def covers_each(shape: BaseGeometry, others: Geometries) -> npt.NDArray[np.bool_]:
    """Whether each of many geometries lies in one, borders included, bool (others,)."""
    return np.asarray(shapely.covers(_prepared(shape), others), dtype=np.bool_)


def _prepared(shape: BaseGeometry) -> BaseGeometry:
    own: BaseGeometry = shapely.force_2d(shape)
    shapely.prepare(own)
    return own


def _copied(wanted: BaseGeometry | Geometries) -> BaseGeometry | Geometries:
    """The same geometries as new objects, which nobody else has; all here lie in the plane."""
    return shapely.force_2d(wanted)
