"""Parcels and their problems as plain values for the browser: ``core.wire``."""

from __future__ import annotations

import math

import numpy as np
import shapely

from core import wire
from core.imagery.frame import Frame
from core.label.acceptance import ChangedAcceptance
from core.label.label_maker import problem_width
from core.label.tile_label import Label
from core.parcels.parcel import Parcel
from core.parcels.topology import Problem

_DECIMALS = 2

_MOST_PROBLEMS = 500
"""More are told by their number alone."""


class ParcelRows:
    """Rows of a tile's parcels; those of parcels that stay the same objects are made once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Parcel, wire.Parcel]] = {}

    def of(self, label: Label, frame: Frame) -> list[wire.Parcel]:
        """Parcels for the browser: rings in native pixels, areas in hectares."""
        hectares = frame.native_pixel_area_m2 / 10_000.0
        known = self._known
        # The parcel is kept beside its row, so that no other one can get its address.
        self._known = {id(p): known.get(id(p)) or (p, _row(p, hectares)) for p in label.parcels}
        return [row for _, row in self._known.values()]


def changed_json(label: Label, frame: Frame) -> list[wire.ChangedAcceptance]:
    """What was accepted and is not there any more like that, for the browser."""
    hectares = frame.native_pixel_area_m2 / 10_000.0
    return [_changed(one, hectares) for one in label.changed]


def _changed(changed: ChangedAcceptance, hectares: float) -> wire.ChangedAcceptance:
    accepted, signed = changed.acceptance, changed.acceptance.signature
    middle = accepted.shape.representative_point()
    return {
        "point": (round(middle.x, _DECIMALS), round(middle.y, _DECIMALS)),
        "area_ha": round(accepted.shape.area * hectares, 4),
        "land_class": accepted.land_class,
        "reviewer": signed.author,
        "reviewed_at": signed.at.isoformat() if signed.at else None,
        "parts": parts_json(accepted.shape),
        "parcels": list(changed.parcels),
    }


def problems_json(label: Label, frame: Frame) -> wire.Problems:
    """What the check found: how many problems, and the first of them with places and sizes."""
    pixel_m2 = frame.native_pixel_area_m2
    return {
        "width_m": round(problem_width(frame) * pixel_m2**0.5, 4),
        "count": len(label.problems),
        "first": [_problem(problem, pixel_m2) for problem in label.problems[:_MOST_PROBLEMS]],
    }


def _row(parcel: Parcel, hectares: float) -> wire.Parcel:
    parts = parts_json(parcel.polygon)
    row: wire.Parcel = {
        "id": parcel.id,
        "area_ha": round(parcel.polygon.area * hectares, 4),
        "score": None if math.isnan(parcel.score) else round(parcel.score, 3),
        "state": parcel.state,
        "land_class": parcel.land_class,
        "reason": parcel.reason,
        "reviewer": parcel.reviewer,
        "reviewed_at": parcel.reviewed_at.isoformat() if parcel.reviewed_at else None,
        "rings": parts[0],
    }
    if len(parts) > 1:
        row["more"] = parts[1:]
    return row


def parts_json(shape: shapely.Geometry) -> list[list[wire.Ring]]:
    """The parts of a shape for the browser: the rings of each, the outer one first."""
    return [_rings(part) for part in shapely.get_parts(shape)]


def line_json(line: shapely.LineString) -> list[wire.ColumnRow]:
    """A line for the browser."""
    positions: list[wire.ColumnRow] = np.round(shapely.get_coordinates(line), _DECIMALS).tolist()
    return positions


def _rings(polygon: shapely.Polygon) -> list[wire.Ring]:
    rings = [polygon.exterior, *polygon.interiors]
    return [np.round(shapely.get_coordinates(ring), _DECIMALS).tolist() for ring in rings]


def _problem(problem: Problem, pixel_m2: float) -> wire.Problem:
    left, top, right, bottom = (round(value, _DECIMALS) for value in problem.bounds)
    return {
        "kind": problem.kind,
        "point": (round(problem.point.x, _DECIMALS), round(problem.point.y, _DECIMALS)),
        "area_m2": round(problem.area * pixel_m2, 2),
        "extent": (left, top, right, bottom),
        "parcels": list(problem.parcels),
    }
