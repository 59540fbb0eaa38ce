"""Files to take along from the Results page: made beside the app, listed, downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.export import (
    GIS,
    RECORD,
    TRAINING,
    Delivered,
    Delivery,
    Wishes,
    last_delivery,
    state_of,
)
from core.files import safe_name
from core.jobs import EXPORT, ask_for_job, export_order
from core.project import SceneRecord
from ui.results.file_choices import choose
from ui.server.downloads import RESULTS, address
from ui.shared import show_errors
from ui.shared.browser_session import Place, person, token
from ui.shared.job_progress import show_end, watch
from ui.shared.jobs import Key, job_of
from ui.shared.text import escape, file_size
from ui.shared.times import ago

KIND = EXPORT
"""Kind of this module's jobs."""

GROUPS = {GIS: "For QGIS", TRAINING: "For training", RECORD: "For the record"}


def made(place: Place, *, accepted_only: bool) -> Delivery | None:
    """What was made last of the place's scene, also before a restart."""
    folder = _folder(place, accepted_only)
    if folder is None:
        return None
    with show_errors.told():
        return last_delivery(folder)
    return None


def show(place: Place, last: Delivery | None, *, accepted_only: bool) -> None:
    """Choices, the job while it runs, and the files."""
    scene, folder = place.scene, _folder(place, accepted_only)
    if scene is None or folder is None:
        return
    st.header("Export")
    key = job_key(place, accepted_only)
    job = job_of(key)
    if job is not None and job.running:
        watch(
            key,
            "You can close this page. If the app is closed, the files are made at its next start.",
        )
        return
    show_end(key)
    if last is not None:
        _list(place, last)
    _choices(place, scene, folder, last, accepted_only=accepted_only)


def is_old(place: Place, last: Delivery | None) -> bool:
    """Whether somebody has changed the labels since these files were made."""
    if place.scene is None or last is None:
        return False
    return last.state != state_of(place.project, place.scene.id)


def offer_again(place: Place, last: Delivery, *, accepted_only: bool) -> None:
    """Say over the map that the files are older than it, and make the same ones anew."""
    scene, key = place.scene, job_key(place, accepted_only)
    job = job_of(key)
    if scene is None or (job is not None and job.running):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="cropmap_edited_since"):
        st.markdown(":material/history: Edited since this export. The map shows it as it is now.")
        wishes = last.wishes
        if wishes is not None and st.button("Export again", key="export again"):
            signed = replace(wishes, details=replace(wishes.details, author=person()))
            with show_errors.told():
                _start(place, scene, last.folder, signed, accepted_only=accepted_only)
                st.rerun()


def job_key(place: Place, accepted_only: bool) -> Key:
    """Under which the making of files is found."""
    scene = place.scene.id if place.scene else ""
    return (KIND, str(place.project.path), scene, accepted_only)


def _choices(
    place: Place,
    scene: SceneRecord,
    folder: Path,
    last: Delivery | None,
    *,
    accepted_only: bool,
) -> None:
    old = is_old(place, last)
    title = "Choose the files" if last is None else "Make these files again, or others"
    if old:
        st.caption("Your map has changed since these files were made.")
    with st.expander(title, expanded=last is None or old):
        wishes = choose(place, scene, accepted_only=accepted_only)
        possible = wishes is not None and not wishes.nothing
        if st.button("Make the files", type="primary", disabled=not possible):
            assert wishes is not None  # noqa: S101  (the button is disabled otherwise)
            with show_errors.told():
                _start(place, scene, folder, wishes, accepted_only=accepted_only)
                st.rerun()
        if wishes is not None and wishes.nothing:
            st.caption("Choose at least one.")
        elif wishes is None:
            st.caption("Type the EPSG code of the coordinates first.")


def _start(
    place: Place, scene: SceneRecord, folder: Path, wishes: Wishes, *, accepted_only: bool
) -> None:
    ask_for_job(
        job_key(place, accepted_only),
        export_order(place.project, scene.id, folder, wishes),
        title=f"Making the files of {scene.name}",
        person=person(),
    )


def _list(place: Place, last: Delivery) -> None:
    for problem in last.problems:
        st.warning(escape(problem), icon=":material/info:")
    session = token(place.project)
    results = place.project.folder / RESULTS
    parts = []
    for group, title in GROUPS.items():
        files = [one for one in last.files if one.group == group]
        rows = [_row(one, last, results, session) for one in files]
        if any(rows):
            parts.append(f'<tr><th colspan="3">{title}</th></tr>{"".join(rows)}')
    if not parts:
        st.caption("The files are no longer there.")
        return
    st.html(f'<table class="cropmap-files">{"".join(parts)}</table>')
    st.caption(f"They lie in {escape(last.folder)}. Made {escape(ago(last.made))}.")
    _notes(last.notes)


def _row(one: Delivered, last: Delivery, results: Path, session: str) -> str:
    """A file: its name as a link, what it holds, how large it is; nothing where it has gone."""
    path = last.folder / one.path
    if not path.is_file():
        return ""
    name = last.download_name(one)
    link = escape(address(session, results, path, name))
    return (
        f'<tr><td><a href="{link}" download="{escape(name)}">{escape(one.title)}</a></td>'
        f"<td>{escape(one.holds)}</td>"
        f'<td class="number">{escape(file_size(path.stat().st_size))}</td></tr>'
    )


def _notes(notes: Sequence[str]) -> None:
    for note in notes:
        st.caption(escape(note))


def _folder(place: Place, accepted_only: bool) -> Path | None:
    scene = place.scene
    if scene is None:
        return None
    kind = "accepted" if accepted_only else "all"
    results, ending = place.project.folder / RESULTS, f"-{scene.id[:8]}-{kind}"
    # A scene may have had another name, or its name another spelling, when the first were made.
    earlier = sorted(results.glob(f"*{ending}"))
    return earlier[0] if earlier else results / f"{safe_name(scene.name, 'scene', 50)}{ending}"
