"""The frame of every page: place, sidebar, errors, and what was to be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from core.errors import ProjectReplacedError
from ui.shared import (
    area_words,
    back_button,
    navigation,
    page_help,
    page_style,
    settings_dialog,
    show_errors,
    your_name,
)
from ui.shared.browser_session import (
    Place,
    choose_scene,
    find_place,
    notice,
    replaced_file,
    was_noticed,
)
from ui.shared.job_progress import strip
from ui.shared.text import escape

SIDEBAR_PX = 240
_SAID_DAMAGE = "cropmap_said_damage"


def page(body: Callable[[Place | None], None], *, shows: Sequence[str] = ()) -> None:
    """Run the page Start, which does without a project."""
    st.set_page_config(initial_sidebar_state=SIDEBAR_PX)
    page_style.apply()
    _who("Start")
    place = _place()
    with show_errors.told():
        _sidebar(place, shows)
    with _saying(), show_errors.told():
        body(place)


def project_page(
    title: str,
    body: Callable[[Place], None],
    *,
    full_screen: bool = False,
    shows: Sequence[str] = (),
) -> None:
    """Run a page that needs a project; without one it leads to the start.

    ``shows`` names the kinds of jobs that the page itself shows, so that the sidebar does not.
    """
    st.set_page_config(initial_sidebar_state="collapsed" if full_screen else SIDEBAR_PX)
    page_style.apply(full_screen=full_screen)
    _who(title)
    # The map tells of an exchanged file itself, and keeps what is unsaved.
    place = _place(tells_of_file=not full_screen)
    with show_errors.told():
        _sidebar(place, shows)
    with _saying(), show_errors.told():
        if place is not None:
            _damage(place, over_map=full_screen)
            body(place)
            return
        empty(
            title,
            "No project is open.",
            lambda: navigation.link(navigation.START, "Open or create a project on the Start page"),
        )


def empty(title: str, sentence: str, *ways: Callable[[], None]) -> None:
    """An empty state: what is missing, and the ways to get it."""
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.title(title)
        st.markdown(sentence)
        for way in ways:
            way()


def heading(title: str, facts: str = "") -> None:
    """A page's title and, smaller, what it is about; both are escaped here."""
    st.title(escape(title))
    if facts:
        st.html(f'<p class="cropmap-facts">{escape(facts)}</p>')


def _who(title: str) -> None:
    """Whose browser this is, and how she reads areas; help on the page."""
    back_button.apply()
    your_name.ask_first()
    with st.container(key="cropmap_corner", horizontal=True, width="content", gap="small"):
        page_help.show(title)
        your_name.show_at_top()
    area_words.take_unit()


def _damage(place: Place, *, over_map: bool) -> None:
    """What of the project is damaged, and the way out."""
    damages = place.project.damages()
    if not damages:
        return
    others = f" And {len(damages) - 1} more." if len(damages) > 1 else ""
    sentence = (
        f"{damages[0].sentence}{others} Nothing was deleted; backups of the project are on the"
        " Start page."
    )
    if not over_map:
        st.warning(escape(sentence))
    elif st.session_state.get(_SAID_DAMAGE) != sentence:
        st.session_state[_SAID_DAMAGE] = sentence
        st.toast(escape(sentence), icon=":material/warning:", duration="infinite")


def _place(*, tells_of_file: bool = True) -> Place | None:
    found: list[Place | None] = [None]
    with show_errors.told():
        found[0] = find_place()
        if found[0] is not None:
            replaced = replaced_file(found[0])
            if replaced is not None and tells_of_file:
                _stop_before_other_file(replaced)
    return found[0]


def _stop_before_other_file(error: ProjectReplacedError) -> None:
    """Show nothing of the file that is there now before the person knows of it."""
    _, middle, _ = st.columns([1, 4, 1])
    with middle:
        st.title("Another project file")
        show_errors.show(error)
        st.button("Continue with the file that is there now", type="primary")
    st.stop()


@contextmanager
def _saying() -> Iterator[None]:
    """Say what was to be said; again where the page is stopped before the browser had it all."""
    text = notice()
    if text:
        st.toast(escape(text))
    yield
    was_noticed(text)


def _sidebar(place: Place | None, shows: Sequence[str]) -> None:
    with st.sidebar:
        if place is not None:
            _project_part(place)
        st.caption(f"Model: {escape(settings_dialog.model_title(place))}")
        if st.button("Settings", icon=":material/settings:", width="stretch", key="settings"):
            settings_dialog.show(place)
        strip(place.project.path if place else None, shows)


def _project_part(place: Place) -> None:
    scenes = place.project.scenes()
    single = f"  \n:small[{escape(place.scene.name)}]" if place.scene and len(scenes) == 1 else ""
    st.markdown(f"**{escape(place.project.name)}**{single}")
    if len(scenes) > 1 and place.scene is not None:
        names = {scene.id: scene.name for scene in scenes}
        # The key carries the scene, so that a change from elsewhere shows here.
        key = f"scene picker {place.scene.id}"
        ids = list(names)
        st.selectbox(
            "Scene",
            ids,
            index=ids.index(place.scene.id),
            format_func=names.__getitem__,
            key=key,
            on_change=lambda: choose_scene(st.session_state[key]),
        )
