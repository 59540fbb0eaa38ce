"""Strategies: how the prompts of one tile become a probability of cropland."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.predict.names import WITHOUT_MODEL
    from core.predict.strategies import STRATEGIES

__getattr__ = load_lazily(
    __name__,
    {
        "names": ("WITHOUT_MODEL",),
        "strategies": ("STRATEGIES",),
    },
)

__all__ = [
    "STRATEGIES",
    "WITHOUT_MODEL",
]
