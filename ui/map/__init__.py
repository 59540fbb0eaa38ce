"""The maps as Streamlit components: one to annotate on, one to look at.

Both live in the browser (TypeScript under ``src/``, built into ``bundle/``) and talk to the routes
of ``docs/app.md`` themselves.  Streamlit only says which scene and tile they show, and hears of it
when the person goes on to another tile or gives a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from ui.server.prefix import route_bases

_HERE: Final = Path(__file__).resolve().parent
_BUNDLE: Final = _HERE / "bundle"

LOADER: Final = (_HERE / "loader.js").read_text(encoding="utf-8")
"""Module that fetches the bundle and hands over to it; small enough to travel with each page."""

LAYERS: Final = ("imagery", "landcover", "cropland", "label", "probability", "uncertainty")


@dataclass(frozen=True, slots=True)
class AnnotateEvent:
    """What the person did on the annotation map that the page may follow."""

    tile: str
    kind: str
    """``opened`` (the map shows this tile now), or the verdict given: ``accepted``, ``fix``,
    ``rejected``, ``open``; ``disconnected``: the run itself brings the map a new token."""


_component = st.components.v2.component("cropmap_map", js=LOADER, isolate_styles=False)


def annotate_map(
    token: str, scene_id: str, tile: str, *, height: int | str, key: str, unit: str = "ha"
) -> AnnotateEvent | None:
    """Show a tile for annotation; its clicks never run the script again.

    Parameters
    ----------
    token
        The session's key to the routes.
    scene_id, tile
        What to show.  The map goes there when ``tile`` changes, and otherwise stays where the
        person is.
    height
        As CSS.  With a number, the map reaches down to the window's lower edge, and has that many
        pixels only where less than 420 would be left.
    key
        Of the component; a new one makes a new map.
    unit
        In which areas are shown: a key of ``core.area_units.AREA_UNITS``.

    Returns
    -------
    AnnotateEvent or None
        What happened since the last run.
    """
    data = {
        "mode": "annotate",
        "tile": tile,
        "unit": unit,
        "height": height if isinstance(height, str) else f"{height}px",
        "fill": not isinstance(height, str),
        **_address(token, scene_id),
    }
    result = _component(key=key, data=data, on_event_change=lambda: None)
    return _event(result.event)


def view_map(
    token: str,
    scene_id: str,
    *,
    layers: Sequence[str],
    swipe: bool,
    height: int,
    key: str,
    version: str,
) -> None:
    """Show a scene to look at.

    Parameters
    ----------
    layers
        Some of `LAYERS`, in the order in which they are offered.
    swipe
        Two layers beside a divider instead of all over each other.
    version
        Of label, probability, uncertainty and verdicts: they are loaded again when it changes.
    """
    data = {
        "mode": "view",
        "layers": [name for name in layers if name in LAYERS],
        "swipe": swipe,
        "version": version,
        "height": f"{height}px",
        "fill": False,
        **_address(token, scene_id),
    }
    _component(key=key, data=data)


def _address(token: str, scene_id: str) -> dict[str, Any]:
    return {
        "token": token,
        "scene": scene_id,
        "bases": route_bases(),
        "bundle": bundle_version(),
    }


@cache
def bundle_version() -> str:
    """Changes when a file of the bundle does, so that browsers may keep the files for good."""
    digest = hashlib.sha256()
    for name in ("map.js", "map.css"):
        digest.update((_BUNDLE / name).read_bytes())
    return digest.hexdigest()[:16]


def _event(value: object) -> AnnotateEvent | None:
    if not isinstance(value, Mapping):
        return None
    tile, kind = value.get("tile"), value.get("kind")
    if not isinstance(tile, str) or not isinstance(kind, str):
        return None
    return AnnotateEvent(tile=tile, kind=kind)
