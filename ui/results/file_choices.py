"""Which files to make: three groups of choices, each with one sentence on what it is for."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.area_units import HECTARES
from core.errors import InputError
from core.export import FORMATS, CardDetails, ChipOptions, ExportFormat, Wishes
from core.project import SceneRecord
from core.session import chosen_tiles, open_project_scene
from ui.results.crs_choice import choose_crs
from ui.shared import area_words, show_errors
from ui.shared.browser_session import Place, person
from ui.shared.text import count

_CHOSEN = "cropmap_take_along"
_AT_FIRST = frozenset(Wishes().formats)
_RARE = ("geoparquet", "fiboa")
"""Formats that few people ask for."""

_SIZES = (128, 256, 512, 1024)
_REPORT = (
    "Where the land cover has too much and too little cropland, by class: a page to print, "
    "tables and a map."
)
_REPLAY = "Everything needed to make the same map again, in one small file."


def choose(place: Place, scene: SceneRecord, *, accepted_only: bool) -> Wishes | None:
    """The choices, and what was chosen; None while something typed cannot be."""
    gis, training, record = st.columns(3, gap="medium")
    with gis:
        st.markdown("**For QGIS**")
        formats = [one.key for one in _gis(rare=False) if _format(one)]
        with st.popover("More formats", width="stretch"):
            formats += [one.key for one in _gis(rare=True) if _format(one)]
        crs = choose_crs(open_project_scene(place.project, scene.id).scene.working_grid)
        if area_words.my_unit() is not HECTARES:
            st.caption("Areas in these files are in hectares, so that other programs read them.")
    with training:
        st.markdown("**For training**")
        chosen = [one.key for one in FORMATS if one.training and _format(one)]
        formats += chosen
        chips = _chips()
        accepted = len(chosen_tiles(place.project, scene.id, accepted_only=True))
        st.caption(f"Made only from accepted tiles; {count(accepted, 'tile')} so far.")
    with record:
        st.markdown("**For the record**")
        known = scene.landcover is not None
        report = _box("error report", "Land cover error report", _REPORT, possible=known)
        replay = _box("replay", "Replay bundle", _REPLAY)
        licence = _kept_text("licence", "Licence", "CC-BY-4.0", "Is written on the data card.")
        note = _kept_text("note", "Note", "Field campaign, May", "Is written on the data card.")
    if crs is None:
        return None
    return Wishes(
        tuple(formats),
        replay=replay,
        error_report=report,
        accepted_only=accepted_only,
        chips=chips,
        details=CardDetails(licence=licence, author=person(), note=note),
        crs=crs,
        unit=area_words.my_unit(),
    )


def _gis(*, rare: bool) -> list[ExportFormat]:
    return [one for one in FORMATS if not one.training and (one.key in _RARE) is rare]


def _format(one: ExportFormat) -> bool:
    return _box(one.key, one.title, one.explanation, at_first=one.key in _AT_FIRST)


def _box(
    name: str, title: str, sentence: str, *, at_first: bool = False, possible: bool = True
) -> bool:
    """A check box that remembers, with its sentence."""
    kept = _kept()
    with st.container(key=f"cropmap_choice {name}", gap=None):
        chosen = st.checkbox(
            title,
            value=possible and kept.get(name, at_first),
            key=f"take {name}",
            disabled=not possible,
        )
        st.caption(sentence if possible else "The scene has no land cover.")
    if possible:
        kept[name] = chosen
    return chosen and possible


def _chips() -> ChipOptions:
    """How training chips are cut; the usual way where what was chosen cannot be done."""
    kept = _kept()
    with st.popover("Chip options", width="stretch"):
        size = st.selectbox("Side of a chip, pixels", _SIZES, index=_index(kept), key="chip size")
        overlap = st.number_input(
            "Overlap, pixels", 0, 512, kept.get("overlap", 0), 16, key="chip overlap"
        )
        val = st.slider("Validation, %", 0, 40, kept.get("val", 15), 5, key="chip val")
        test = st.slider("Test, %", 0, 40, kept.get("test", 15), 5, key="chip test")
        seed = st.number_input("Seed of the split", 0, 9999, kept.get("seed", 0), key="chip seed")
        st.caption(
            "Neighbouring chips stay together, so that no chip of the test is next to one "
            "of the training."
        )
        kept.update(size=size, overlap=overlap, val=val, test=test, seed=seed)
        try:
            return ChipOptions(
                size=size,
                overlap=overlap,
                val_share=val / 100,
                test_share=test / 100,
                seed=seed,
            )
        except InputError as error:
            show_errors.show(error)
            return ChipOptions()


def _index(kept: dict[str, Any]) -> int:
    return _SIZES.index(kept.get("size", ChipOptions().size))


def _kept_text(name: str, title: str, example: str, meaning: str) -> str:
    kept = _kept()
    text = st.text_input(
        title,
        kept.get(name, ""),
        max_chars=300,
        placeholder=example,
        help=meaning,
        key=f"take {name}",
    )
    kept[name] = text
    return str(text).strip()


def _kept() -> dict[str, Any]:
    """What was chosen in this session, also on an earlier visit of the page."""
    kept: dict[str, Any] = st.session_state.setdefault(_CHOSEN, {})
    return kept
