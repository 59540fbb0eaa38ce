"""What a person may choose about one run of the map."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputError, Remedy
from core.label.choices import DEFAULT_FIELD_SIZE, Choices
from core.predict.names import PUBLISHED, STRATEGY_NAMES, WITH_MODEL, WITHOUT_MODEL
from core.sam.registry import DEFAULT_MODEL

_SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class MapOptions:
    """Options of one run: the choices that the app offers for a scene, and what runs the model.

    Parameters
    ----------
    strategy : str or None
        One of ``core.predict.names.STRATEGY_NAMES``; None takes ``apt_plus`` where a model is
        given and ``classifier`` where none is.
    model : str or None
        Key of a model in ``core.sam.registry.MODELS``; None runs without one.  The strategy
        ``classifier`` needs none and loads none.
    threshold, points_per_class, min_area_m2, simplify_px, field_size, seed, published_scale
        As in :class:`core.label.choices.Choices`.
    """

    strategy: str | None = None
    model: str | None = DEFAULT_MODEL
    runtime: str = "auto"
    device: str = "auto"
    threshold: float = 0.5
    points_per_class: int = 33
    min_area_m2: float = 1000.0
    simplify_px: float = 1.5
    field_size: float = DEFAULT_FIELD_SIZE
    seed: int = 0
    published_scale: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold < 1.0:
            raise InputError(
                f"The threshold {self.threshold:g} is not between 0 and 1.",
                "Take 0.5, more for surer and smaller cropland, less for more of it.",
            )
        if self.points_per_class < 1:
            raise InputError(
                f"{self.points_per_class} points per class cannot be placed.", "Take at least 1."
            )
        if not 0.0 <= self.field_size <= 1.0:
            raise InputError(
                f"The size of fields {self.field_size:g} is not between 0 and 1.",
                f"Take {DEFAULT_FIELD_SIZE:g}, more for larger fields, less for smaller ones.",
            )
        if not 0 <= self.seed < _SEEDS:
            raise InputError(
                f"The seed {self.seed} cannot be used.", f"Take a number from 0 to {_SEEDS - 1}."
            )
        for name in ("min_area_m2", "simplify_px"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must not be negative.", "Take 0 to switch it off.")

    @property
    def chosen_strategy(self) -> str:
        """The strategy that runs, defaults resolved."""
        return self.strategy or (WITH_MODEL if self.model else WITHOUT_MODEL)

    @property
    def needed_model(self) -> str | None:
        """The model that the strategy will ask; None where it asks none."""
        return None if self.chosen_strategy == WITHOUT_MODEL else self.model

    @property
    def choices(self) -> Choices:
        """The choices that give the same label in the app."""
        return Choices(
            strategy=self.chosen_strategy,
            threshold=self.threshold,
            points_per_class=self.points_per_class,
            min_area_m2=self.min_area_m2,
            simplify_px=self.simplify_px,
            field_size=self.field_size,
            seed=self.seed,
            published_scale=self.published_scale,
        )

    def check_strategy(self, *, landcover: bool = True) -> None:
        """Raise ``InputError`` unless the strategy exists and has what it needs.

        Parameters
        ----------
        landcover : bool
            Whether there is a land cover; without one only the model's field map draws fields.
        """
        chosen = self.chosen_strategy
        if chosen not in STRATEGY_NAMES:
            raise InputError(
                f"There is no strategy '{chosen}'.", f"Known are: {', '.join(STRATEGY_NAMES)}."
            )
        if chosen != WITHOUT_MODEL and self.model is None:
            raise InputError(f"The strategy '{chosen}' needs a model.", remedy=Remedy.CHOOSE_MODEL)
        if not landcover and chosen != WITH_MODEL:
            raise InputError(
                f"The strategy '{chosen}' starts from a land cover, and none is given.",
                remedy=Remedy.GIVE_LANDCOVER,
            )
        check_published_scale(chosen, wanted=self.published_scale)


def check_published_scale(strategy: str, *, wanted: bool) -> None:
    """Raise ``InputError`` where the published scale is wanted of another strategy."""
    if wanted and strategy != PUBLISHED:
        raise InputError(
            f"The published scale belongs to the strategy '{PUBLISHED}', not to '{strategy}'.",
            f"Choose '{PUBLISHED}' with it, or leave it out.",
        )
