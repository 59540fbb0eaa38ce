"""What a person may choose about one run of the map."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from core.errors import InputError
from core.predict.strategies import STRATEGIES, WITHOUT_MODEL
from core.sam.registry import DEFAULT_MODEL


@dataclass(frozen=True, slots=True)
class MapOptions:
    """Options of one run; areas in square metres, lengths in metres on the ground.

    Parameters
    ----------
    strategy : str or None
        One of ``core.predict.strategies.STRATEGIES``; None takes ``apt_plus`` where a model is
        given and ``classifier`` where none is.
    model : str or None
        Key of a model in ``core.sam.registry.MODELS``; None runs without one.  The strategy
        ``classifier`` needs none and loads none.
    threshold : float
        Probability from which a pixel is cropland.
    min_part_m2, min_hole_m2 : float
        Smaller pieces of cropland, and smaller holes in it, are removed.
    simplify_m : float
        Tolerance of the parcels' outlines; 0 follows the pixels' edges exactly.
    """

    strategy: str | None = None
    model: str | None = DEFAULT_MODEL
    runtime: str = "auto"
    device: str = "auto"
    threshold: float = 0.5
    min_part_m2: float = 1000.0
    min_hole_m2: float = 1000.0
    simplify_m: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold < 1.0:
            raise InputError(
                f"The threshold {self.threshold:g} is not between 0 and 1.",
                "Take 0.5, more for surer and smaller cropland, less for more of it.",
            )
        if not 0 <= self.seed < 2**32:
            raise InputError(
                f"The seed {self.seed} cannot be used.", "Take a number from 0 to 4294967295."
            )
        for name in ("min_part_m2", "min_hole_m2", "simplify_m"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must not be negative.", "Take 0 to switch it off.")

    @property
    def chosen_strategy(self) -> str:
        """The strategy that runs, defaults resolved."""
        return self.strategy or ("apt_plus" if self.model else "classifier")

    @property
    def needed_model(self) -> str | None:
        """The model that the strategy will ask; None where it asks none."""
        return None if self.chosen_strategy == WITHOUT_MODEL else self.model

    def check_strategy(self) -> None:
        """Raise ``InputError`` unless the strategy exists and has the model that it needs."""
        chosen = self.chosen_strategy
        if chosen not in STRATEGIES:
            raise InputError(
                f"There is no strategy '{chosen}'.", f"Known are: {', '.join(STRATEGIES)}."
            )
        if chosen != WITHOUT_MODEL and self.model is None:
            raise InputError(
                f"The strategy '{chosen}' needs a model.",
                "Name one with --model (see: cropmap weights list), or use --strategy classifier.",
            )

    def prediction_key(self, *facts: str) -> str:
        """SHA-256 over ``facts`` and the options that change a tile's kept result.

        Clean-up and simplification are left out: they act on kept results.
        """
        values = asdict(self)
        for later in ("min_part_m2", "min_hole_m2", "simplify_m", "device"):
            del values[later]
        values["strategy"] = self.chosen_strategy
        values["model"] = self.needed_model
        text = json.dumps([values, *facts], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
