from core.project import TileRecord, VerdictRecord
from ui.review_queue import Entry, done, filtered, ordered


def entry(order: int, verdict: str = "open", **figures: float) -> Entry:
    said = VerdictRecord(verdict, "", "", None, 0)
    return Entry(TileRecord("s", f"t{order}", order, (0, 0, 1, 1), said, figures, 0, 0), 2.0)


QUEUE = [
    entry(0, uncertainty=0.1, disagreement=0.5),
    entry(1, "accepted"),
    entry(2, uncertainty=0.4, disagreement=0.0),
    entry(3, "rejected", uncertainty=0.4),
]


def names(queue) -> list[str]:
    return [e.tile.name for e in queue]


def test_orders_put_tiles_without_the_figure_last() -> None:
    assert names(ordered(QUEUE, "uncertainty")) == ["t2", "t3", "t0", "t1"]
    assert names(ordered(QUEUE, "disagreement")) == ["t0", "t2", "t1", "t3"]
    assert names(ordered(QUEUE[::-1], "place")) == ["t0", "t1", "t2", "t3"]


def test_filter_and_progress() -> None:
    assert names(filtered(QUEUE, ["open"])) == ["t0", "t2"]
    assert filtered(QUEUE, []) == QUEUE
    so_far = done(QUEUE)
    assert (so_far.reviewed, so_far.reviewed_ha, so_far.share) == (2, 4.0, 0.5)
    assert done([]).share == 0.0
