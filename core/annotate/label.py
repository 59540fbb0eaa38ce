"""A tile's label: the automatic parcels, then the person's fields, then their corrections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import rasterize

from core.annotate.clicks import Field
from core.annotate.frame import Frame
from core.annotate.kept import Base, from_bytes
from core.annotate.work import Choices, Work
from core.imagery.scene import SceneImage
from core.masks.cleanup import clean_mask
from core.masks.correction import Parcel, Signature, apply_corrections
from core.masks.fields import complete_numbers, split_fields
from core.masks.polygons import mask_to_parcels

SIMPLIFY_PIXELS = 1.5
"""Outlines are smoothed by this many pixels of the working grid: a staircase is not an edge."""

_SNAP_PIXELS = 0.5
_LEAST_LEFT_M2 = 400.0
_DECIMALS = 2
_AT = 4
"""Place of the time in what is kept of a parcel's review."""

Polygonal = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """Parcels of a tile's core as they now stand, cropland and what was found to be none.

    Parameters
    ----------
    version : str
        Changes when the label changes.
    parcels : tuple of Parcel
        In native pixels.
    """

    version: str
    parcels: tuple[Parcel, ...]

    @property
    def cropland_pixels(self) -> float:
        """Area of the cropland, in native pixels."""
        return sum(parcel.polygon.area for parcel in self.parcels if parcel.is_cropland)

    def to_json(self) -> dict[str, Any]:
        """As plain values, to keep on disk."""
        return {
            "version": self.version,
            "parcels": [
                [p.id, p.polygon.wkb_hex, _number(p.score), *_said(p)] for p in self.parcels
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Label:
        """The inverse of :meth:`to_json`."""
        parcels = tuple(
            Parcel(name, shapely.from_wkb(wkb), math.nan if score is None else score, *_heard(said))
            for name, wkb, score, *said in data["parcels"]
        )
        return cls(data["version"], parcels)


def _number(score: float) -> float | None:
    return None if math.isnan(score) else score


def _said(parcel: Parcel) -> list[Any]:
    at = parcel.reviewed_at.isoformat() if parcel.reviewed_at else None
    return [parcel.state, parcel.land_class, parcel.reason, parcel.reviewer, at, parcel.edited]


def _heard(said: list[Any]) -> list[Any]:
    """The inverse of :func:`_said`; a file of an earlier version holds the state alone."""
    heard = list(said)
    if len(heard) > _AT and heard[_AT] is not None:
        heard[_AT] = datetime.fromisoformat(heard[_AT])
    return heard


def automatic_parcels(
    base: Base, choices: Choices, image: SceneImage, frame: Frame
) -> tuple[Parcel, ...]:
    """Parcels of the automatic prediction inside the tile's core, in native pixels."""
    probability = from_bytes(base.probability)
    mask = clean_mask(
        np.nan_to_num(probability) >= choices.threshold,
        image.grid,
        min_part_m2=choices.min_area_m2,
        min_hole_m2=choices.min_area_m2,
        valid=np.isfinite(probability),
    )
    if not mask[frame.core.slices].any():
        return ()
    numbers = (
        split_fields(image, mask)
        if base.instances is None
        else complete_numbers(base.instances, mask)
    )
    inside = frame.core.slices
    table = mask_to_parcels(
        numbers[inside],
        frame.core_grid,
        probability[inside],
        simplify_m=SIMPLIFY_PIXELS * frame.core_grid.gsd_m,
    )
    native = frame.worlds_to_native(table.geometry.to_numpy())
    return tuple(
        Parcel(name, polygon, float(score), "auto")
        for name, polygon, score in zip(table["field_id"], native, table["score"], strict=True)
    )


def build_label(
    version: str, automatic: Sequence[Parcel], fields: Sequence[Field], work: Work, frame: Frame
) -> Label:
    """The label: each part on top of the one before.

    Parameters
    ----------
    version : str
        Names it.
    automatic : sequence of Parcel
        Of the prediction, in native pixels.
    fields : sequence of Field
        The answers to the person's prompts.
    work : Work
        Its choices, corrections and imported labels count, and who set which prompt.
    """
    # What a field leaves of its neighbours is dropped where nobody would call it a parcel.
    least = min(work.choices.min_area_m2, _LEAST_LEFT_M2) / frame.native_pixel_area_m2
    parcels = list(automatic) if work.imported is None else work.imported.over(automatic)
    for field in fields:
        signature = work.signatures.get(field.prompt_id, Signature())
        parcels = _with_field(parcels, field, signature, least)
    snap = _SNAP_PIXELS * frame.native_per_tile_pixel
    core = _core(frame)
    corrected = apply_corrections(parcels, work.corrections, snap=snap, extent=core)
    return Label(version, tuple(_inside_core(corrected, core)))


def _core(frame: Frame) -> shapely.Polygon:
    column, row, width, height = frame.core_bounds()
    return shapely.box(column, row, column + width, row + height)


def _with_field(
    parcels: list[Parcel], field: Field, signature: Signature, least: float
) -> list[Parcel]:
    """Parcels with a field put in, or taken out; what it covers of others is theirs no longer."""
    shapely.prepare(field.area)
    kept: list[Parcel] = []
    for parcel in parcels:
        if not field.area.intersects(parcel.polygon):
            kept.append(parcel)
            continue
        pieces = _polygons(shapely.difference(parcel.polygon, field.area), least)
        for number, piece in enumerate(pieces):
            name = parcel.id if number == 0 else f"{parcel.id}-{field.prompt_id[:8]}.{number}"
            kept.append(_by_prompt(name, piece, parcel.score, signature))
    if field.adds:
        for number, piece in enumerate(_polygons(field.area, 0.0)):
            name = f"{field.prompt_id}.{number}" if number else field.prompt_id
            kept.append(_by_prompt(name, piece, math.nan, signature))
    return kept


def _by_prompt(name: str, shape: Polygonal, score: float, signature: Signature) -> Parcel:
    by, at = signature.author, signature.at
    return Parcel(name, shape, score, "corrected", reviewer=by, reviewed_at=at, edited=True)


def _inside_core(parcels: Sequence[Parcel], core: shapely.Polygon) -> list[Parcel]:
    """Parcels cut at the tile's core: what lies beyond belongs to the neighbour."""
    shapely.prepare(core)
    kept = []
    for parcel in parcels:
        if core.covers(parcel.polygon):
            kept.append(parcel)
            continue
        pieces = _polygons(shapely.intersection(parcel.polygon, core), 0.0)
        if pieces:
            shape = pieces[0] if len(pieces) == 1 else shapely.MultiPolygon(pieces)
            kept.append(replace(parcel, polygon=shape))
    return kept


def _polygons(geometry: shapely.Geometry, least: float) -> list[shapely.Polygon]:
    """Polygons of a geometry whose area is above ``least``, the largest first."""
    parts = [
        part
        for part in shapely.get_parts(geometry)
        if isinstance(part, shapely.Polygon) and part.area > max(least, 1e-9)
    ]
    return sorted(parts, key=lambda part: -part.area)


def rasterize_area(area: Polygonal, frame: Frame, *, every: int = 1) -> npt.NDArray[np.bool_]:
    """An area in native pixels on every ``every``-th pixel of the tile's core."""
    shape = tuple(-(-side // every) for side in frame.core_grid.shape)
    on_core = frame.natives_to_core(np.array([area], dtype=object))
    small = shapely.transform(on_core, lambda xy: xy / every)
    return np.asarray(rasterize(small, out_shape=shape, dtype=np.uint8) > 0, dtype=np.bool_)


def rasterize_label(label: Label, frame: Frame) -> npt.NDArray[np.bool_]:
    """Cropland on the pixels of the tile's core: those whose centre lies in such a parcel."""
    shape = frame.core_grid.shape
    cropland = [parcel.polygon for parcel in label.parcels if parcel.is_cropland]
    if not cropland:
        return np.zeros(shape, dtype=np.bool_)
    native = np.empty(len(cropland), dtype=object)
    native[:] = cropland
    burnt = rasterize(frame.natives_to_core(native), out_shape=shape, dtype=np.uint8)
    return np.asarray(burnt > 0, dtype=np.bool_)


def parcels_json(label: Label, frame: Frame) -> list[dict[str, Any]]:
    """Parcels for the browser: rings in native pixels, areas in hectares."""
    hectares = frame.native_pixel_area_m2 / 10_000.0
    rows = []
    for parcel in label.parcels:
        parts = [_rings(part) for part in shapely.get_parts(parcel.polygon)]
        row: dict[str, Any] = {
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
        rows.append(row)
    return rows


def _rings(polygon: shapely.Polygon) -> list[list[list[float]]]:
    rings = [polygon.exterior, *polygon.interiors]
    return [np.round(shapely.get_coordinates(ring), _DECIMALS).tolist() for ring in rings]
