"""Scenes, tiles, figures, verdicts and the history: what is stored is what comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConflictError, InputError, ProjectError
from core.project import UNSET, NewTile, Project, VerdictRecord, verdict_now
from tests.project.conftest import TILES, Farm


def test_a_new_project_is_there_after_opening_it_again(tmp_path: Path) -> None:
    path = tmp_path / "folders" / "that are new" / "ä #1?%20.cropmap"
    made = Project.create(path, "  Höfe  ")
    made.close()
    opened = Project.open(path)
    assert (opened.id, opened.name, opened.path) == (made.id, "Höfe", path)
    assert opened.folder == path.parent
    assert opened.scenes() == []
    opened.close()
    assert list(path.parent.iterdir()) == [path]


def test_a_scene_comes_back_as_it_was_given(farm: Farm) -> None:
    scene = {
        "path": "/data/juni.tif",
        "crs": "EPSG:32633",
        "gsd": 0.1 + 0.2,
        "nested": [{"ü": None}],
    }
    added = farm.project.add_scene("June", scene, {"product": "esa"}, ())
    again = farm.reopened().project
    assert again.scene(added.id) == added
    assert (added.scene, added.landcover, added.settings) == (scene, {"product": "esa"}, {})
    assert abs(added.added_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert [record.name for record in again.scenes()] == ["May", "June"]
    assert again.scene(farm.scene).landcover is None


def test_tiles_come_back_in_their_order(farm: Farm) -> None:
    given = [NewTile("b", 2, (1, 2, 3, 4)), NewTile("a", 1, (5, 6, 7, 8))]
    scene = farm.project.add_scene("June", {}, None, given)
    tiles = farm.project.tiles(scene.id)
    assert [(tile.name, tile.order, tile.window) for tile in tiles] == [
        ("a", 1, (5, 6, 7, 8)),
        ("b", 2, (1, 2, 3, 4)),
    ]
    fresh = farm.project.tile(scene.id, "a")
    assert fresh == tiles[0]
    assert fresh.verdict == VerdictRecord("open", "", "", None, 0)
    assert (fresh.figures, fresh.log_version, fresh.edit_count) == ({}, 0, 0)


@pytest.mark.parametrize(
    "tiles",
    [[NewTile("a", 0, (0, 0, 1, 1))] * 2, [NewTile("a", 0, (0, 0, 1))]],  # type: ignore[arg-type]
)
def test_wrong_tiles_are_refused_and_leave_no_scene(farm: Farm, tiles: list[NewTile]) -> None:
    with pytest.raises(InputError):
        farm.project.add_scene("June", {}, None, tiles)
    assert len(farm.project.scenes()) == 1


def test_a_scene_is_changed_field_by_field(farm: Farm) -> None:
    project = farm.project
    one = project.update_scene(farm.scene, expected_version=0, settings={"threshold": 0.4})
    two = project.update_scene(farm.scene, expected_version=1, landcover={"product": "esa"})
    three = project.update_scene(farm.scene, expected_version=2, name="Mai", scene={"path": "/b"})
    assert [record.version for record in (one, two, three)] == [1, 2, 3]
    assert (three.name, three.scene, three.landcover, three.settings) == (
        "Mai",
        {"path": "/b"},
        {"product": "esa"},
        {"threshold": 0.4},
    )
    none = project.update_scene(farm.scene, expected_version=3, landcover=None)
    assert none.landcover is None
    assert project.scene(farm.scene) == none


def test_new_tiles_are_added_and_existing_ones_stay(farm: Farm) -> None:
    farm.append(0, "a")
    before = farm.project.tiles(farm.scene)
    more = [NewTile(TILES[0].name, 9, (0, 0, 1, 1)), NewTile("new", 3, (0, 0, 2, 2))]
    record = farm.project.update_scene(farm.scene, expected_version=0, tiles=more)
    assert record.version == 1
    assert farm.project.tiles(farm.scene)[:3] == before
    assert farm.project.tiles(farm.scene)[3].name == "new"


def test_a_change_that_changes_nothing_is_no_change(farm: Farm) -> None:
    revision = farm.project.revision()
    record = farm.project.update_scene(
        farm.scene, expected_version=0, name="May", landcover=UNSET, settings={}, tiles=TILES
    )
    assert record.version == 0
    assert farm.project.revision() == revision


def test_two_people_cannot_overwrite_each_others_scene(farm: Farm) -> None:
    other = farm.reopened().project
    other.update_scene(farm.scene, expected_version=0, settings={"threshold": 0.4})
    with pytest.raises(ConflictError):
        farm.project.update_scene(farm.scene, expected_version=0, settings={"threshold": 0.6})
    with pytest.raises(ConflictError):
        farm.project.remove_scene(farm.scene, 0)
    assert farm.project.scene(farm.scene).settings == {"threshold": 0.4}


def test_a_removed_scene_is_hidden_but_its_history_stays(farm: Farm) -> None:
    farm.append(0, "a")
    revision = farm.project.revision()
    farm.project.remove_scene(farm.scene, 0)
    assert farm.project.scenes() == []
    for ask in (farm.project.scene, farm.project.tiles):
        with pytest.raises(ProjectError, match="no scene"):
            ask(farm.scene)
    with pytest.raises(ProjectError, match="no tile"):
        farm.append(1, "b")
    assert len(farm.project.changes_since(revision)) == len(TILES)
    actions = [row.action for row in farm.project.history(scene_id=farm.scene)]
    assert actions == ["scene removed", "edit", "scene added"]


def test_what_is_unknown_is_said_to_be(farm: Farm) -> None:
    project = farm.project
    for call in (
        lambda: project.scene("x"),
        lambda: project.tiles("x"),
        lambda: project.tile(farm.scene, "x"),
        lambda: project.log(farm.scene, "x"),
        lambda: project.set_figures("x", farm.tile, {}),
        lambda: project.remove_scene("x", 0),
        lambda: project.undo("x", farm.tile, author="", expected_version=0),
    ):
        with pytest.raises(ProjectError):
            call()


def test_figures_are_merged(farm: Farm) -> None:
    farm.project.set_figures(farm.scene, farm.tile, {"uncertainty": 0.25, "cropland_ha": 3.0})
    farm.project.set_figures(farm.scene, farm.tile, {"uncertainty": np.float32(0.5)})
    found = farm.reopened().project.tile(farm.scene, farm.tile).figures
    assert found == {"uncertainty": 0.5, "cropland_ha": 3.0}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_figures_that_json_cannot_say_are_refused(farm: Farm, value: float) -> None:
    with pytest.raises(InputError, match="finite"):
        farm.project.set_figures(farm.scene, farm.tile, {"uncertainty": value})
    with pytest.raises(InputError):
        farm.project.update_scene(farm.scene, expected_version=0, settings={"threshold": value})
    assert farm.project.scene(farm.scene).version == 0


def test_texts_of_any_script_are_kept_and_broken_ones_refused(farm: Farm) -> None:
    text = "смотри 田 🌾 '; DROP TABLE tile; --\n"
    give = farm.project.set_verdict
    give(farm.scene, farm.tile, "fix", comment=text, reviewer=text, expected_version=0)
    assert farm.project.tile(farm.scene, farm.tile).verdict.comment == text
    with pytest.raises(InputError, match="cannot be stored"):
        give(farm.scene, farm.tile, "fix", comment="\ud800", reviewer="", expected_version=1)
    assert farm.project.tile(farm.scene, farm.tile).verdict.version == 1


def test_a_nul_character_is_kept_or_refused(farm: Farm, database: str) -> None:
    give = farm.project.set_verdict
    if database == "postgres":  # whose texts cannot hold one
        with pytest.raises(InputError, match="cannot be stored"):
            give(farm.scene, farm.tile, "fix", comment="a\0b", reviewer="", expected_version=0)
        assert farm.project.tile(farm.scene, farm.tile).verdict.version == 0
    else:
        give(farm.scene, farm.tile, "fix", comment="a\0b", reviewer="", expected_version=0)
        assert farm.project.tile(farm.scene, farm.tile).verdict.comment == "a\0b"


def test_every_verdict_stays_in_the_history(farm: Farm) -> None:
    give = farm.project.set_verdict
    give(farm.scene, farm.tile, "fix", comment="hedge", reviewer="Ada", expected_version=0)
    last = give(farm.scene, farm.tile, "accepted", comment="", reviewer="Bob", expected_version=1)
    assert (last.verdict.verdict, last.verdict.reviewer, last.verdict.version) == (
        "accepted",
        "Bob",
        2,
    )
    assert last.verdict.at is not None
    assert last == farm.reopened().project.tile(farm.scene, farm.tile)
    rows = farm.project.history(scene_id=farm.scene, tile=farm.tile)
    assert [(row.author, row.detail["verdict"], row.detail["comment"]) for row in rows] == [
        ("Bob", "accepted", ""),
        ("Ada", "fix", "hedge"),
    ]


def test_an_acceptance_is_of_the_label_that_was_seen(farm: Farm) -> None:
    farm.append(0, "a")

    def accept(version: int, log: int) -> None:
        farm.project.set_verdict(
            farm.scene,
            farm.tile,
            "accepted",
            comment="",
            reviewer="Ada",
            expected_version=version,
            expected_log=log,
        )

    def said() -> set[str]:
        tiles = farm.project.tiles(farm.scene)
        return {tiles[0].verdict.verdict, farm.project.tile(farm.scene, farm.tile).verdict.verdict}

    with pytest.raises(ConflictError, match="changed tile x0_y0 first"):
        accept(0, 0)
    accept(0, 1)
    assert said() == {"accepted"}
    farm.append(1, "b", author="Bob")
    assert said() == {"changed"}
    assert farm.project.tile(farm.scene, farm.tile).verdict.reviewer == "Ada"
    farm.undo(2, author="Bob")
    assert said() == {"accepted"}
    farm.redo(3, author="Bob")
    accept(1, 4)
    assert said() == {"accepted"}


@pytest.mark.parametrize(
    ("verdict", "given_at", "now"),
    [("accepted", 7, "changed"), ("accepted", None, "accepted"), ("rejected", 7, "rejected")],
)
def test_verdicts_of_projects_that_do_not_say_of_what_stand(verdict, given_at, now) -> None:
    assert verdict_now(verdict, given_at, 9) == now


def test_two_reviewers_cannot_overwrite_each_other(farm: Farm) -> None:
    other = farm.reopened().project
    other.set_verdict(farm.scene, farm.tile, "fix", comment="", reviewer="Ada", expected_version=0)
    with pytest.raises(ConflictError, match="Ada changed the verdict on tile x0_y0 first"):
        farm.project.set_verdict(
            farm.scene, farm.tile, "accepted", comment="", reviewer="Bob", expected_version=0
        )
    assert farm.project.tile(farm.scene, farm.tile).verdict.verdict == "fix"


def test_an_unknown_verdict_is_refused(farm: Farm) -> None:
    with pytest.raises(InputError, match="no verdict"):
        farm.project.set_verdict(
            farm.scene, farm.tile, "good", comment="", reviewer="", expected_version=0
        )


def test_the_revision_grows_with_each_commit_and_tells_what_was_touched(farm: Farm) -> None:
    project, other = farm.project, farm.reopened().project
    start = project.revision()
    assert project.changes_since(start) == []
    project.set_figures(farm.scene, "x1_y0", {"uncertainty": 0.5})
    farm.append(0, "a")
    farm.append(1, "b")
    assert other.revision() == start + 3
    assert other.changes_since(start) == [(farm.scene, "x1_y0"), (farm.scene, "x0_y0")]
    assert other.changes_since(start + 2) == [(farm.scene, "x0_y0")]
    project.update_scene(farm.scene, expected_version=0, name="Mai")
    assert other.changes_since(start + 3) == []
    project.update_scene(farm.scene, expected_version=1, settings={"threshold": 0.4})
    assert len(other.changes_since(start + 3)) == 3
    with pytest.raises(InputError):
        other.changes_since(2**70)


def test_a_project_is_renamed(farm: Farm) -> None:
    farm.project.rename(" Estate ")
    assert farm.project.name == "Estate"
    assert farm.reopened().project.name == "Estate"
    with pytest.raises(InputError, match="name is missing"):
        farm.project.rename("  ")
    newest = farm.project.history(limit=1)[0]
    assert (newest.action, newest.scene_id, newest.tile) == ("project renamed", "", None)


def test_the_history_is_newest_first_and_limited(farm: Farm) -> None:
    for version in range(5):
        farm.append(version, f"p{version}", author=f"author {version}")
    rows = farm.project.history(limit=3)
    assert [row.author for row in rows] == ["author 4", "author 3", "author 2"]
    assert all(row.at.tzinfo is UTC for row in rows)
    assert farm.project.history(tile="x1_y0") == []


def test_a_list_of_tiles_follows_every_change(farm: Farm) -> None:
    """One who has listed them before sees every later state, whoever made it."""
    mine, other = farm.project, farm.reopened().project
    changes = [
        lambda: other.set_figures(farm.scene, "x1_y0", {"uncertainty": 0.5}),
        lambda: farm.append(0, "a"),
        lambda: farm.undo(1),
        lambda: other.set_verdict(
            farm.scene, "x2_y0", "fix", comment="", reviewer="Ada", expected_version=0
        ),
        lambda: other.update_scene(
            farm.scene, expected_version=0, tiles=[NewTile("first", -1, (0, 0, 9, 9))]
        ),
        lambda: other.rename("Estate"),
    ]
    listed = [mine.tiles(farm.scene)]
    for change in changes:
        change()
        listed.append(mine.tiles(farm.scene))
        assert listed[-1] == farm.reopened().project.tiles(farm.scene)
    assert [tile.name for tile in listed[-1]] == ["first", *(tile.name for tile in TILES)]
    assert sum(a != b for a, b in pairwise(listed)) == len(changes) - 1
    listed[-1].clear()  # the caller's own
    assert len(mine.tiles(farm.scene)) == 4
