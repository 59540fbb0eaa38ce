"""What exports and replay bundles are given of a tile."""

from __future__ import annotations

from dataclasses import dataclass

from core.label.tile_label import Label
from core.label.work import Work
from core.predict.kept_prediction import Prediction
from core.project import TileLog


@dataclass(frozen=True, slots=True, eq=False)
class FinishedTile:
    """A tile's final label and what it came from.

    Parameters
    ----------
    prediction : Prediction or None
        None where labels from a file cover the tile.
    """

    label: Label
    prediction: Prediction | None
    log: TileLog
    work: Work
