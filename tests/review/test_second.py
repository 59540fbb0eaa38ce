from datetime import UTC, datetime

import pytest

from core.errors import ConflictError, InputError
from core.project import NewTile, Project, TileRecord, VerdictRecord
from core.review import second
from tests.project.conftest import Farm, make_farm


def tile(order: int, verdict: str = "accepted", version: int = 1) -> TileRecord:
    said = VerdictRecord(verdict, "Ada", "", datetime.now(UTC), version)
    return TileRecord("s", f"t{order:02}", order, (0, 0, 1, 1), said, {}, 0, 0)


TILES = [tile(n) for n in range(20)] + [tile(20, "open")]


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    first = second.sample(TILES, [], 5, seed=3)
    assert first == second.sample(list(reversed(TILES)), [], 5, seed=3)
    assert len(set(first)) == 5
    assert first == sorted(first)
    assert any(second.sample(TILES, [], 5, seed=n) != first for n in range(4, 8))


def test_a_sample_holds_reviewed_tiles_that_were_not_drawn() -> None:
    drawn = {f"t{n:02}" for n in range(18)}
    assert second.sample(TILES, drawn, 2, seed=0) == ["t18", "t19"]
    with pytest.raises(InputError, match="from 2"):
        second.sample(TILES, drawn, 3, seed=0)
    with pytest.raises(InputError, match="no reviewed tile left"):
        second.sample(TILES[-1:], [], 1, seed=0)


def test_every_tile_has_the_same_chance() -> None:
    hits = dict.fromkeys((t.name for t in TILES[:20]), 0)
    for seed in range(2000):
        for name in second.sample(TILES, [], 4, seed=seed):
            hits[name] += 1
    # 400 each; four standard deviations of a binomial are 72.
    assert max(abs(number - 400) for number in hits.values()) < 72


@pytest.fixture
def farm(tmp_path):
    made = make_farm(tmp_path)
    give(made, "Ada", "accepted", comment="fine")
    made.project.draw_second_reviews(made.scene, [made.tile], seed=1, author="Ada")
    yield made
    made.project.close()


def give(farm: Farm, who: str, verdict: str, *, comment: str = "", version: int | None = None):
    expected = verdict_of(farm).version if version is None else version
    return second.judge(
        farm.project,
        farm.scene,
        farm.tile,
        verdict,
        comment=comment,
        reviewer=who,
        expected_version=expected,
    )


def verdict_of(farm: Farm) -> VerdictRecord:
    return farm.project.tile(farm.scene, farm.tile).verdict


def seen(farm: Farm, who: str) -> tuple[str, str, str]:
    review = farm.project.second_review(farm.scene, farm.tile)
    record = second.seen_by(who, verdict_of(farm), review)
    return record.verdict, record.reviewer, record.comment


def test_the_first_verdict_is_hidden_until_the_second_is_given(farm) -> None:
    assert seen(farm, "Ada") == ("accepted", "Ada", "fine")
    assert seen(farm, "Ben") == ("open", "", "")
    assert give(farm, "Ben", "fix", comment="gap")
    # Ben sees what he said; the tile's verdict stands until somebody settles it.
    assert seen(farm, "Ben") == ("fix", "Ben", "gap")
    assert seen(farm, "Ada") == ("accepted", "Ada", "fine")
    assert verdict_of(farm).verdict == "accepted"
    review = farm.project.second_review(farm.scene, farm.tile)
    assert not second.settled(verdict_of(farm), review)
    assert not give(farm, "Ben", "fix")
    assert second.settled(verdict_of(farm), review)
    assert seen(farm, "Ada") == ("fix", "Ben", "")


def test_two_that_say_the_same_have_nothing_to_settle(farm) -> None:
    give(farm, "Ben", "accepted")
    review = farm.project.second_review(farm.scene, farm.tile)
    assert second.settled(verdict_of(farm), review)


def test_the_first_reviewer_still_changes_the_first_verdict(farm) -> None:
    assert not give(farm, "Ada", "rejected")
    assert seen(farm, "Ben") == ("open", "", "")
    give(farm, "Ben", "rejected")
    review = farm.project.second_review(farm.scene, farm.tile)
    assert review.first.verdict == "rejected"


def test_a_verdict_on_an_old_version_is_refused(farm) -> None:
    give(farm, "Ada", "rejected")
    with pytest.raises(ConflictError):
        give(farm, "Ben", "fix", version=1)
    assert farm.project.second_review(farm.scene, farm.tile).waiting


def test_a_tile_whose_first_verdict_was_taken_back_gets_a_first_one(farm) -> None:
    give(farm, "Ada", "open")
    assert not give(farm, "Ben", "accepted")
    assert verdict_of(farm).reviewer == "Ben"
    assert second.asked("Ada", verdict_of(farm), farm.project.second_review(farm.scene, farm.tile))


def test_history_of_hidden_tiles_says_nothing(farm) -> None:
    rows = second.without_hidden(farm.project.history(scene_id=farm.scene), [farm.tile])
    covered = [row for row in rows if row.action == "verdict"]
    assert [(row.author, row.detail) for row in covered] == [("", {"hidden": True})]
    assert any(row.action == "second look drawn" for row in rows)


def test_tiles_of_another_scene_are_not_drawn(farm) -> None:
    project: Project = farm.project
    other = project.add_scene("June", {}, None, [NewTile("x0_y0", 0, (0, 0, 9, 9))])
    assert project.second_reviews(other.id) == []
