"""What a strategy gives for one tile, and what it may be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.prompts.prompt import PromptSet
from core.sam.protocol import Embedding
from core.task import Cancelled, never

_SEEDS = 2**32
"""Seeds that the trees' generator takes."""


@dataclass(frozen=True, slots=True, eq=False)
class TilePrediction:
    """Cropland of one tile as a strategy sees it.

    Parameters
    ----------
    probability : float32 (rows, columns)
        0 to 1; NaN where the image or the land cover holds nothing.
    uncertainty : float32 (rows, columns)
        0 (sure) to 1; NaN where probability is.
    instances : int32 (rows, columns) or None
        Parcel numbers from 1, 0 for none, where the strategy tells fields apart.
    prompts : PromptSet
        The prompts that were shown to the model, cleaning included.
    """

    probability: npt.NDArray[np.float32]
    uncertainty: npt.NDArray[np.float32]
    instances: npt.NDArray[np.int32] | None
    prompts: PromptSet


@dataclass(frozen=True, slots=True, eq=False)
class StrategyOptions:
    """How a strategy runs.

    Parameters
    ----------
    seed : int
        Seed of every random choice.
    prompts : PromptSet or None
        Prompts to use instead of placing them; the person's corrections come in here.
    draws : int
        Prompt draws of the ensemble (``apt_plus``).
    points_per_class : int
        Points placed per class; the published procedure keeps about 33.
    min_border_distance_m : float
        Least distance of a placed point from the land cover's class borders (``apt_plus``).
    extent : float32 (rows, columns) or None
        Cropland as the field map has it, where there is one (``apt_plus``).
    classified : float32 (rows, columns) or None
        The image's own classifier's probability, where the caller has kept it (``apt_plus``).
    embedding : Embedding or None
        The tile's, where the caller has kept it; it is embedded anew otherwise.
    draw_prompts : tuple of PromptSet or None
        What each draw of the ensemble shows, instead of placed and cleaned points (``apt_plus``).
    classifier_share : float or None
        Weight of the classifier, 0 to 1, instead of that by how far the model heeds its prompts
        (``apt_plus``); with 1 no model is asked.
    published_scale : bool
        512 px at a time, enlarged twice (``apt``); ``embedding`` is of no use then.
    cancelled : callable
        Asked between decodes; True stops with ``CancelledError``.
    """

    seed: int = 0
    prompts: PromptSet | None = None
    draws: int = 5
    points_per_class: int = 33
    min_border_distance_m: float = 15.0
    extent: npt.NDArray[np.float32] | None = None
    classified: npt.NDArray[np.float32] | None = None
    embedding: Embedding | None = None
    draw_prompts: tuple[PromptSet, ...] | None = None
    classifier_share: float | None = None
    published_scale: bool = False
    cancelled: Cancelled = never

    def __post_init__(self) -> None:
        if not 0 <= self.seed < _SEEDS:
            raise InputError(
                f"The seed {self.seed} cannot be used.", f"Take a number from 0 to {_SEEDS - 1}."
            )
        if self.draws < 1:
            raise InputError(
                f"An ensemble of {self.draws} prompt draws has no mean.", "Take at least 1."
            )
