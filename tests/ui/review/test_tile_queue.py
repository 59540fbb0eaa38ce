import itertools
from datetime import UTC, datetime

import pytest

from core.project import PastVerdict, SecondReview, TileRecord, VerdictRecord
from ui.review.review_tabs import reviewers_text
from ui.review.tile_queue import (
    Entry,
    TileFilter,
    done,
    filtered,
    listed,
    next_up,
    nothing_here,
    ordered,
)

AT = datetime(2025, 6, 1, tzinfo=UTC)


def entry(order: int, verdict: str = "open", **more) -> Entry:
    said = VerdictRecord(verdict, more.pop("who", ""), more.pop("comment", ""), None, 1)
    review, asked = more.pop("review", None), more.pop("asked", False)
    window = (*more.pop("at", (order, 0)), 1, 1)
    return Entry(TileRecord("s", f"t{order}", order, window, said, more, 0, 0), 2.0, review, asked)


def review(first: str = "", second: str = "") -> SecondReview:
    """A second look: waiting, or with both verdicts on version 1 of the tile's."""
    past = [PastVerdict(v, who, "", AT, 0) for v, who in ((first, "Ada"), (second, "Ben"))]
    if not second:
        return SecondReview("s", "t", AT, "Ada", 1, None, None, None)
    return SecondReview("s", "t", AT, "Ada", 1, *past, 1)


QUEUE = [
    entry(0, uncertainty=0.1, disagreement=0.5),
    entry(1, "accepted", who="Ada", comment="Hedge, checked"),
    entry(2, uncertainty=0.4, disagreement=0.0),
    entry(3, "rejected", who="Ben", uncertainty=0.4),
    entry(4, "fix", who="Ben", comment="gap", review=review("fix", "accepted")),
    entry(5, "accepted", who="Ada", comment="secret", review=review(), asked=True),
]


def names(queue) -> list[str]:
    return [e.tile.name for e in queue]


def test_orders_put_tiles_without_the_figure_last() -> None:
    some = QUEUE[:4]
    assert names(ordered(some, "uncertainty")) == ["t2", "t3", "t0", "t1"]
    assert names(ordered(some, "disagreement")) == ["t0", "t2", "t1", "t3"]


def test_the_path_goes_from_neighbour_to_neighbour() -> None:
    places = [(column * 900, row * 700) for row in range(3) for column in range(4)]
    path = ordered([entry(n, at=place) for n, place in enumerate(places)][::-1], "place")
    steps = [e.tile.window[:2] for e in path]
    assert len(set(steps)) == 12
    for (x, y), (x2, y2) in itertools.pairwise(steps):
        assert (abs(x - x2) // 900) + (abs(y - y2) // 700) == 1
    assert ordered([], "place") == []


def test_reviewed_tiles_leave_what_is_to_do() -> None:
    assert names(listed(QUEUE, "todo")) == ["t0", "t2"]
    assert names(listed(QUEUE, "fix")) == ["t4"]
    assert names(listed(QUEUE, "second")) == ["t4", "t5"]
    assert names(listed(QUEUE, "reviewed")) == ["t1", "t3", "t4", "t5"]
    assert listed(QUEUE, "all") == QUEUE


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (TileFilter(), ["t0", "t1", "t2", "t3", "t4", "t5"]),
        (TileFilter(verdicts=["open"]), ["t0", "t2"]),
        (TileFilter(verdicts=["accepted", "fix"]), ["t1", "t4"]),
        (TileFilter(reviewers=["Ada"]), ["t1"]),
        (TileFilter(commented=True), ["t1", "t4"]),
        (TileFilter(text="2"), ["t1"]),
        (TileFilter(text=" 1, 3–4;6 "), ["t0", "t2", "t3", "t5"]),
        (TileFilter(text="hedge"), ["t1"]),
        (TileFilter(text="secret"), []),
        (TileFilter(text="99999999999999999999"), []),
        (TileFilter(reviewers=["Ben"], commented=True), ["t4"]),
    ],
)
def test_filters(chosen: TileFilter, found: list[str]) -> None:
    """A hidden verdict is found by no word, person or verdict of it."""
    assert names(filtered(QUEUE, chosen)) == found


def test_an_empty_list_says_why() -> None:
    assert "every tile" in nothing_here("todo", TileFilter()).lower()
    assert "filter" in nothing_here("todo", TileFilter(text="x"))


def test_next_is_what_is_to_do_then_what_is_asked_of_the_person() -> None:
    assert next_up(QUEUE, "uncertainty").tile.name == "t2"
    assert next_up(QUEUE, "uncertainty", {"t2"}).tile.name == "t0"
    assert next_up(QUEUE, "uncertainty", {"t0", "t2"}).tile.name == "t2"
    assert next_up([e for e in QUEUE if e.reviewed], "place").tile.name == "t5"
    assert next_up(QUEUE[3:5], "place") is None


def test_what_a_second_look_waits_for() -> None:
    assert [e.second_state for e in QUEUE[4:]] == ["Verdicts differ", "Waits for you"]
    assert entry(0, "fix", review=review()).second_state == "Waits for somebody else"
    assert entry(0, "fix", review=review("fix", "fix")).second_state == "Done"
    assert entry(0, "open", review=review()).second_state == ""


def test_progress_by_count_by_area_and_by_reviewer() -> None:
    so_far = done(QUEUE)
    assert (so_far.tiles, so_far.reviewed, so_far.reviewed_ha) == (6, 4, 8.0)
    assert so_far.share == pytest.approx(8 / 12)
    assert so_far.by_reviewer == {"Ada": (2, 4.0), "Ben": (2, 4.0)}
    assert reviewers_text(so_far) == "Ada: 2 tiles, 4.00 ha · Ben: 2 tiles, 4.00 ha"
    assert done([]).share == 0.0
    many = done([entry(n, "fix", who=f"P{n}") for n in range(9)])
    assert reviewers_text(many).endswith("and 3 others")
