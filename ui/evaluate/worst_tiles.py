"""The worst tiles first: what was missed, what was false, and the way to the tile on the map."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from core.project import SceneRecord
from core.session import open_project_scene
from core.study.experiments import ExperimentRecord, PictureRecord
from core.study.metrics import COLOURS, FALSE, MISSED
from core.study.projects import ExperimentRun, scene_names
from ui.evaluate.method_words import method_title
from ui.shared import navigation
from ui.shared.browser_session import Place
from ui.shared.text import escape

T = TypeVar("T")

_AT_ONCE = 6
_METHOD = "method"
ALT = "A tile with its mistakes: missed cropland, and what is falsely drawn as cropland"
"""What the pictures show, for screen readers."""


def show(place: Place, run: ExperimentRun, record: ExperimentRecord) -> None:
    """Pictures of mistakes of one method, or of one row of another experiment."""
    pictures = [one for one in record.pictures if (run.files / one.picture).is_file()]
    if not pictures:
        return
    st.header("Worst tiles first")
    told = [name for name in pictures[0].labels if len({one.labels[name] for one in pictures}) > 1]
    by_title: dict[str, list[PictureRecord]] = {}
    for one in sorted(pictures, key=lambda one: _rank(one, record)):
        by_title.setdefault(title_of(one.labels, told), []).append(one)
    chosen = st.selectbox(
        "Method",
        list(by_title),
        key=f"worst of {run.folder.name}",
        width=380,
    )
    shown = sorted(
        by_title.get(chosen or "", []),
        key=lambda one: 2.0 if one.mean_iou is None else one.mean_iou,
    )
    st.html(legend())
    scenes = _scenes(place, run)
    in_threes(shown[:_AT_ONCE], lambda one: _picture(place, run, one, scenes))
    if len(shown) > _AT_ONCE:
        st.caption(f"The {_AT_ONCE} worst of {len(shown):,} tiles are shown; the files have all.")


def _rank(one: PictureRecord, record: ExperimentRecord) -> float:
    """The best method's mistakes come first: they are those that stay."""
    values = [
        row.figures["mean_iou"].value or 0.0
        for row in record.rows
        if all(one.labels.get(name) == value for name, value in row.labels.items())
    ]
    return -max(values, default=0.0)


def title_of(labels: Mapping[str, str | int | float], told: Collection[str]) -> str:
    """A row of the table in words: its method, and of the rest what is ``told`` apart by it."""
    others = [
        f"{name} {value}" if isinstance(value, int | float) else str(value)
        for name, value in labels.items()
        if name in told and name != _METHOD
    ]
    method = [method_title(str(labels[_METHOD]))] if _METHOD in labels else []
    return " · ".join([*method, *others])


def _picture(
    place: Place, run: ExperimentRun, one: PictureRecord, scenes: Mapping[str, SceneRecord]
) -> None:
    st.image(str(run.files / one.picture), width="stretch", alt=ALT)
    figure = (
        "no overlap known" if one.mean_iou is None else f"overlap (mean IoU) {one.mean_iou:.2f}"
    )
    number = _number(place, scenes.get(one.image), one.tile)
    where = f"tile {number}" if number else escape(one.tile)
    st.markdown(f"**{escape(one.image)}**, {where}: {figure}")
    scene = scenes.get(one.image)
    if (
        scene is not None
        and number
        and st.button(
            "Open in Annotate",
            key=f"open worst {run.folder.name} {one.picture}",
            icon=":material/edit_location_alt:",
        )
    ):
        navigation.go(navigation.ANNOTATE, replace(place, scene=scene, tile=one.tile))


def _number(place: Place, scene: SceneRecord | None, tile: str) -> int:
    """The tile's number, as the annotation map counts; 0 where it is none of the project's."""
    if scene is None:
        return 0
    names = list(open_project_scene(place.project, scene.id).tiles)
    return names.index(tile) + 1 if tile in names else 0


def _scenes(place: Place, run: ExperimentRun) -> dict[str, SceneRecord]:
    """The project's scenes that are still there, by the names that the run gave them."""
    present = {scene.id: scene for scene in place.project.scenes()}
    wanted = [scene_id for scene_id in run.request.scenes if scene_id in present]
    names = scene_names(place.project, wanted)
    return {name: present[scene_id] for scene_id, name in names.items()}


def in_threes(pictures: Sequence[T], draw: Callable[[T], None]) -> None:
    """Draw pictures side by side, three in a row."""
    for start in range(0, len(pictures), 3):
        row = pictures[start : start + 3]
        for column, one in zip(st.columns(3, gap="medium"), row, strict=False):
            with column:
                draw(one)


def legend() -> str:
    """What the colours of the pictures mean."""
    parts = [
        f'<span class="cropmap-swatch" style="background: rgb{COLOURS[code][:3]}"></span> {words}'
        for code, words in ((MISSED, "missed cropland"), (FALSE, "too much: not cropland"))
    ]
    return f'<p class="cropmap-facts">{" &nbsp; ".join(parts)}</p>'
