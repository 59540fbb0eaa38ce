"""What is to be compared, on which scenes, and the button that starts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.errors import InputError
from core.jobs import EVALUATION, ask_for_job, evaluation_order
from core.processors import processors_beside_the_app
from core.sam import DEFAULT_MODEL
from core.study.experiments import (
    COMPARISON,
    EXPERIMENTS,
    LANDCOVER,
    METHODS,
    ExperimentKind,
)
from core.study.projects import (
    MOST_TILES,
    ExperimentRun,
    ImageFolder,
    RunRequest,
    chosen_truth_tiles,
    kept_truth,
    new_run,
)
from ui.evaluate import folder_rows, truth_rows
from ui.evaluate.method_words import (
    FIRST_CHOICE,
    SECONDS,
    SENTENCES,
    in_order,
    method_title,
    needs_model,
    planned_seconds,
)
from ui.server.time_words import duration
from ui.shared import show_errors
from ui.shared.browser_session import Place, person
from ui.shared.jobs import Key, job_of
from ui.shared.settings_dialog import NO_MODEL, model_of
from ui.shared.text import count

KIND = EVALUATION
"""Of the job that runs one."""

_CHOSEN, _TILES = "cropmap_methods", "evaluate tiles"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Scenes and folders that are ready and chosen.

    Parameters
    ----------
    tiles : int
        That would be looked at.
    """

    scenes: tuple[str, ...]
    folders: tuple[ImageFolder, ...]
    tiles: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to look at."""
        return not (self.scenes or self.folders)


def run_key(place: Place) -> Key:
    """The key of the job that runs an evaluation: one at a time in a project."""
    return (KIND, str(place.project.path))


def show(place: Place) -> None:
    """Scenes, methods, and the ways to start."""
    st.markdown("**1 · Scenes with reference fields**")
    chosen = _scenes(place)
    st.markdown("**2 · Methods**")
    methods = _methods(place)
    request = RunRequest(
        scenes=chosen.scenes,
        folders=tuple(folder.path for folder in chosen.folders),
        methods=methods,
        most_tiles=_most_tiles(),
        model=_model(place),
    )
    _button(place, request, chosen)
    _others(place, request, chosen)


def start(place: Place, run: ExperimentRun) -> None:
    """Do a run, or go on with it, beside the app.

    Raises
    ------
    OutputError
        The list of jobs cannot be written.
    """
    ask_for_job(
        run_key(place),
        evaluation_order(place.project, run.folder.name),
        title=f"{run.title}: {', '.join(run.scenes)}",
        person=person(),
    )


def _scenes(place: Place) -> Chosen:
    scenes = place.project.scenes()
    ready = [scene.id for scene in scenes if truth_rows.row(place, scene, alone=len(scenes) == 1)]
    folders = folder_rows.rows(place)
    folder_rows.adding(place)
    truths = [kept_truth(place.project, scene_id) for scene_id in ready]
    tiles = sum(len(chosen_truth_tiles(truth, _most_tiles())) for truth in truths if truth)
    return Chosen(tuple(ready), tuple(folders), tiles + sum(folder.test for folder in folders))


def _most_tiles() -> int:
    """As the field below says, before it is drawn."""
    return int(st.session_state.get(_TILES) or MOST_TILES)


def _methods(place: Place) -> tuple[str, ...]:
    kept: dict[str, bool] = st.session_state.setdefault(_CHOSEN, {})
    without = model_of(place) == NO_MODEL
    chosen = []
    sides = st.columns(2, gap="medium")
    for number, key in enumerate(in_order(METHODS)):
        possible = not (without and needs_model([key]))
        with (
            sides[number % 2],
            st.container(key=f"cropmap_choice method {key}", gap=None),
        ):
            wanted = st.checkbox(
                method_title(key),
                value=possible and kept.get(key, key in FIRST_CHOICE),
                key=f"method {key} {possible}",
                disabled=not possible,
            )
            time = f"About {SECONDS[key]:.0f} s a tile." if SECONDS[key] >= 1 else "Instant."
            st.caption(f"{SENTENCES[key]} {time}" if possible else "Needs a model (Settings).")
        if possible:
            kept[key] = wanted
        if wanted and possible:
            chosen.append(key)
    return tuple(chosen)


def _model(place: Place) -> str:
    model = model_of(place)
    return DEFAULT_MODEL if model == NO_MODEL else model


def _button(place: Place, request: RunRequest, chosen: Chosen) -> None:
    busy = _running(place)
    missing = _missing(chosen, request.methods)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Tiles of each scene, at most",
            1,
            999,
            MOST_TILES,
            key=_TILES,
            width=200,
            persist_state="session",
            help="Spread evenly over the scene. More tiles take longer and give a safer "
            "answer; fewer than five give none.",
        )
        if st.button("Compare", type="primary", disabled=bool(missing) or busy):
            with show_errors.told():
                _begin(place, request)
    if missing:
        st.caption(missing)
    elif busy:
        st.caption("Your comparison is running. You can start the next one when it ends.")
    else:
        seconds = planned_seconds(request.methods, chosen.tiles, processors_beside_the_app())
        st.caption(
            f"{count(chosen.tiles, 'tile')}, {count(len(request.methods), 'method')}: "
            f"{duration(seconds)} on this computer. You can keep working while this runs."
        )


def _missing(chosen: Chosen, methods: Sequence[str]) -> str:
    """Why nothing can be compared yet; empty where it can."""
    if chosen.nothing:
        return "Nothing is ready yet: add reference fields to a scene above."
    return "" if methods else "Choose at least one method."


def _running(place: Place) -> bool:
    job = job_of(run_key(place))
    return job is not None and job.running


def _begin(place: Place, request: RunRequest) -> None:
    if LANDCOVER not in request.methods and request.experiment == COMPARISON.key:
        # Every difference is to it, and it takes no time.
        request = replace(request, methods=(LANDCOVER, *request.methods))
    if _running(place):
        raise InputError("Your comparison is running.", "Wait until it ends, or cancel it.")
    start(place, new_run(place.project, request))
    st.rerun()


def _others(place: Place, request: RunRequest, chosen: Chosen) -> None:
    others = [kind for kind in EXPERIMENTS.values() if kind is not COMPARISON]
    if not others:
        return
    with st.expander("More experiments"):
        for kind in others:
            asked = replace(request, experiment=kind.key, methods=METHODS)
            _other(place, asked, kind, chosen)


def _other(place: Place, request: RunRequest, kind: ExperimentKind, chosen: Chosen) -> None:
    text, way = st.columns([4, 1], vertical_alignment="center")
    problem = _short_of(kind, chosen)
    minutes = kind.minutes + kind.minutes_a_tile * max(1, chosen.tiles)
    took = duration(minutes * 60 / processors_beside_the_app())
    facts = problem or f"For what is chosen above: {took}. You can stop it and continue later."
    text.markdown(f"**{kind.title}**  \n{kind.answers}  \n:small[:gray[{facts}]]")
    blocked = bool(problem) or _running(place)
    if way.button("Run", disabled=blocked, key=f"run {kind.key}", width="stretch"):
        with show_errors.told():
            _begin(place, request)


def _short_of(kind: ExperimentKind, chosen: Chosen) -> str:
    """Why an experiment cannot run on what was chosen; empty where it can."""
    if chosen.nothing:
        return kind.needs or "Needs a scene with reference fields."
    learning = sum(folder.train > 0 for folder in chosen.folders)
    return kind.needs if learning < kind.regions else ""
