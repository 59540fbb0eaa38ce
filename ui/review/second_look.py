"""The review's second look: drawing a sample, and how well the reviewers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.csv_file import Cell, to_csv
from core.errors import CropMapError
from core.files import safe_name
from core.project import Project, SecondReview
from core.review import (
    ORDER,
    TileChange,
    VerdictAgreement,
    between_reviewers,
    pooled,
    sample,
    verdict_agreement,
)
from core.task import Cancelled, Progress
from ui.review.comparisons import compared
from ui.review.tile_queue import VERDICTS, Entry
from ui.shared import area_words, navigation, show_errors
from ui.shared.browser_session import Place, notify, person
from ui.shared.text import count

_FAILED = "cropmap_second_error"
_NUMBER, _SHARE, _SEED, _BY = "second number", "second share", "second seed", "second by"

KIND = "second labels"
"""Kind of this module's jobs."""


def show(place: Place, queue: list[Entry]) -> None:
    """Sample and agreement side by side, then the tiles whose verdicts differ."""
    failed = st.session_state.pop(_FAILED, None)
    if failed is not None:
        show_errors.show(failed)
    reviews = [entry.review for entry in queue if entry.review is not None]
    drawing, agreeing = st.columns([2, 3], gap="large")
    with drawing:
        _sample(place, queue)
    with agreeing:
        _agreement(place, reviews)
        _download(place, queue)
    _differing(place, queue)


def _sample(place: Place, queue: list[Entry]) -> None:
    st.markdown("**Sample**")
    left = [entry for entry in queue if entry.reviewed and entry.review is None]
    waiting = [e for e in queue if e.review is not None and e.review.waiting and e.reviewed]
    done = sum(e.review is not None and not e.review.waiting for e in queue)
    st.caption(
        "Somebody else looks again at some reviewed tiles, picked at random, and gives a verdict "
        "without seeing the first one. The first verdict stays valid."
    )
    if waiting or done:
        for_you = sum(entry.asked for entry in waiting)
        yours = f", {for_you:,} of them for you" if for_you else ""
        st.markdown(f"{count(done, 'tile')} done, {len(waiting):,} waiting{yours}.")
    if left:
        _draw_form(place, left)
    elif not (waiting or done):
        st.info("Review some tiles first. A second look picks from them.")
    if waiting:
        st.button(
            f"Cancel the {len(waiting):,} waiting",
            on_click=_withdraw,
            args=(place,),
            type="tertiary",
        )


def _draw_form(place: Place, left: list[Entry]) -> None:
    by_share = st.segmented_control(
        "How many",
        ("Number", "Share"),
        default="Number",
        required=True,
        key=_BY,
        label_visibility="collapsed",
    )
    size, seed = st.columns(2)
    if by_share == "Share":
        share = size.number_input("Share of them, %", 1, 100, 20, key=_SHARE)
        number = max(1, round(len(left) * share / 100))
    else:
        number = size.number_input("Tiles", 1, len(left), min(10, len(left)), key=_NUMBER)
    chance = seed.number_input(
        "Seed",
        0,
        2**31 - 1,
        1,
        key=_SEED,
        help="The same seed picks the same tiles again, so that others can check the sample. "
        "It is written into the history.",
    )
    st.button(
        f"Pick {number:,} of {count(len(left), 'reviewed tile')} at random",
        on_click=_draw,
        args=(place, number, chance),
    )


def _draw(place: Place, number: int, seed: int) -> None:
    if place.scene is None:
        return
    project, scene_id = place.project, place.scene.id
    try:
        drawn = [review.tile for review in project.second_reviews(scene_id)]
        names = sample(project.tiles(scene_id), drawn, number, seed)
        new = project.draw_second_reviews(scene_id, names, seed=seed, author=person())
    except CropMapError as error:
        st.session_state[_FAILED] = error
    else:
        notify(f"{count(new, 'tile')} picked for a second look.")


def _withdraw(place: Place) -> None:
    if place.scene is None:
        return
    try:
        gone = place.project.withdraw_second_reviews(place.scene.id, author=person())
    except CropMapError as error:
        st.session_state[_FAILED] = error
    else:
        notify(f"{count(gone, 'tile')} taken out of the second look.")


def _agreement(place: Place, reviews: Sequence[SecondReview]) -> None:
    st.markdown("**Agreement**")
    found = verdict_agreement(reviews)
    if not found.tiles:
        st.caption("Shown after the first second verdict.")
        return
    same, kappa, iou = st.columns(3)
    same.metric("Same verdict", f"{found.same:,} of {found.tiles:,}")
    kappa.metric(
        "Cohen's kappa",
        "–" if found.kappa is None else f"{found.kappa:.2f}",
        help="Agreement that is more than chance: 1 is perfect, 0 is no better than chance.",
    )
    if found.caution:
        st.caption(found.caution)
    st.html(counts_table(found))
    labels = compared(place, KIND, "Compare the two maps", _labels)
    if labels is None:
        return
    shared = pooled(labels).iou if labels else None
    iou.metric("Overlap (IoU) of the maps", "–" if shared is None else f"{shared:.3f}")
    st.caption(labels_text(labels, found.tiles))


def _download(place: Place, queue: Sequence[Entry]) -> None:
    done = [e for e in queue if e.review is not None and not e.review.waiting]
    if done and place.scene is not None:
        st.download_button(
            "Download as CSV",
            lambda: pairs_csv(done),
            f"{safe_name(place.scene.name, 'scene')}_second_look.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def pairs_csv(done: Sequence[Entry]) -> bytes:
    """Both verdicts of each tile, one line a tile; times in UTC."""
    lines: list[dict[str, Cell]] = []
    for entry in done:
        review = entry.review
        if review is None or review.first is None or review.second is None:
            continue
        line: dict[str, Cell] = {"tile": entry.number, "seed": review.seed}
        for name, said in (("first", review.first), ("second", review.second)):
            line |= {
                f"{name}_verdict": said.verdict,
                f"{name}_reviewer": said.reviewer,
                f"{name}_comment": said.comment,
                f"{name}_at": said.at,
            }
        lines.append(line | {"settled": "no" if entry.needs_second else "yes"})
    return to_csv(lines, list(lines[0]) if lines else ["tile"])


def _labels(
    project: Project, scene_id: str, progress: Progress, cancelled: Cancelled
) -> list[TileChange]:
    return between_reviewers(project, scene_id, progress, cancelled)


def labels_text(labels: Sequence[TileChange], tiles: int) -> str:
    """What the IoU of the labels stands on."""
    text = (
        "Overlap (IoU) of the map at the first verdict and the map at the second verdict, over "
        f"{count(len(labels), 'tile')}; the second reviewer changed "
        f"{area_words.area(sum(label.changed_ha for label in labels))}."
    )
    unknown = tiles - len(labels)
    if unknown:
        text += (
            f" {count(unknown, 'tile')} left out: decided since then, or first reviewed "
            "with an older "
            "version of this app, which did not keep the map of that time."
        )
    return text


def counts_table(found: VerdictAgreement) -> str:
    """First verdict by second, in tiles."""
    head = "".join(f'<th class="number">Second: {VERDICTS[name].lower()}</th>' for name in ORDER)
    body = "".join(
        f"<tr><td>First: {VERDICTS[first].lower()}</td>"
        + "".join(_cell(found, first, second) for second in ORDER)
        + "</tr>"
        for first in ORDER
    )
    return (
        '<div class="cropmap-table"><table class="cropmap-legend cropmap-matrix">'
        f"<tr><th></th>{head}</tr>{body}</table></div>"
    )


def _cell(found: VerdictAgreement, first: str, second: str) -> str:
    kind = "number agree" if first == second else "number"
    return f'<td class="{kind}">{found.counts.get((first, second), 0):,}</td>'


def _differing(place: Place, queue: list[Entry]) -> None:
    """Tiles that the two reviewers judged differently and that nobody has settled."""
    differ = [entry for entry in queue if entry.second_state == "Verdicts differ"]
    if not differ:
        return
    st.markdown(f"**To decide** · {count(len(differ), 'tile')}")
    event = st.dataframe(
        pd.DataFrame([_difference(entry) for entry in differ]),
        key=f"differing {hash(tuple(entry.tile.name for entry in differ))}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(248, 38 + 35 * len(differ)),
        column_config={"Tile": st.column_config.NumberColumn(width="small")},
    )
    rows = event.selection.rows
    if not rows or rows[0] >= len(differ):
        st.caption("Choose a row to open its tile. The verdict that you give there decides.")
        return
    entry = differ[rows[0]]
    if st.button(f"Open tile {entry.number} on the map", icon=":material/arrow_forward:"):
        navigation.go(navigation.ANNOTATE, replace(place, tile=entry.tile.name))


def _difference(entry: Entry) -> dict[str, object]:
    review = entry.review
    if review is None or review.first is None or review.second is None:
        return {}
    return {
        "Tile": entry.number,
        "First": VERDICTS.get(review.first.verdict, review.first.verdict),
        "by": review.first.reviewer,
        "Comment": review.first.comment,
        "Second": VERDICTS.get(review.second.verdict, review.second.verdict),
        "by ": review.second.reviewer,
        "Comment ": review.second.comment,
    }
