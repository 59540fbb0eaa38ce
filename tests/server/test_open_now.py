"""The line of the Review page about tiles that other people have open."""

from pathlib import Path

from core.farmland import write_scene
from core.project import Project
from core.session.adding_scenes import add_scene
from ui.server import tokens
from ui.server.open_now import open_now_text
from ui.server.presence import ROOM


def test_only_other_peoples_tiles_of_this_scene_are_told(client, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "farm" / "farm.cropmap", "Farm")
    land = write_scene(tmp_path / "land", seed=3, size=256)
    scene = add_scene(project, land.scene, name="North")
    own = tokens.issue(project.path, "Ben")
    address = f"/cropmap/{own}/scene/{scene.id}/open-now"
    assert client.get(address).json() == {"text": ""}
    tile = project.tiles(scene.id)[0].name
    for person, seen_scene, seen_tile in (
        ("Ben", scene.id, tile),
        ("Ada", scene.id, tile),
        ("Cleo", "another scene", tile),
        ("Dan", scene.id, "no such tile"),
    ):
        token = own if person == "Ben" else tokens.issue(project.path, person)
        ROOM.enter(token, tokens.resolve(token), seen_scene, seen_tile)
    assert client.get(address).json() == {"text": "Open now: Ada on tile 1"}
    assert client.get(address.replace(own, "strange")).status_code == 403


def test_the_same_tile_is_told_once() -> None:
    assert open_now_text([]) == ""
    assert open_now_text([("Ben", 4), ("Ada", 3), ("Ada", 3)]) == (
        "Open now: Ada on tile 3, Ben on tile 4"
    )
