"""Which bands are red, green and blue, and how strong the contrast is."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.errors import InputError
from core.imagery import (
    HIGH_PERCENTILE,
    LOW_PERCENTILE,
    Scaling,
    Scene,
    Stretch,
    bands_said,
    estimate_one_width,
    estimate_stretch,
    open_raster,
    read_scaling,
    read_values,
    stored_windows,
    stretch_said,
    suggest_stretch,
)
from core.session import change_view, open_project, open_project_scene
from ui.scenes.histogram import draw
from ui.shared import show_errors
from ui.shared.browser_session import Place, notify
from ui.shared.text import escape

_SIDE = 480
_FILE, _PERCENT, _VALUES = "As in the file", "Percent", "Values"

Bands = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Pixels of the whole scene, reduced.

    Parameters
    ----------
    values : array (3, rows, columns)
        In the raster's own units.
    valid : bool (rows, columns)
    scaling : Scaling
        What the values mean.
    as_in_file : Stretch or None
        Of colours that can be seen as they are in the file; None where it holds none.
    """

    values: npt.NDArray[np.generic]
    valid: npt.NDArray[np.bool_]
    scaling: Scaling
    as_in_file: Stretch | None


@st.cache_data(max_entries=16, show_spinner="Reading the bands…")
def sample(project_path: str, scene_id: str, version: int, bands: Bands) -> Sample:
    """The scene's own values in these bands, kept for the project's file and scene's version."""
    scene = open_project_scene(open_project(Path(project_path)), scene_id).scene
    factor = max(1.0, max(scene.grid.width, scene.grid.height) / _SIDE)
    shape = (max(1, round(scene.grid.height / factor)), max(1, round(scene.grid.width / factor)))
    with open_raster(scene.path) as dataset:
        values, valid = read_values(dataset, bands, None, shape, scene.unknown)
        scaling = read_scaling(dataset, bands)
        as_in_file = None
        if valid.any():
            windows = stored_windows(dataset, bands, scene.unknown)
            with contextlib.suppress(InputError):
                found = suggest_stretch(
                    (values, valid), way="file", scaling=scaling, windows=windows
                )
                as_in_file = found.stretch
    return Sample(values, valid, scaling, as_in_file)


def show(place: Place) -> None:
    """The choices, what they would look like, and the button that takes them over."""
    if place.scene is None:
        return
    scene = open_project_scene(place.project, place.scene.id).scene
    bands = _bands(scene)
    st.caption(escape(_now(scene)))
    seen = sample(str(place.project.path), place.scene.id, place.scene.version, bands)
    if not seen.valid.any():
        st.caption("These bands have no valid pixel.")
        return
    stretch = _stretch(scene, bands, seen)
    if stretch is None:
        return
    st.image(
        draw(seen.values, seen.valid, stretch),
        width="stretch",
        alt="How often each value is found in each band, and which range is shown",
    )
    rgb = np.where(seen.valid[..., None], stretch.apply(seen.values), 255)
    new = "The scene with the new colours"
    st.image(rgb, caption=new, width="stretch", alt=new)
    if bands == scene.bands and stretch == scene.stretch:
        st.caption("These colours are in use.")
        return
    st.caption("The model sees the same colours: tiles are mapped again, your edits stay.")
    if st.button("Use these colours", type="primary"):
        with show_errors.told():
            change_view(place.project, place.scene.id, bands=bands, stretch=stretch)
            notify("The colours are changed.")
            st.rerun()


def _bands(scene: Scene) -> Bands:
    if scene.band_count == 1:
        st.caption("The image has one band.")
        return scene.bands
    numbers = list(range(1, scene.band_count + 1))
    red, green, blue = (
        column.selectbox(
            name,
            numbers,
            index=numbers.index(band),
            format_func=lambda number: _band_title(scene, number),
            key=f"band {name} {scene.fingerprint}",
        )
        for column, name, band in zip(
            st.columns(3), ("Red", "Green", "Blue"), scene.bands, strict=True
        )
    )
    return red, green, blue


def _band_title(scene: Scene, number: int) -> str:
    name = scene.band_names[number - 1] if number <= len(scene.band_names) else ""
    return f"Band {number}: {name}" if name else f"Band {number}"


def _now(scene: Scene) -> str:
    """What said which bands and which contrast the scene is seen with now."""
    contrast = stretch_said(scene)
    return f"{bands_said(scene)} Contrast: {contrast}." if contrast else bands_said(scene)


def _stretch(scene: Scene, bands: Bands, seen: Sample) -> Stretch | None:
    """The stretch by percentages or by values; None while what is typed makes none."""
    as_they_are = seen.as_in_file is not None and scene.stretch == seen.as_in_file
    ways = (_PERCENT, _VALUES) if seen.as_in_file is None else (_FILE, _PERCENT, _VALUES)
    way = st.segmented_control(
        "Contrast",
        ways,
        default=_FILE if as_they_are else _PERCENT,
        key=f"contrast {scene.fingerprint}",
    )
    if way == _FILE:
        return seen.as_in_file
    if way == _VALUES:
        return _by_values(scene, bands)
    low, high = st.slider(
        "Darkest and brightest percent to leave out",
        0.0,
        100.0,
        (LOW_PERCENTILE, HIGH_PERCENTILE),
        0.5,
        format="%.1f %%",
        key=f"percent {scene.fingerprint}",
        label_visibility="collapsed",
    )
    # Scenes that came before there was a choice have a range for each band.
    apart_now = not as_they_are and not _is_one_width(scene.stretch, seen.scaling)
    apart = st.toggle(
        "Each band separately",
        value=apart_now and len(set(scene.bands)) > 1,
        key=f"apart {scene.fingerprint}",
        help="One contrast for all bands keeps the colours. One for each band shows more in dull "
        "images, but greens may turn grey.",
    )
    if low >= high:
        st.caption("Leave some room between the two ends.")
        return None
    usual = (low, high) == (LOW_PERCENTILE, HIGH_PERCENTILE) and bands == scene.bands
    if usual and not as_they_are and apart == apart_now:
        return scene.stretch
    if apart:
        return estimate_stretch(seen.values, seen.valid, low, high)
    return estimate_one_width(seen.values, seen.valid, low, high, scaling=seen.scaling)


def _is_one_width(stretch: Stretch, scaling: Scaling) -> bool:
    """Whether all bands are as wide in what their values mean."""
    widths = [
        (high - low) * scale
        for low, high, scale in zip(stretch.low, stretch.high, scaling.scale, strict=True)
    ]
    return bool(np.allclose(widths, widths[0], rtol=1e-6, atol=0.0))


def _by_values(scene: Scene, bands: Bands) -> Stretch | None:
    ends: list[tuple[float, float]] = []
    for index, name in enumerate(("Red", "Green", "Blue")):
        left, right = st.columns(2)
        key = f"{name} {bands[index]} {scene.fingerprint}"
        low = left.number_input(
            f"{name}, dark", value=scene.stretch.low[index], key=f"low {key}", format="%g"
        )
        high = right.number_input(
            f"{name}, bright", value=scene.stretch.high[index], key=f"high {key}", format="%g"
        )
        ends.append((low, high))
    if any(low >= high for low, high in ends):
        st.caption("Each dark value must be smaller than its bright value.")
        return None
    red, green, blue = ends
    return Stretch((red[0], green[0], blue[0]), (red[1], green[1], blue[1]))
