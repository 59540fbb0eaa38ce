"""The Annotate page: the map of one tile."""

from ui.annotate.tile_map import show

__all__ = ["show"]
