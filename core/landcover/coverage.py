"""How much of a scene a land cover says anything about."""

from __future__ import annotations

from core.errors import NoOverlapError
from core.imagery.scene import Scene, read_preview
from core.imagery.validity import percent
from core.landcover.alignment import align
from core.landcover.source import LandCover

_NEARLY_ALL = 0.995


def covered_share(scene: Scene, landcover: LandCover) -> float:
    """Share of a scene's valid pixels of which the land cover says anything, by an overview.

    Raises
    ------
    InputError
        One of the two cannot be read.
    """
    preview = read_preview(scene)
    try:
        tile = align(landcover, preview.grid)
    except NoOverlapError:
        return 0.0
    seen = int(preview.valid.sum())
    return float((tile.valid & preview.valid).sum() / max(1, seen))


def coverage_sentence(covered: float) -> str:
    """What a person should know of a land cover that leaves some out; empty where it does not."""
    if covered >= _NEARLY_ALL:
        return ""
    return f"The land cover covers {percent(covered)} of the image; the rest is unknown."


def notes_of(scene: Scene, landcover: LandCover | None) -> tuple[str, ...]:
    """What a person should know of a scene and its land cover, a sentence each.

    Raises
    ------
    InputError
        One of the two cannot be read.
    """
    told = [*scene.unknown.sentences()]
    if landcover is not None:
        told += landcover.unknown.sentences("land cover")
        told.append(coverage_sentence(covered_share(scene, landcover)))
    return tuple(filter(None, told))
