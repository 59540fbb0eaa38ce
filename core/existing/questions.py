"""What only the person who has the file can say: which of its layers, which of its classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InputError, Remedy, UnreadableLabelsError

_MOST_LISTED = 8


class LayerQuestionError(UnreadableLabelsError):
    """A file has several layers of areas, and nobody said which."""

    def __init__(self, name: str, layers: tuple[str, ...]) -> None:
        super().__init__(
            f"{name} holds several layers of areas: {listed(layers)}.",
            remedy=Remedy.CHOOSE_LAYER,
        )
        self.layers = layers


@dataclass(frozen=True, slots=True)
class ClassQuestion:
    """An attribute that tells classes apart, of which some are not clear.

    Parameters
    ----------
    column : str
    cropland, other, unclear : tuple of str
        Its values: what clearly is cropland, what clearly is not, and the rest.
    """

    column: str
    cropland: tuple[str, ...]
    other: tuple[str, ...]
    unclear: tuple[str, ...]

    def sentence(self, name: str) -> str:
        """The question in words."""
        if not self.unclear:
            return (
                f"No value of the attribute {self.column} of {name} is clearly cropland: "
                f"{listed(self.other)}."
            )
        return (
            f"It is not clear which values of the attribute {self.column} of {name} are cropland: "
            f"{listed(self.unclear)}."
        )


class ClassQuestionError(InputError):
    """It is not clear which features of a file are cropland."""

    def __init__(self, name: str, question: ClassQuestion) -> None:
        super().__init__(
            question.sentence(name),
            remedy=Remedy.CHOOSE_CROPLAND,
            facts={"example": f"{question.column}={(*question.cropland, 'VALUE')[0]}"},
        )
        self.question = question


def listed(names: Sequence[str]) -> str:
    """Names in a row, not too many."""
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more
