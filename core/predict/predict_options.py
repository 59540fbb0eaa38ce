"""What a tile is predicted with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.predict.kept_prediction import WorldPrompt
from core.predict.names import WITH_MODEL

AUTO: Final = "auto-"
"""How the names of prompts begin that were placed automatically."""


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """How a tile is predicted.

    Parameters
    ----------
    strategy : str
        One of ``core.predict.names.STRATEGY_NAMES``.
    points_per_class : int
        Automatic prompts that are placed for cropland, and for what is not.
    seed : int
        Of every random choice.
    remaining : tuple of WorldPrompt or None
        The automatic prompts that a person left; None places them.
    published_scale : bool
        Strategy ``apt`` alone: 512 px at a time, enlarged twice
        (``core.predict.published_scale``).
    """

    strategy: str = WITH_MODEL
    points_per_class: int = 33
    seed: int = 0
    remaining: tuple[WorldPrompt, ...] | None = None
    published_scale: bool = False
