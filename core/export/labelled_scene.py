"""What an export is made from: one scene's labels, and what only the person can say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from core.export.parcel_table import LabelledParcel, LabelSource
from core.grid import Grid
from core.imagery.scene import Scene


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScene:
    """The labels of one scene.

    Parameters
    ----------
    parcels : sequence of LabelledParcel
        In the CRS of ``grid``; may be empty.
    grid : Grid
        The scene's working grid.
    reviewed : bool (rows, columns)
        On ``grid``: where a person vouches for the label, background included.  For training that
        means accepted tiles, not all that have a label.  May be a memory map: it is only sliced.
    source : LabelSource
    scene : Scene, optional
        The imagery; without it no chips can be cut.
    """

    parcels: Sequence[LabelledParcel]
    grid: Grid
    reviewed: npt.NDArray[np.bool_]
    source: LabelSource
    scene: Scene | None = None

    def __post_init__(self) -> None:
        """Refuse a scene whose pixels are not those of the labels."""
        if self.reviewed.shape != self.grid.shape:
            raise ValueError(f"reviewed is {self.reviewed.shape}, the grid {self.grid.shape}")
        if self.scene is not None and self.scene.working_grid != self.grid:
            raise ValueError("labels must be on the working grid of the scene")


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What the data card says beyond what can be counted in the files.

    Parameters
    ----------
    licence, author, note : str
        As the person gives them; empty where they did not.
    imaged_at : datetime, optional
        When the image was taken; UTC where it has no time zone.
    weights_sha256 : str
        SHA-256 of the model's weights; empty without a model.
    prompts, corrections : int, optional
        How many a person or the land cover gave; None where that is not known.
    """

    licence: str = ""
    author: str = ""
    note: str = ""
    imaged_at: datetime | None = None
    weights_sha256: str = ""
    prompts: int | None = None
    corrections: int | None = None
