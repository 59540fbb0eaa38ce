"""What said which bands of a scene are its colours, and how it is stretched, in words."""

from __future__ import annotations

from core.imagery.band_choice import (
    BY_COLOURS,
    BY_CONTRAST,
    BY_FILE_NAME,
    BY_NAMES,
    BY_PERSON,
    FIRST_BANDS,
    ONLY_BAND,
)
from core.imagery.scene import Scene

_BANDS = {
    BY_PERSON: "as you chose",
    BY_NAMES: "by the names of the bands",
    BY_COLOURS: "as the file marks them",
    BY_FILE_NAME: "by the file's name",
    BY_CONTRAST: "by their contrast, red varying more than blue",
    FIRST_BANDS: "as they come in the file",
    ONLY_BAND: "the only one",
}
_STRETCHES = {
    "person": "as you chose",
    "one": "the same for all bands, each from its own dark end",
    "each": "a range for each band",
    "file": "colours as in the file",
}


def bands_said(scene: Scene) -> str:
    """Which bands are red, green and blue, and what says so: one sentence."""
    red, green, blue = scene.bands
    if red == green == blue:
        return f"Band {red} is shown in grey."
    source = scene.bands_source
    if source == "":
        return f"Red, green and blue are bands {red}, {green} and {blue}."
    why = _BANDS.get(source, f"the usual order of {source} with {scene.band_count} bands")
    return f"Red, green and blue are bands {red}, {green} and {blue}: {why}."


def stretch_said(scene: Scene) -> str:
    """How the contrast was found, in a few words; empty in scenes of earlier versions."""
    return _STRETCHES.get(scene.stretch_source, "")


def bands_guessed(scene: Scene) -> bool:
    """Whether nothing in the file says which of its bands are the colours."""
    surest = (BY_PERSON, BY_NAMES, BY_COLOURS, BY_FILE_NAME, ONLY_BAND, "")
    in_order = scene.bands_source == FIRST_BANDS and scene.band_count <= 3
    return scene.bands_source not in surest and not in_order


def scene_remarks(scene: Scene) -> tuple[str, ...]:
    """What a person should know, or decide otherwise, before work begins: whole sentences."""
    return (bands_said(scene),) if bands_guessed(scene) else ()
