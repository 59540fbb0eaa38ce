"""What a person may choose about how a tile is predicted and labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from core.label.plain_values import check, number_between, shown
from core.predict.names import PUBLISHED, STRATEGY_NAMES, WITH_MODEL
from core.predict.predict_options import PredictOptions

_SEEDS = 2**32

DEFAULT_FIELD_SIZE = 0.5
"""Between fields that people draw, borders are stronger than this."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices for a scene or a tile; a run of ``cropmap map`` has the same ones.

    Parameters
    ----------
    strategy : str
        One of ``core.predict.names.STRATEGY_NAMES``.
    threshold : float
        Probability from which a pixel is cropland.
    points_per_class : int
        Automatic prompts that are placed for cropland, and for what is not.
    min_area_m2 : float
        Smaller parcels, and smaller holes, are left out.
    simplify_px : float
        Tolerance of automatic outlines in pixels of the working grid: a staircase is not an edge.
        0 follows the pixels exactly.
    field_size : float
        Strength of border, 0 to 1, from which two fields stay apart: more of it gives larger and
        fewer fields, less gives smaller ones.
    seed : int
        Of every random choice.
    published_scale : bool
        Strategy ``apt`` alone: the model looks at 512 px enlarged twice, as the authors' code does.
    """

    strategy: str = WITH_MODEL
    threshold: float = 0.5
    points_per_class: int = 33
    min_area_m2: float = 1000.0
    simplify_px: float = 1.5
    field_size: float = DEFAULT_FIELD_SIZE
    seed: int = 0
    published_scale: bool = False

    @property
    def prediction(self) -> PredictOptions:
        """Those that decide on the prediction; the others act on it."""
        return PredictOptions(
            self.strategy,
            self.points_per_class,
            self.seed,
            published_scale=self.published_scale and self.strategy == PUBLISHED,
        )

    def to_json(self) -> dict[str, str | bool | int | float]:
        """Plain values; a choice that came later is named only where it was made."""
        plain = asdict(self)
        return {name: value for name, value in plain.items() if value is not False}

    def changed(self, wishes: Mapping[str, Any]) -> Choices:
        """With what a person wishes; names that are no choice are ignored.

        Raises
        ------
        InputError
            A wish that cannot be granted.
        """
        new = replace(self, **{name: wishes[name] for name in CHOICE_NAMES if name in wishes})
        known = isinstance(new.strategy, str) and new.strategy in STRATEGY_NAMES
        check(known, f"There is no strategy '{shown(new.strategy)}'.")
        threshold = number_between(new.threshold, 0.01, 0.99)
        check(threshold is not None, "The threshold must be between 0.01 and 0.99.")
        points = number_between(new.points_per_class, 1, 400)
        check(
            points is not None and points.is_integer(),
            "Points per class are a whole number from 1 to 400.",
        )
        area = number_between(new.min_area_m2, 0, 1e9)
        check(area is not None, "The smallest parcel must be 0 m² or more.")
        tolerance = number_between(new.simplify_px, 0, 100)
        check(tolerance is not None, "Outlines are smoothed by 0 to 100 pixels.")
        size = number_between(new.field_size, 0, 1)
        check(size is not None, "The field size must be a number from 0 to 1.")
        seed = number_between(new.seed, 0, _SEEDS - 1)
        check(
            seed is not None and seed.is_integer(),
            f"The seed is a whole number from 0 to {_SEEDS - 1}.",
        )
        check(isinstance(new.published_scale, bool), "The published scale is true or false.")
        return replace(new, points_per_class=int(new.points_per_class), seed=int(new.seed))


CHOICE_NAMES = tuple(field.name for field in fields(Choices))
