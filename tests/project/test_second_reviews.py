"""Second looks: drawn, given once, by somebody else, with the log as it stood."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConflictError, InputError
from core.project import Project, SecondReview
from tests.project import version_1
from tests.project.conftest import TILES, Farm, make_farm


def judge(farm: Farm, reviewer: str, verdict: str = "accepted", comment: str = "") -> int:
    """The tile's verdict version afterwards."""
    before = farm.project.tile(farm.scene, farm.tile).verdict.version
    record = farm.project.set_verdict(
        farm.scene,
        farm.tile,
        verdict,
        comment=comment,
        reviewer=reviewer,
        expected_version=before,
    )
    return record.verdict.version


def draw(farm: Farm, *names: str) -> int:
    return farm.project.draw_second_reviews(farm.scene, names or (farm.tile,), seed=7, author="Ada")


def second(farm: Farm, reviewer: str, version: int, verdict: str = "fix") -> SecondReview:
    return farm.project.give_second_verdict(
        farm.scene,
        farm.tile,
        verdict,
        comment="gap",
        reviewer=reviewer,
        expected_version=version,
    )


def test_both_verdicts_and_both_logs_are_kept(farm: Farm) -> None:
    farm.append(0, "a")
    version = judge(farm, "Ada", comment="fine")
    assert draw(farm) == 1
    assert draw(farm) == 0
    farm.undo(1)
    farm.append(2, "b", "c", author="Ben")
    given = second(farm, "Ben", version)
    assert given == farm.reopened().project.second_review(farm.scene, farm.tile)
    assert given.first is not None
    assert given.second is not None
    assert (given.first.verdict, given.first.reviewer, given.first.comment) == (
        "accepted",
        "Ada",
        "fine",
    )
    assert (given.second.verdict, given.second.reviewer, given.seed) == ("fix", "Ben", 7)
    assert given.first_version == version
    heads = (given.first.head, given.second.head)
    logs = [farm.project.log_at(farm.scene, farm.tile, head or 0) for head in heads]
    assert [[edit.data["id"] for edit in log.edits] for log in logs] == [["a"], ["b", "c"]]
    # The first verdict stays the tile's; the label is another than the accepted one.
    present = farm.project.tile(farm.scene, farm.tile).verdict
    assert (present.verdict, present.reviewer) == ("changed", "Ada")
    actions = [row.action for row in farm.project.history(limit=4)]
    assert actions[0] == "second verdict"
    assert "second look drawn" in actions


def test_a_log_at_its_root_is_empty(farm: Farm) -> None:
    farm.append(0, "a")
    assert farm.project.log_at(farm.scene, farm.tile, 0).edits == ()


def test_the_first_reviewer_cannot_give_the_second_verdict(farm: Farm) -> None:
    version = judge(farm, "Ada Lovelace")
    draw(farm)
    with pytest.raises(InputError, match="first verdict on this tile yourself"):
        second(farm, " ada  lovelace", version)
    with pytest.raises(InputError, match="needs a verdict"):
        second(farm, "Ben", version, "open")
    review = farm.project.second_review(farm.scene, farm.tile)
    assert review is not None
    assert review.waiting


def test_only_one_second_verdict_and_only_on_the_verdict_that_stands(farm: Farm) -> None:
    version = judge(farm, "Ada")
    draw(farm)
    newer = judge(farm, "Ada", "rejected")
    with pytest.raises(ConflictError):
        second(farm, "Ben", version)
    second(farm, "Ben", newer)
    with pytest.raises(ConflictError, match="Ben gave the second verdict"):
        second(farm, "Cleo", newer)


def test_a_first_verdict_that_was_taken_back_has_no_second(farm: Farm) -> None:
    judge(farm, "Ada")
    draw(farm)
    version = judge(farm, "Ada", "open")
    with pytest.raises(InputError, match="was undone"):
        second(farm, "Ben", version)


def test_only_reviewed_tiles_are_drawn_and_none_otherwise(farm: Farm) -> None:
    judge(farm, "Ada")
    with pytest.raises(InputError, match="Tile 2 has no verdict"):
        draw(farm, farm.tile, TILES[1].name)
    assert farm.project.second_reviews(farm.scene) == []
    with pytest.raises(ConflictError, match="not up for a second look"):
        second(farm, "Ben", 1)


def test_withdrawing_leaves_what_was_given(farm: Farm) -> None:
    version = judge(farm, "Ada")
    other = Farm(farm.project, farm.scene, TILES[1].name)
    judge(other, "Ada")
    draw(farm, farm.tile, other.tile)
    second(farm, "Ben", version)
    assert farm.project.withdraw_second_reviews(farm.scene, author="Ada") == 1
    assert farm.project.withdraw_second_reviews(farm.scene, author="Ada") == 0
    assert [review.tile for review in farm.project.second_reviews(farm.scene)] == [farm.tile]


def test_an_older_project_gets_second_looks(database: str, tmp_path: Path) -> None:
    path = version_1.as_version_1(make_farm(tmp_path).project)
    again = Farm(Project.open(path), version_1.SCENE, "x1_y0")
    version = again.project.tile(again.scene, again.tile).verdict.version
    draw(again)
    given = second(again, "Ben", version)
    assert given.first is not None
    assert (given.first.verdict, given.first.head) == ("accepted", None)
    again.project.close()
