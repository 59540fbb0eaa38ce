"""One tile of the review: what was said of it, and the form for a verdict.

The verdict is given on the version that the person saw.  Where somebody was faster, what the person
typed stays in the form, theirs is shown above it, and saving again puts it on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from core.errors import ConflictError, CropMapError
from core.project import CHANGED, PastVerdict, Project, VerdictRecord
from core.review import judge
from core.session import get_workspaces
from ui.review.tile_queue import GIVEN, VERDICTS, Entry
from ui.shared import area_words, navigation, show_errors
from ui.shared.browser_session import Place, notify, person
from ui.shared.text import count, escape
from ui.shared.times import ago

_FAILED, _SEEN = "cropmap_review_error", "cropmap_review_seen"
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Seen:
    """A tile as it was when its form was first drawn: the verdict is given on this version."""

    project: Project
    scene_id: str
    tile: str
    version: int
    number: int
    log_version: int

    @property
    def key(self) -> str:
        """Of the form's fields: the same for every version, so that nothing typed is lost."""
        return f"{self.project.id} {self.scene_id} {self.tile}"


def show(place: Place, entry: Entry) -> None:
    """The card."""
    seen = _seen(place, entry)
    with st.container(border=True):
        title, way = st.columns([3, 1], vertical_alignment="center")
        title.markdown(f"**Tile {entry.number}** · {area_words.area(entry.area_ha)}")
        if way.button("Open on the map", key=f"open {seen.key}", width="stretch"):
            navigation.go(navigation.ANNOTATE, replace(place, tile=entry.tile.name))
        failed = st.session_state.pop(_FAILED, None)
        if failed is not None:
            show_errors.show(failed)
        _show_verdict(entry, seen)
        _show_notes(entry)
        _form(entry, seen)


def _seen(place: Place, entry: Entry) -> Seen:
    """The version that this person has had before them since the form was first drawn."""
    verdict = entry.tile.verdict
    now = Seen(
        place.project,
        entry.tile.scene_id,
        entry.tile.name,
        verdict.version,
        entry.number,
        entry.tile.log_version,
    )
    before: Seen | None = st.session_state.get(_SEEN)
    if before is None or before.key != now.key or before.project is not now.project:
        st.session_state[_SEEN] = now
        return now
    return before


def _show_verdict(entry: Entry, seen: Seen) -> None:
    """What others have said of the tile, as far as this person may know."""
    verdict, review = entry.tile.verdict, entry.review
    if entry.asked:
        st.caption(
            ":material/visibility_off: A second look: give your own verdict. "
            "You see the first one after that."
        )
    elif review is not None and review.first is not None and review.second is not None:
        st.markdown(f"First: {_in_words(review.first)}  \nSecond: {_in_words(review.second)}")
        if entry.second_state == "Verdicts differ":
            st.caption("You disagree. The next saved verdict decides.")
        elif verdict.version != review.first_version:
            st.markdown(f"Decided: {_in_words(verdict)}")
    elif verdict.at is not None:
        since = "Given after you opened this tile: " if verdict.version != seen.version else ""
        st.markdown(since + _in_words(verdict))


def _show_notes(entry: Entry) -> None:
    notes = int(entry.figures.get("notes_open", 0))
    if notes:
        what = count(notes, "open note")
        st.caption(f":material/sticky_note_2: {what} on the map: something to fix there.")


def _in_words(said: PastVerdict | VerdictRecord) -> str:
    comment = f" — {escape(said.comment)}" if said.comment else ""
    name = VERDICTS.get(said.verdict, said.verdict)
    if said.verdict == CHANGED:
        return f"**{name}** :gray[(accepted by {escape(said.reviewer)}, {ago(said.at)})]{comment}"
    return f"**{name}**{comment} :gray[({escape(said.reviewer)}, {ago(said.at)})]"


def _form(entry: Entry, seen: Seen) -> None:
    present, fields = entry.verdict, _fields(entry, seen)
    with st.form(f"verdict {fields}", border=False):
        choice, comment, save = st.columns([5, 5, 2], vertical_alignment="bottom")
        choice.segmented_control(
            "Verdict",
            GIVEN[1:] if entry.asked else GIVEN,
            default=None if entry.asked or present.verdict not in GIVEN else present.verdict,
            format_func=VERDICTS.__getitem__,
            key=f"choice {fields}",
        )
        comment.text_input("Comment", present.comment, max_chars=_LONGEST, key=f"comment {fields}")
        save.form_submit_button("Save", width="stretch", on_click=_save, args=(seen, fields))


def _fields(entry: Entry, seen: Seen) -> str:
    """Name of the form's fields; those of a second look are others, and begin empty."""
    return f"second {seen.key}" if entry.asked else seen.key


def _save(seen: Seen, fields: str) -> None:
    """Give the verdict on the version that the person saw, not on what is there by now."""
    verdict = st.session_state.get(f"choice {fields}") or "open"
    try:
        second = judge(
            seen.project,
            seen.scene_id,
            seen.tile,
            verdict,
            comment=st.session_state.get(f"comment {fields}", ""),
            reviewer=person(),
            expected_version=seen.version,
            expected_log=seen.log_version,
        )
    except ConflictError as error:
        # From now on the person knows of the other verdict: saving again is meant.
        st.session_state.pop(_SEEN, None)
        st.session_state[_FAILED] = ConflictError(
            error.message,
            "The tile is shown as it is now, and what you typed is still here. "
            "Save again if you still want it.",
        )
    except CropMapError as error:
        st.session_state[_FAILED] = error
    else:
        get_workspaces().get(seen.project, seen.scene_id, seen.tile).keep_accepted()
        st.session_state.pop(_SEEN, None)
        which = "second verdict" if second else "verdict"
        notify(f"Tile {seen.number}: {which} {VERDICTS[verdict].lower()}, saved.")
