"""A tile's label: its parcels, on disk and as pixels; the automatic ones to begin with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import rasterize

from core.attributes import read_values
from core.grid import Grid
from core.imagery.frame import Frame
from core.imagery.scene import SceneImage
from core.label.acceptance import ChangedAcceptance
from core.label.choices import Choices
from core.parcels.cleanup import clean_mask
from core.parcels.fields import complete_numbers, split_fields, without_crumbs
from core.parcels.parcel import Parcel
from core.parcels.polygons import mask_to_parcels
from core.parcels.topology import Problem
from core.parcels.wkb import read_wkb
from core.predict.field_hierarchy import cut_fields
from core.predict.kept_prediction import Prediction, from_bytes

_AT = 4
"""Place of the time in what is kept of a parcel's review."""

_ATTRIBUTES = 6
"""Place of the values of its attributes."""

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
    problems : tuple of Problem
        What is wrong with them as a coverage; not known of a label from disk.
    changed : tuple of ChangedAcceptance
        What was accepted and is not there any more as it was; not known of a label from disk.
    """

    version: str
    parcels: tuple[Parcel, ...]
    problems: tuple[Problem, ...] = ()
    changed: tuple[ChangedAcceptance, ...] = ()

    @property
    def cropland_pixels(self) -> float:
        """Area of the cropland, in native pixels."""
        return sum(parcel.polygon.area for parcel in self.parcels if parcel.is_cropland)

    def to_json(self) -> dict[str, Any]:
        """As plain values, to keep on disk."""
        return {
            "version": self.version,
            "parcels": [
                [p.id, p.polygon.wkb_hex, _number(p.score), *_to_json(p)] for p in self.parcels
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Label:
        """The inverse of :meth:`to_json`."""
        parcels = tuple(
            Parcel(
                name,
                _outline(wkb),
                math.nan if score is None else score,
                *_from_json(review),
            )
            for name, wkb, score, *review in data["parcels"]
        )
        return cls(data["version"], parcels)


def _outline(wkb: str) -> Polygonal:
    shape = read_wkb(bytes.fromhex(wkb))
    if not isinstance(shape, Polygonal):
        raise ValueError("a parcel without area")
    return shape


def _number(score: float) -> float | None:
    return None if math.isnan(score) else score


def _to_json(parcel: Parcel) -> list[Any]:
    at = parcel.reviewed_at.isoformat() if parcel.reviewed_at else None
    said = [parcel.state, parcel.land_class, parcel.reason, parcel.reviewer, at, parcel.edited]
    return [*said, dict(parcel.attributes)] if parcel.attributes else said


def _from_json(review: list[Any]) -> list[Any]:
    """The inverse of :func:`_to_json`; a file of an earlier version holds the state alone."""
    values = list(review)
    if len(values) > _AT and values[_AT] is not None:
        values[_AT] = datetime.fromisoformat(values[_AT])
    if len(values) > _ATTRIBUTES:
        values[_ATTRIBUTES] = read_values(values[_ATTRIBUTES])
    return values


def cropland_mask(prediction: Prediction, choices: Choices, grid: Grid) -> npt.NDArray[np.bool_]:
    """Cropland of the prediction on the tile's ``grid``: threshold, small parts and holes gone."""
    probability = from_bytes(prediction.probability)
    return clean_mask(
        np.nan_to_num(probability) >= choices.threshold,
        grid,
        min_part_m2=choices.min_area_m2,
        min_hole_m2=choices.min_area_m2,
        valid=np.isfinite(probability),
    )


def automatic_parcels(
    prediction: Prediction, choices: Choices, image: SceneImage, frame: Frame
) -> tuple[Parcel, ...]:
    """Parcels of the automatic prediction inside the tile's core, in native pixels.

    Parameters
    ----------
    image : SceneImage
        Of the tile's window: where the strategy does not tell fields apart, its colours do.
    """
    mask = cropland_mask(prediction, choices, image.grid)
    if not mask[frame.core.slices].any():
        return ()
    numbers = field_numbers(prediction, choices, image, mask)
    inside = frame.core.slices
    table = mask_to_parcels(
        numbers[inside],
        frame.core_grid,
        from_bytes(prediction.probability)[inside],
        simplify_m=choices.simplify_px * frame.core_grid.gsd_m,
    )
    native = frame.worlds_to_native(table.geometry.to_numpy())
    return tuple(
        Parcel(name, polygon, float(score), "auto")
        for name, polygon, score in zip(table["field_id"], native, table["score"], strict=True)
    )


def field_numbers(
    prediction: Prediction, choices: Choices, image: SceneImage, mask: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int32]:
    """Field numbers on exactly the pixels of ``mask``, int32 (rows, columns) of the tile."""
    if prediction.instances is None:
        return split_fields(image, mask)
    least = choices.min_area_m2 / image.grid.pixel_area_m2
    own = np.where(mask, prediction.instances, 0)
    numbers = cut_fields(own, prediction.joins, choices.field_size, least)
    return complete_numbers(without_crumbs(numbers, least), mask)


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
