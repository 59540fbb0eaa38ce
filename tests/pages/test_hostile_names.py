"""All pages, with names that mean something to Markdown, HTML and the browser in every field."""

import html
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from core.farmland import write_scene
from core.project import NewEdit, Project, new_project_path, remember_project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project, open_project_scene
from tests.existing.conftest import fields, table, write
from tests.pages.conftest import BROWSER, press, settle
from tests.pages.test_scene import fill
from ui.scenes.existing_labels import read_key
from ui.shared import preferences
from ui.shared.browser_session import Place
from ui.shared.preferences import Preferences

TRICKS = (
    "![x](http://evil.example/a.png)",
    "<img src=//evil.example/b.png>",
    "www.evil.example",
    "https://evil.example/c",
    "ana@evil.example",
    ":material/bug:",
    ":red[x]",
    "$x$",
)
NAME = " ".join(TRICKS)
FILE = "![x](evil) <img src=x> www.evil.example ana@evil.example :bug: $x$"

PLAIN = {
    # Drawn as text by the browser, whatever is in it.
    "selectbox.options",
    "selectbox.raw_value",
    "multiselect.options",
    "text_input.default",
    "text_input.value",
    "bidi_component.json",
}


@pytest.fixture
def hostile(tmp_path) -> Project:
    """A project whose names, people, comments and files are all tricks."""
    files = write_scene(tmp_path / "farm", seed=3, size=256)
    scene = shutil.copy(files.scene, tmp_path / f"{FILE}.tif")
    landcover = shutil.copy(files.landcover, tmp_path / f"land {FILE}_simulated.tif")
    preferences.save(BROWSER, Preferences(person=NAME[:80]))
    path = new_project_path("Tricks")
    Project.create(path, NAME).close()
    made = open_project(path)
    first = add_scene(made, Path(scene), name=NAME, landcover_path=Path(landcover))
    add_scene(made, files.scene, name=f"Second {NAME}")
    (tile,) = made.tiles(first.id)
    edits = [NewEdit("settings", {"threshold": 0.9})]
    made.append(first.id, tile.name, edits, author=f"Ana {NAME}", expected_version=0)
    made.set_verdict(
        first.id,
        tile.name,
        "fix",
        comment=f"Why {NAME}",
        reviewer=f"Ben {NAME}",
        expected_version=0,
    )
    remember_project(path)
    return made


def strings(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """All texts that an element sends to the browser, with the field that holds each."""
    for field, value in message.ListFields():
        name = f"{path}.{field.name}".lstrip(".")
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from strings(one, name)
            elif isinstance(one, str):
                yield name, one


def sent(app: AppTest) -> Iterator[tuple[str, str]]:
    for node in app._tree:
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            for name, text in strings(proto):
                if not name.endswith(("id", "key", "form_id", "element_hash")):
                    yield f"{node.type}.{name}", text


PAGES = {
    "start": [],
    "scene": [],
    "annotate": [],
    "review": ["Tiles", "Second look", "Effort", "Who did what"],
    "evaluate": [],
    "results": [],
}


@pytest.mark.parametrize("name", PAGES)
def test_no_text_of_people_is_more_than_text(page, hostile, name) -> None:
    scene = hostile.scenes()[0]
    tile = hostile.tiles(scene.id)[0]
    app = page(name, hostile, scene=scene.id, tile=tile.name)
    shown = []
    for part in PAGES[name] or [""]:
        if part:
            app.session_state[f"review part {scene.id}"] = part
            app.run()
        shown += list(sent(app))
    assert "evil" in only_text(shown)


def only_text(shown: Iterable[tuple[str, str]]) -> str:
    """All that a page shows, once nothing of it is markup."""
    shown = list(shown)
    found = [
        (where, trick, text[:200])
        for where, text in shown
        for trick in (*TRICKS, ":bug:", "](evil)", "<img")
        if trick in text and where not in PLAIN
    ]
    assert not found
    return html.unescape("\n".join(text for _, text in shown)).replace("\u2060", "")


def test_nor_is_an_error_that_names_a_file(page, hostile, tmp_path) -> None:
    (tmp_path / f"{FILE}.tif").rename(tmp_path / "away.tif")
    scene = hostile.scenes()[0]
    for name in ("scene", "annotate"):
        read = only_text(sent(page(name, hostile, scene=scene.id)))
        assert f"not at {tmp_path / FILE}.tif any more" in read


def test_nor_are_labels_by_their_file(page, hostile, tmp_path) -> None:
    place = Place(hostile, hostile.scenes()[0], "")
    grid = open_project_scene(hostile, place.scene.id).scene.grid
    written = write(tmp_path / "old.gpkg", table(grid, fields(), crop=[FILE, "wheat"]))
    labels = written.rename(tmp_path / f"old {FILE}.gpkg")
    app = page("scene", hostile, scene=place.scene.id)
    fill(app, "path labels", str(labels))
    app = settle(press(app, "Read the file"), read_key(place))
    assert f"old {FILE}.gpkg" in only_text(sent(app))
