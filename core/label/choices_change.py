"""The edit by which a person chooses otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from core.label.choices import CHOICE_NAMES, Choices
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits


@dataclass(frozen=True, slots=True)
class ChoicesChange:
    """Some choices become others; None leaves a choice as it is."""

    kind: ClassVar[str] = "settings"

    strategy: str | None = None
    threshold: float | None = None
    points_per_class: int | None = None
    min_area_m2: float | None = None
    simplify_px: float | None = None
    field_size: float | None = None
    seed: int | None = None
    published_scale: bool | None = None

    def __post_init__(self) -> None:
        self.applied_to(Choices())

    def applied_to(self, choices: Choices) -> Choices:
        """The choices after this change."""
        return choices.changed(self._wishes())

    @classmethod
    def from_json(cls, read: EditReader) -> ChoicesChange:
        """The change that JSON describes."""
        wishes = {name: read.data[name] for name in CHOICE_NAMES if name in read.data}
        Choices().changed(wishes)  # a null is no choice, though None says nothing here
        return cls(**wishes)

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The change as plain values, which have no place."""
        return self._wishes()

    def _wishes(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in CHOICE_NAMES}
        return {name: value for name, value in found.items() if value is not None}
