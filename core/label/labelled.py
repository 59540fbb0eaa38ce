"""Parcels of a whole scene as people judged them: what every export and comparison is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from shapely import MultiPolygon, Polygon

from core.attributes import NO_ATTRIBUTES, NO_VALUES, AttributeSchema, Values
from core.grid import Grid
from core.imagery.scene import Scene
from core.imagery.tiled_mask import SlicedMask
from core.predict.names import WITHOUT_MODEL

VOUCHED_STATES = ("accepted", "corrected")
"""States in which a person stands behind a parcel."""


@dataclass(frozen=True, slots=True)
class LabelledParcel:
    """One parcel with a person's verdict on it.

    Parameters
    ----------
    id : str
        Unique in the scene.
    geometry : Polygon or MultiPolygon
        In the CRS of the scene.
    score : float
        Mean probability, 0 to 1; NaN where there is none.
    state : str
        auto, accepted, changed (since it was accepted), corrected, rejected or unsure.
    reviewer : str
        Empty where nobody reviewed it.
    reviewed_at : datetime or None
        UTC where it has no time zone.
    tile : str
        Name of the tile that holds the largest part of it.
    land_class : str
        cropland, other or unsure: what a person says it is.
    reason : str
        Why it was rejected or is unsure, in the reviewer's words; empty where none was given.
    positive_prompts, negative_prompts : int or None
        Points inside it that say cropland, or not, placed or set by a person, of the tiles that
        hold its parts; None where that is not known.
    attributes : Values
        What people say of it by the project's own attributes.
    """

    id: str
    geometry: Polygon | MultiPolygon
    score: float
    state: str
    reviewer: str
    reviewed_at: datetime | None
    tile: str
    land_class: str = "cropland"
    reason: str = ""
    positive_prompts: int | None = None
    negative_prompts: int | None = None
    attributes: Values = NO_VALUES

    @property
    def vouched(self) -> bool:
        """Whether a person accepted or corrected it."""
        return self.state in VOUCHED_STATES


@dataclass(frozen=True, slots=True)
class PlacedParcel:
    """A parcel, and its shape in pixels of a grid."""

    parcel: LabelledParcel
    shape: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class LabelSource:
    """What the labels were made from."""

    scene_name: str
    image_source: str
    method: str
    model: str
    land_cover: str

    @classmethod
    def of(
        cls, scene: Scene, name: str, strategy: str, model: str | None, land_cover: str | None
    ) -> LabelSource:
        """The source of labels of a scene.

        Parameters
        ----------
        name : str
            Of the scene, for people.
        model : str or None
            Key of the model at hand; what a strategy without a model drew has none behind it.
        land_cover : str or None
            Title of the product.
        """
        behind = None if strategy == WITHOUT_MODEL else model
        file = Path(scene.path).name
        return cls(name, file, strategy, behind or "none", land_cover or "none")

    def facts(self) -> dict[str, str]:
        """What goes into the tags of rasters and the tables of GeoPackages."""
        return {
            "software": f"cropmap {version('cropmap')}",
            "scene": self.scene_name,
            "image_source": self.image_source,
            "strategy": self.method,
            "model": self.model,
            "land_cover": self.land_cover,
        }


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScene:
    """The labels of one scene.

    Parameters
    ----------
    parcels : sequence of LabelledParcel
        In the CRS of ``grid``; may be empty, and may lie on the disk
        (:class:`core.label.parcel_spool.ParcelSpool`): they are read from first to last, or found
        by place.
    grid : Grid
        The scene's working grid.
    reviewed : SlicedMask, bool (rows, columns)
        On ``grid``: where the label says what is there, background included.  For training that
        means accepted tiles, not all that have a label.  It is only sliced, window by window.
    source : LabelSource
    scene : Scene, optional
        The imagery; without it no chips can be cut.
    schema : AttributeSchema
        The project's own attributes.
    """

    parcels: Sequence[LabelledParcel]
    grid: Grid
    reviewed: SlicedMask
    source: LabelSource
    scene: Scene | None = None
    schema: AttributeSchema = NO_ATTRIBUTES

    def __post_init__(self) -> None:
        """Refuse a scene whose pixels are not those of the labels."""
        if self.reviewed.shape != self.grid.shape:
            raise ValueError(f"reviewed is {self.reviewed.shape}, the grid {self.grid.shape}")
        if self.scene is not None and self.scene.working_grid != self.grid:
            raise ValueError("labels must be on the working grid of the scene")
