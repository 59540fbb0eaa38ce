"""Where a person is (project, scene, tile), who she is, and the token her browser uses.

The session remembers the place from page to page; the address holds it too, so that a reload, a
bookmark or a second browser tab lands at the same tile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from core.errors import CropMapError, ProjectError, ProjectReplacedError
from core.project import Project, SceneRecord, recent_projects, remember_project
from core.session import open_project, replacement
from ui.server import tokens
from ui.server.browser_cookie import COOKIE, new_id, valid_id
from ui.shared import preferences
from ui.shared.preferences import Preferences

_PROJECT, _SCENE, _TILE = "cropmap_project", "cropmap_scene", "cropmap_tile"
_FILE = "cropmap_file"
_IN_ADDRESS = ("project", "scene", "tile")
_PREFERENCES, _TOKENS, _NOTICE = "cropmap_preferences", "cropmap_tokens", "cropmap_notice"
_TAB = "cropmap_tab"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is.

    Parameters
    ----------
    scene : SceneRecord or None
        None where the project has no scene yet.
    tile : str
        Name of the tile; empty where none was chosen.
    """

    project: Project
    scene: SceneRecord | None
    tile: str


def find_place() -> Place | None:
    """The place that the address or the session names; None without a project.

    Raises
    ------
    ProjectError
        The project was there and cannot be opened any more.
    """
    try:
        path = _project_path()
        if path is None:
            return None
        project = open_project(path)
        scenes = project.scenes()
    except CropMapError:
        leave_project()
        raise
    st.session_state[_PROJECT] = str(path)
    wanted = st.query_params.get("scene") or st.session_state.get(_SCENE)
    scene = next((s for s in scenes if s.id == wanted), scenes[0] if scenes else None)
    same_scene = scene is not None and scene.id == wanted
    tile = st.query_params.get("tile") or st.session_state.get(_TILE, "") if same_scene else ""
    place = Place(project, scene, tile)
    keep_place(place)
    return place


def replaced_file(place: Place) -> ProjectReplacedError | None:
    """What happened to the project's file since the session's last page; told once.

    What was clicked on that page was meant for the file that was there.
    """
    project = place.project
    before = st.session_state.get(_FILE, ())
    st.session_state[_FILE] = (str(project.path), project.file_stamp)
    if not before or before[0] != str(project.path) or before[1] == project.file_stamp:
        return None
    error = replacement(project) or ProjectReplacedError(
        f"The project file {project.path.name} was replaced by another file.",
        "Look at this page again before you continue.",
    )
    if not project.has_contents_of(before[1]):
        return error.again(unsaved=True)
    notify(str(error))
    return None


def expect_other_file() -> None:
    """Ask nothing about another file at the project's path: this session has put it there."""
    st.session_state.pop(_FILE, None)


def keep_place(place: Place) -> None:
    """Hold a place in the session and in the address."""
    st.session_state[_PROJECT] = str(place.project.path)
    st.session_state[_SCENE] = place.scene.id if place.scene else ""
    st.session_state[_TILE] = place.tile
    present = st.query_params.to_dict()
    others = {key: value for key, value in present.items() if key not in _IN_ADDRESS}
    wanted = query_of(place) | others
    if present != wanted:
        # At once: each change of the address is a step of the browser's Back button.
        st.query_params.from_dict(wanted)


def query_of(place: Place) -> dict[str, str]:
    """The address's parameters for a place."""
    query = {"project": place.project.id}
    if place.scene is not None:
        query["scene"] = place.scene.id
    if place.tile:
        query["tile"] = place.tile
    return query


def enter_project(project: Project, scene_id: str = "") -> Place:
    """Make a project the current one and put it on top of the recent ones."""
    remember_project(project.path)
    leave_project()
    scenes = project.scenes()
    scene = next((s for s in scenes if s.id == scene_id), scenes[0] if scenes else None)
    place = Place(project, scene, "")
    keep_place(place)
    return place


def choose_scene(scene_id: str) -> None:
    """Make another scene of the same project the current one."""
    if scene_id != st.session_state.get(_SCENE):
        st.session_state[_SCENE], st.session_state[_TILE] = scene_id, ""
        for key in ("scene", "tile"):
            st.query_params.pop(key, None)


def choose_tile(place: Place, tile: str) -> Place:
    """Make a tile the current one."""
    moved = replace(place, tile=tile)
    keep_place(moved)
    return moved


def leave_project() -> None:
    """Forget the place."""
    for key in (_PROJECT, _SCENE, _TILE, _FILE):
        st.session_state.pop(key, None)
    for key in _IN_ADDRESS:
        st.query_params.pop(key, None)


def browser() -> str:
    """The number of this browser; of this tab alone where the browser keeps no cookie."""
    return _remembered_browser() or str(st.session_state.setdefault(_TAB, new_id()))


def keeps_cookies() -> bool:
    """Whether the browser will be known again."""
    return _remembered_browser() != ""


def _remembered_browser() -> str:
    return valid_id(st.context.cookies.get(COOKIE))


def my_preferences() -> Preferences:
    """The choices made in this browser, in whichever tab."""
    held: Preferences | None = st.session_state.get(_PREFERENCES)
    return held or preferences.load(browser())


def prefer(chosen: Preferences) -> None:
    """Take choices over for this browser: its tabs and their maps go on with them.

    Raises
    ------
    OutputError
        They hold for this tab but could not be remembered.
    """
    cleaned = preferences.cleaned(chosen)
    st.session_state[_PREFERENCES] = cleaned
    tokens.rename_browser(browser(), cleaned.person)
    if keeps_cookies():
        preferences.save(browser(), cleaned)
        del st.session_state[_PREFERENCES]


def person() -> str:
    """The name that stands beside what is done in this browser; empty before it was asked."""
    return my_preferences().person


def token(project: Project) -> str:
    """What this browser session shows to the map's routes; one for each project."""
    issued: dict[str, str] = st.session_state.setdefault(_TOKENS, {})
    key = str(project.path)
    if key not in issued or not _with_name(issued[key]):
        issued[key] = tokens.issue(project.path, person(), browser())
    return issued[key]


def notify(text: str) -> None:
    """Say ``text`` once the page has been drawn again."""
    st.session_state[_NOTICE] = text


def notice() -> str:
    """What :func:`notify` left, until :func:`was_noticed`."""
    return str(st.session_state.get(_NOTICE, ""))


def was_noticed(text: str) -> None:
    """Forget a notice; a newer one stays."""
    if notice() == text:
        st.session_state.pop(_NOTICE, None)


def _with_name(token: str) -> bool:
    """Put the person's present name behind a token; False where it has expired."""
    try:
        tokens.rename(token, person())
    except CropMapError:
        return False
    return True


def _project_path() -> Path | None:
    """The project's file by the address, otherwise by the session."""
    remembered = st.session_state.get(_PROJECT)
    wanted = st.query_params.get("project")
    if not wanted:
        return Path(remembered) if remembered else None
    if remembered:
        project = open_project(Path(remembered))
        if project.id == wanted or _was_here(wanted, project):
            return Path(remembered)
    return _path_of(wanted)


def _was_here(project_id: str, present: Project) -> bool:
    """Whether the address means the project whose file another one has replaced."""
    path, stamp = st.session_state.get(_FILE, ("", ""))
    return path == str(present.path) and str(stamp).startswith(project_id[:12])


def _path_of(project_id: str) -> Path:
    """The file of a project by its id, among the recent ones."""
    for summary in recent_projects():
        if summary.problem:
            continue
        try:
            if open_project(summary.path).id == project_id:
                return summary.path
        except ProjectError:
            continue
    leave_project()
    raise ProjectError(
        "The project of this address is not in the list of projects.",
        "On the Start page, open it from its folder, or take it back from the archive.",
    )
