"""Parcels and their problems as plain values for the browser: ``core.wire``."""

from __future__ import annotations

import numpy as np
import shapely

from core import wire
from core.imagery.frame import Frame
from core.label.acceptance import ChangedAcceptance
from core.label.label_maker import problem_width
from core.label.tile_label import Label
from core.parcels.topology import Problem

_DECIMALS = 2

_MOST_PROBLEMS = 500
"""More are told by their number alone."""


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
