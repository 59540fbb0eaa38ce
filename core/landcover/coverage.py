"""How much of a scene a land cover says anything about."""

from __future__ import annotations

from core.errors import NoOverlapError
from core.imagery.scene import Scene, read_preview
from core.imagery.scene_words import scene_remarks
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
    told = sentences_of(scene, landcover)
    if landcover is None:
        return told
    covered = coverage_sentence(covered_share(scene, landcover))
    return (*told, covered) if covered else told


def sentences_of(scene: Scene, landcover: LandCover | None) -> tuple[str, ...]:
    """What was guessed about two files or left out of them, a sentence each."""
    told = (*scene_remarks(scene), *scene.unknown.sentences())
    if landcover is None:
        return told
    return (*told, *landcover_sentences(landcover))


def landcover_sentences(landcover: LandCover) -> tuple[str, ...]:
    """What was guessed about a land cover or left out of it, a sentence each."""
    return (*landcover.remarks, *landcover.unknown.sentences("land cover"))
