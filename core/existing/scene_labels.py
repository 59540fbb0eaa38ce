"""Labels laid on a scene: parcels in its CRS, and what of them lies in which part of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, get_args

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from core.crs import horizontal
from core.existing.class_choice import ClassChoice, class_of, is_own
from core.existing.geometry import cleaned
from core.existing.labels_file import LabelsFile, Value
from core.grid import Grid, PixelPoint
from core.label.correction_import import LabelsImport, with_own_ids
from core.label.drawing_checks import LONGEST_REASON
from core.parcels.geometry_index import GeometryIndex, covers_each, meets_each
from core.parcels.lonlat import moved_beside
from core.parcels.outlines import Geometries
from core.parcels.overlay import Overlay, array_of
from core.parcels.parcel import LandClass, Parcel, ParcelState
from core.parcels.polygons import geodesic_areas_m2

_LEAST_PIXELS = 0.25
"""What reaches into a part of the scene by less, and by hardly any of itself, is rounding."""

_LEAST_SHARE = 0.01


class Labels(Protocol):
    """Labels that can be taken over."""

    @property
    def name(self) -> str:
        """Of the file."""

    def touches(self, part: Grid) -> bool:
        """Whether they may say something about a part of the scene; quick."""

    def within(self, part: Grid) -> LabelsImport | None:
        """What they say there, in the scene's CRS; None where they say nothing."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a file's features on the scene.

    Parameters
    ----------
    parcels : int
        Taken.
    hectares : float
        Of them, as far as they are cropland; geodesic, the parts beside the scene included.
    left_out : int
        Of a class that is not cropland.
    outside : int
        Beside the scene.
    repaired : int
        Their rings were put in order.
    """

    parcels: int
    hectares: float
    left_out: int
    outside: int
    repaired: int


class VectorLabels:
    """Parcels of a file in the scene's CRS.

    Parameters
    ----------
    file : LabelsFile
    choice : ClassChoice
    grid : Grid
        Of the scene.
    crs : CRS
        Of the file: its own, or the one that the person states.
    """

    def __init__(self, file: LabelsFile, choice: ClassChoice, grid: Grid, crs: CRS) -> None:
        middle = grid.pixel_to_world(PixelPoint(grid.width / 2, grid.height / 2))
        moved = cleaned(moved_beside(file.shapes, horizontal(crs), grid.crs, middle.x))
        footprint = grid.footprint
        seen = meets_each(footprint, moved.shapes)
        classes = [class_of(file, choice, place) for place in moved.places.tolist()]
        chosen = [
            (shape, place, kind)
            for shape, place, kind, here in zip(
                moved.shapes, moved.places.tolist(), classes, seen, strict=True
            )
            if kind is not None and here
        ]
        self.name = file.name
        self.parcels = tuple(_parcel(file, *one) for one in chosen)
        self._shapes: Geometries = np.empty(len(chosen), dtype=object)
        self._shapes[:] = [shape for shape, _, _ in chosen]
        self._tree = GeometryIndex(self._shapes)
        cropland = np.array([parcel.is_cropland for parcel in self.parcels], dtype=np.bool_)
        self.counts = Counts(
            len(self.parcels),
            float(geodesic_areas_m2(self._shapes[cropland], grid.crs).sum()) / 1e4,
            left_out=sum(kind is None for kind in classes),
            outside=file.skipped.beyond
            + len(file.shapes)
            - len(moved.shapes)
            + sum(kind is not None and not here for kind, here in zip(classes, seen, strict=True)),
            repaired=file.skipped.repaired + moved.skipped.repaired,
        )

    def touches(self, part: Grid) -> bool:
        """Whether a parcel may reach into a part of the scene."""
        return bool(len(self._tree.query(part.footprint, predicate="intersects")))

    def within(self, part: Grid) -> LabelsImport | None:
        """The parcels that reach into a part of the scene, whole; None where there is none."""
        places = self._reaching(part)
        if len(places) == 0:
            return None
        return LabelsImport(self.name, with_own_ids([self.parcels[place] for place in places]))

    def _reaching(self, part: Grid) -> npt.NDArray[np.int64]:
        footprint = part.footprint
        near = np.sort(self._tree.query(footprint, predicate="intersects"))
        shapes = self._shapes[near]
        areas = shapely.area(shapes)
        inside = areas.copy()
        cut = ~covers_each(footprint, shapes)
        lattice = Overlay.around([footprint, *shapes[cut]])
        inside[cut] = lattice.each_common_area(shapes[cut], array_of([footprint] * int(cut.sum())))
        share = inside / areas
        pixel = abs(part.transform.determinant)
        large = (inside >= _LEAST_PIXELS * pixel) | (share >= _LEAST_SHARE)
        reaching: npt.NDArray[np.int64] = near[large]
        return reaching


def _parcel(file: LabelsFile, shape: shapely.Polygon, place: int, kind: LandClass) -> Parcel:
    if not is_own(file):
        return Parcel(f"L{place + 1:04d}", shape, math.nan, "auto", kind)
    row = {name: values[place] for name, values in file.columns.items()}
    status = str(row["status"])
    state: ParcelState = next((s for s in get_args(ParcelState) if s == status), "auto")
    return Parcel(
        # The tile in front of it was that of the file's own project.
        str(row["field_id"]).rpartition("/")[2] or f"L{place + 1:04d}",
        shape,
        _score(row.get("score")),
        state,
        kind,
        str(row.get("reason") or "")[:LONGEST_REASON],
        str(row.get("reviewer") or ""),
        _moment(row.get("review_date", row.get("rev_date"))),
        edited=state == "corrected",
    )


def _score(value: Value) -> float:
    known = isinstance(value, int | float) and 0.0 <= value <= 1.0
    return float(value) if known and value is not None else math.nan


def _moment(value: Value) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
