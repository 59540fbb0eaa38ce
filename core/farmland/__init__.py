"""A seeded generator of farmland with exact truth, for the demo and for tests."""

from core.farmland.made_scene import (
    Farmland,
    FarmlandFiles,
    Mistakes,
    coarse_landcover,
    generate,
    write_scene,
)

__all__ = [
    "Farmland",
    "FarmlandFiles",
    "Mistakes",
    "coarse_landcover",
    "generate",
    "write_scene",
]
