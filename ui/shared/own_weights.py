"""Settings: checkpoints of one's own, and what lies in the folder of the weights."""

from __future__ import annotations

import streamlit as st

from core.errors import CropMapError
from core.sam import (
    OWN_ARCHITECTURES,
    OWN_SUFFIXES,
    ModelSpec,
    known_models,
    remove_weights,
)
from core.settings import get_settings
from core.task import Cancelled, Progress
from ui.remedies import page_hint
from ui.shared import show_errors
from ui.shared.job_progress import watch_in_place
from ui.shared.jobs import JOBS, Key
from ui.shared.source_fields import checked, source_fields
from ui.shared.text import escape
from ui.shared.uploaded_files import Source, at_hand

ADDING: Key = ("weights", "of one's own")
LOOKING: Key = ("weights", "every file")

_REMOVED = "cropmap_removed_weights"
"""In the session: which checkpoint was deleted just now, or why it was not."""

_ARCHITECTURE_TITLES = {
    "vit_b": "Segment Anything ViT-B",
    "vit_l": "Segment Anything ViT-L",
    "vit_h": "Segment Anything ViT-H",
    "mobile_sam": "MobileSAM (TinyViT)",
}


def own_checkpoints() -> None:
    """What is here, the way to add one, and a look at every file."""
    with st.expander("Your own checkpoints"):
        st.caption(f"Weights are in {escape(get_settings().weights_folder)}")
        for spec in known_models().values():
            if spec.own:
                _one(spec)
        _show_removed()
        source = source_fields(
            "Checkpoint",
            "own weights",
            "/data/sam_fields.pth",
            endings=OWN_SUFFIXES,
            note="A state dict or a training checkpoint, from torch.save or as safetensors.",
        )
        architecture = st.selectbox(
            "Architecture", OWN_ARCHITECTURES, format_func=lambda key: _ARCHITECTURE_TITLES[key]
        )
        name = st.text_input("Name of the model", placeholder="The file's name", max_chars=60)
        with st.container(horizontal=True):
            add = st.button("Add the checkpoint", icon=":material/add:")
            look = st.button("Check every file")
        with show_errors.told():
            if add:
                _start_adding(checked(source, "checkpoint"), architecture, name.strip())
            if look:
                _start_looking()
        if JOBS.get(ADDING) is not None:
            watch_in_place(ADDING, "You can close this window.", _added())
        if JOBS.get(LOOKING) is not None:
            watch_in_place(LOOKING, "You can close this window.", _looked_at())


def _one(spec: ModelSpec) -> None:
    """A checkpoint that is here: what it is, and the way to be rid of it."""
    with st.container(horizontal=True, vertical_alignment="top"):
        st.caption(
            f"**{escape(spec.title)}**: {escape(spec.citation)}  \nSHA-256 {escape(spec.sha256)}"
        )
        with st.popover("Remove"):
            st.markdown(
                f"This deletes the copy of {escape(spec.source_name)} in the weights folder. "
                "The original file and all your maps stay."
            )
            st.button(
                f"Delete {escape(spec.key)}",
                key=f"remove weights {spec.key}",
                on_click=_remove,
                args=(spec.key,),
            )


def _remove(name: str) -> None:
    """Before the page is drawn again, so that no list names it any more."""
    try:
        remove_weights(name)
    except CropMapError as error:
        st.session_state[_REMOVED] = error
    else:
        st.session_state[_REMOVED] = name


def _show_removed() -> None:
    outcome = st.session_state.pop(_REMOVED, None)
    if isinstance(outcome, CropMapError):
        show_errors.show(outcome)
    elif outcome is not None:
        st.caption(f"{escape(outcome)} is deleted.")


def _start_adding(source: Source, architecture: str, name: str) -> None:
    def work(progress: Progress, cancelled: Cancelled) -> str:
        # The module imports torch once it reads a file, which takes seconds.
        from core.sam import add_weights  # noqa: PLC0415

        with at_hand(source, get_settings().cache_dir, progress) as file:
            added = add_weights(
                file.path, architecture, name or None, progress, cancelled, source_name=file.name
            )
        found = " ".join(added.notes)
        return f"{added.spec.title} is here, SHA-256 {added.spec.sha256}. {found}".strip()

    JOBS.forget(ADDING)
    JOBS.start(ADDING, "Adding a checkpoint", work)


def _start_looking() -> None:
    def work(progress: Progress, cancelled: Cancelled) -> list[str]:
        from core.sam import weights_files  # noqa: PLC0415

        said = []
        for found in weights_files(cancelled):
            progress(f"Reading {found.path.name}", 0, 0)
            said.append(found.sentence if found.error is None else _in_words(found.error))
        return said

    JOBS.forget(LOOKING)
    JOBS.start(LOOKING, "Checking the weights", work)


def _in_words(error: CropMapError) -> str:
    return f"{error.message} {page_hint(error)}".strip()


def _added() -> str:
    job = JOBS.get(ADDING)
    return "" if job is None or job.result is None else escape(job.result)


def _looked_at() -> str:
    job = JOBS.get(LOOKING)
    said = [] if job is None or job.result is None else job.result
    return "  \n".join(escape(one) for one in said)
