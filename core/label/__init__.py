"""The label of a tile: what a person did, replayed, and the parcels that come of it."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.label.choices import Choices

__getattr__ = load_lazily(
    __name__,
    {
        "choices": ("Choices",),
    },
)

__all__ = [
    "Choices",
]
