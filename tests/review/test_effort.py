from datetime import UTC, datetime, timedelta

import pytest

from core.project import HistoryRow
from core.review.effort import PAUSE_S, Effort, ledger, total

START = datetime(2025, 6, 1, 8, tzinfo=UTC)


def did(
    seconds: float, who: str, tile: str | None, action: str, *kinds: str, scene: str = "s"
) -> HistoryRow:
    detail = {"kinds": list(kinds)} if kinds else {}
    return HistoryRow(START + timedelta(seconds=seconds), who, scene, tile, action, detail)


LOG = [
    did(0, "Ada", "t1", "edit", "prompt_set"),
    did(4, "Ada", "t1", "edit", "prompt_set"),
    did(5, "Ben", "t1", "edit", "split"),
    did(10, "Ada", "t1", "undo", "prompt_set"),
    did(1010, "Ada", "t1", "edit", "area_add", "area_remove"),
    did(1020, "Ada", "t2", "edit", "split"),
    did(1023, "Ada", "t2", "verdict"),
    did(1030, "Ada", "t1", "verdict"),
    did(1035, "Ben", "t1", "edit", "merge"),
    did(1036, "Ben", None, "scene changed"),
]


def test_a_fixed_log_worked_by_hand() -> None:
    shares = {(s.tile, s.person): s.effort for s in ledger(LOG[::-1])}
    # One step is one action, whatever it changes.
    # 4 s, 6 s, and of 1,000 s only 60; the way from t2 back to t1 is no time on t1.
    assert shares["t1", "Ada"].seconds == 70.0
    assert shares["t1", "Ada"].actions == 5
    assert shares["t1", "Ada"].undone == 1
    assert shares["t1", "Ada"].kinds == {"prompt_set": 2, "area_add": 1, "area_remove": 1}
    assert (shares["t2", "Ada"].seconds, shares["t2", "Ada"].actions) == (3.0, 2)
    # Ada's actions in between do not break Ben's pause, which is longer than counts.
    assert (shares["t1", "Ben"].seconds, shares["t1", "Ben"].edits) == (PAUSE_S, 2)
    assert set(shares) == {("t1", "Ada"), ("t1", "Ben"), ("t2", "Ada")}
    everything = total(ledger(LOG[::-1]))
    assert (everything.seconds, everything.actions) == (133.0, 9)


@pytest.mark.parametrize(("pause", "seconds"), [(1.0, 3.0), (5.0, 14.0), (2000.0, 1010.0)])
def test_the_longest_pause_that_counts(pause: float, seconds: float) -> None:
    shares = {(s.tile, s.person): s.effort for s in ledger(LOG[::-1], pause)}
    assert shares["t1", "Ada"].seconds == seconds


def test_tiles_of_one_name_in_two_scenes_are_two() -> None:
    log = [
        did(0, "Ada", "t1", "edit", "split"),
        did(5, "Ada", "t1", "edit", "split", scene="other"),
        did(9, "Ada", "t1", "edit", "split", scene="other"),
    ]
    assert [(s.scene_id, s.effort.seconds) for s in ledger(log[::-1])] == [("s", 0.0), ("other", 4)]


def test_a_clock_that_went_back_takes_no_time_away() -> None:
    log = [did(9, "Ada", "t", "edit", "split"), did(3, "Ada", "t", "edit", "split")]
    assert total(ledger(log[::-1])).seconds == 0.0


def test_nothing_is_nothing() -> None:
    assert total(ledger([])) == Effort()
