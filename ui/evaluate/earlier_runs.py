"""Earlier evaluations: which, what they found in one sentence, table, chart, and files."""

from __future__ import annotations

import streamlit as st

from core.study.experiments import COMPARISON, ExperimentRecord
from core.study.projects import ExperimentRun, read_findings, remove_run
from ui.evaluate import score_tables, start_run, worst_tiles
from ui.evaluate.file_links import links
from ui.evaluate.method_words import conclusion
from ui.evaluate.start_run import run_key
from ui.shared import show_errors
from ui.shared.browser_session import Place
from ui.shared.jobs import job_of
from ui.shared.text import escape
from ui.shared.times import ago, local

_CHOSEN = "evaluate run"

_HOLDS = {
    "summary.md": "One page to read: question, data, table, pictures.",
    "table.csv": "The table with all figures and intervals.",
    "tiles.csv": "Every tile of every method, the worst first.",
    "cells.csv": "Every step and the time it took.",
    "record.json": "All of it for programs, with versions and checksums.",
}


def show(place: Place, runs: list[ExperimentRun]) -> None:
    """The list of runs, and the one that is chosen."""
    if not runs:
        st.info(
            "Nothing was compared yet. Add reference fields to a scene under *Compare "
            "methods*, and "
            "compare methods on it.",
            icon=":material/info:",
        )
        return
    run = _choose(runs)
    if not run.finished:
        _unfinished(place, run)
        return
    with show_errors.told():
        _finished(place, run, run.record())


def _choose(runs: list[ExperimentRun]) -> ExperimentRun:
    by_name = {run.folder.name: run for run in runs}
    newest = next((name for name, run in by_name.items() if run.finished), next(iter(by_name)))
    name = st.selectbox(
        "Which",
        list(by_name),
        index=list(by_name).index(newest),
        format_func=lambda name: _title(by_name[name]),
        # A new result is another list, which begins with it.
        key=f"{_CHOSEN} {newest} {by_name[newest].finished}",
        label_visibility="collapsed",
    )
    return by_name.get(name, by_name[newest])


def _title(run: ExperimentRun) -> str:
    state = "" if run.finished else " (not finished)"
    return f"{local(run.started)} · {run.title}: {', '.join(run.scenes)}{state}"


def _unfinished(place: Place, run: ExperimentRun) -> None:
    job = job_of(run_key(place))
    if job is not None and job.running:
        st.caption("The result appears here at the end.")
        return
    st.markdown(f"Started {ago(run.started)} and not finished. Finished steps are kept.")
    with st.container(horizontal=True):
        if st.button("Continue it", type="primary", key=f"go on {run.folder.name}"):
            with show_errors.told():
                start_run.start(place, run)
                st.rerun()
        _removing(run)


def _removing(run: ExperimentRun) -> None:
    if st.button("Delete this result", key=f"remove {run.folder.name}"):
        remove_run(run)
        st.rerun()


def _finished(place: Place, run: ExperimentRun, record: ExperimentRecord) -> None:
    if record.key == COMPARISON.key:
        _conclusions(run, record)
        score_tables.methods(record)
    else:
        st.markdown(escape(record.question))
        score_tables.rows(record, run.files)
    _notes(record)
    worst_tiles.show(place, run, record)
    _files(place, run)


def _conclusions(run: ExperimentRun, record: ExperimentRecord) -> None:
    findings = read_findings(run.files / "tiles.csv", seed=record.seed)
    for finding in findings:
        where = f"**{escape(finding.region)}:** " if len(findings) > 1 else ""
        st.markdown(f"{where}{conclusion(finding)}")


def _notes(record: ExperimentRecord) -> None:
    """What the figures stand on; what is simulated cannot be overlooked."""
    notes = [escape(note) for note in record.notes]
    if any("SIMULATED" in note for note in record.notes):
        st.warning(
            "Part of this data is simulated. The figures show how the methods behave, not how "
            "good they are on real fields.",
            icon=":material/science:",
        )
    with st.expander("How these figures were made"):
        st.markdown("\n".join(f"- {note}" for note in notes))


def _files(place: Place, run: ExperimentRun) -> None:
    st.header("Export")
    everything = "All files below, and the pictures, in one zip."
    files = [(run.zip_file, run.zip_file.name, "Everything", everything)]
    files += [
        (run.files / name, f"{run.folder.name}_{name}", name, holds)
        for name, holds in _HOLDS.items()
    ]
    links(place, files)
    st.caption(f"Folder: {escape(run.folder)}.")
    _removing(run)
