"""Settings: which model draws, how prompts become a map, in which unit areas are read."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.area_units import AREA_UNITS
from core.errors import InputError, Remedy, WeightsError
from core.predict import WITHOUT_MODEL
from core.sam import (
    DEFAULT_MODEL,
    ModelSpec,
    fetch,
    get_model,
    is_present,
    known_models,
    verify,
    weights_path,
)
from core.settings import get_settings
from core.task import Cancelled, Progress
from ui.shared import show_errors, storage_rows
from ui.shared.browser_session import Place, my_preferences, prefer
from ui.shared.job_progress import watch_in_place
from ui.shared.jobs import JOBS, Key
from ui.shared.own_weights import own_checkpoints
from ui.shared.text import escape, file_size

NO_MODEL = "none"

STRATEGY_TITLES = {
    "apt_plus": "Recommended",
    "per_field": "Field by field",
    "joint": "All points at once",
    "apt": "Published method",
    "classifier": "Colours of this image (no model)",
}


def fetch_key(model: str) -> Key:
    """The key of the job that downloads a model's weights."""
    return ("weights", model)


def model_of(place: Place | None) -> str:
    """The model that draws in this scene; without a scene, the one for new scenes."""
    settings = place.scene.settings if place and place.scene else {}
    if "model" not in settings:
        # A scene that was never set otherwise is drawn by the model that comes with the app.
        return DEFAULT_MODEL if place and place.scene else my_preferences().model
    return settings["model"] or NO_MODEL


def strategy_of(place: Place | None) -> str:
    """The strategy of this scene; without a scene, the one for new scenes."""
    settings = place.scene.settings if place and place.scene else {}
    if place and place.scene:
        unset = WITHOUT_MODEL if model_of(place) == NO_MODEL else "apt_plus"
        return str(settings.get("strategy", unset))
    return my_preferences().strategy


def model_title(place: Place | None) -> str:
    """The model in words."""
    return _title(model_of(place))


def scene_settings(model: str, strategy: str) -> dict[str, str | None]:
    """Model and strategy as a scene keeps them."""
    if model == NO_MODEL:
        return {"model": None, "strategy": WITHOUT_MODEL}
    return {"model": model, "strategy": strategy}


@st.dialog("Settings", width="medium")
def show(place: Place | None) -> None:
    """The dialog; the page behind it goes on working."""
    with show_errors.told():
        _body(place)


def _body(place: Place | None) -> None:
    present = model_of(place)
    # A project may come from a machine that has a checkpoint of somebody's own.
    models = list(dict.fromkeys([*known_models(), NO_MODEL, present]))
    model = st.selectbox(
        "Model that draws the fields",
        models,
        index=models.index(present),
        format_func=_choice,
    )
    with show_errors.told():
        _weights(model)
    own_checkpoints()
    strategies = [WITHOUT_MODEL] if model == NO_MODEL else list(STRATEGY_TITLES)
    used = strategy_of(place)
    strategy = st.selectbox(
        "Method",
        strategies,
        index=strategies.index(used) if used in strategies else 0,
        format_func=lambda key: STRATEGY_TITLES[key],
        help="Used on every tile that has no other method chosen on the map.",
    )
    unit = st.selectbox(
        "Unit of area",
        list(AREA_UNITS),
        index=list(AREA_UNITS).index(my_preferences().area_unit),
        format_func=lambda key: AREA_UNITS[key].title,
        help="On every page in this browser. Files that you download keep hectares.",
    )
    if place is not None and place.scene is not None:
        st.caption(
            f"Model and method are used for the scene {escape(place.scene.name)} and for "
            "new scenes. "
            "Tiles are mapped again with them; your edits stay."
        )
    if st.button("Save", type="primary"):
        with show_errors.told():
            new = model != present
            if new and model != NO_MODEL and not is_present(get_model(model)):
                raise InputError("The model's file is not downloaded yet.", "Download them first.")
            _save(place, model, strategy, unit)
    with show_errors.told():
        storage_rows.show(None if place is None else place.project)


def _save(place: Place | None, model: str, strategy: str, unit: str) -> None:
    chosen = replace(my_preferences(), model=model, strategy=strategy, area_unit=unit)
    # What the scene has without having it said stays unsaid: saying it predicts its tiles anew.
    changed = (model, strategy) != (model_of(place), strategy_of(place))
    if place is not None and place.scene is not None and changed:
        wanted = {**place.scene.settings, **scene_settings(model, strategy)}
        if wanted != place.scene.settings:
            place.project.update_scene(
                place.scene.id, expected_version=place.scene.version, settings=wanted
            )
    prefer(chosen)
    st.rerun()


def _weights(model: str) -> None:
    """What there is to say about a model's weights, and the way to get them."""
    if model == NO_MODEL:
        st.caption("Fields are drawn only from the colours and textures of the image.")
        return
    spec = get_model(model)
    key = fetch_key(model)
    if is_present(spec):
        st.caption(f"Ready to use · {escape(spec.licence)}")
    elif spec.own:
        verify(spec)  # the file is gone: this says what to do
    elif weights_path(spec).is_file():
        path = weights_path(spec)
        raise WeightsError(
            f"{path} is not the published file of {spec.title}: it has another size.",
            remedy=Remedy.FETCH_WEIGHTS_AGAIN,
            facts={"model": spec.key, "path": str(path), "architecture": spec.architecture},
        )
    elif get_settings().offline:
        st.caption(
            "This computer is set to work offline, so weights cannot be downloaded. Put the file "
            f"at {escape(weights_path(spec))}"
        )
    elif st.button(f"Download {file_size(spec.size_bytes)}", icon=":material/download:"):
        with show_errors.told():
            _start_fetch(spec)
    if not spec.shipped and JOBS.get(key) is not None:
        watch_in_place(
            key,
            "You can close this window; the download continues.",
            "The download is complete and checked. Press Save to use it.",
        )


def _start_fetch(spec: ModelSpec) -> None:
    def work(progress: Progress, cancelled: Cancelled) -> None:
        progress("Connecting", 0, spec.size_bytes)
        fetch(spec, progress, cancelled)

    JOBS.start(fetch_key(spec.key), f"Weights of {spec.title}", work)


def _choice(model: str) -> str:
    spec = known_models().get(model)
    if spec is None or is_present(spec):
        return _title(model)
    away = "its file is gone" if spec.own else f"{file_size(spec.size_bytes)} to download"
    return f"{spec.title} · {away}"


def _title(model: str) -> str:
    if model == NO_MODEL:
        return "No model (colours of the image only)"
    spec = known_models().get(model)
    return f"{model}, which is not on this machine" if spec is None else spec.title
