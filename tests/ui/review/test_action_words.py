from datetime import UTC, datetime

import pytest

from core.label.corrections import CORRECTION_KINDS
from core.project import HistoryRow
from ui.review.action_words import HIDDEN, KINDS, SHORT_KINDS, describe, group, kinds_in_words
from ui.review.effort_tab import duration
from ui.review.tile_lists import parcels_in_words


def row(action: str, **detail) -> HistoryRow:
    return HistoryRow(datetime.now(UTC), "Ada", "s", "t", action, detail)


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (row("edit", kinds=["split", "merge"]), "Split a parcel, merged parcels"),
        (row("edit", kinds=["reclassify"]), "Changed the land type of a parcel"),
        (row("edit", kinds=["some_new_kind"]), "Some new kind"),
        (row("undo", kinds=["parcel_verdict"]), "Undid: gave a parcel a verdict"),
        (row("redo", kinds=[]), "Redid"),
        (row("verdict", verdict="fix", comment="gap"), "Verdict: to fix — gap"),
        (row("second verdict", verdict="accepted"), "Second verdict: accepted"),
        (row("verdict", hidden=True), HIDDEN),
        (row("second look drawn", tiles=3, seed=7), "Picked 3 tiles for a second look (seed 7)"),
        (row("second look withdrawn", tiles=1), "Took 1 tile out of the second look"),
        (row("scene added", name="May"), "Scene added: May"),
    ],
)
def test_what_was_done_in_words(done: HistoryRow, words: str) -> None:
    assert describe(done) == words


def test_every_kind_of_correction_has_words() -> None:
    assert set(CORRECTION_KINDS) <= KINDS.keys() & SHORT_KINDS.keys()


def test_groups_and_counts() -> None:
    assert (group(row("edit")), group(row("scene added"))) == ("Edits", "Project")
    assert kinds_in_words({"split": 2, "prompt_set": 12}) == "points 12, splits 2"


def test_what_was_said_of_parcels() -> None:
    figures = {"parcels": 9.0, "parcels_edited": 3.0, "parcels_unsure": 1.0, "parcels_other": 0.0}
    assert parcels_in_words(figures) == "corrected 3, not sure 1"
    assert parcels_in_words({}) == ""


def test_durations() -> None:
    said = [duration(s) for s in (0, 89.4, 90, 5300, 5400, 7500)]
    assert said == ["0 s", "89 s", "2 min", "88 min", "1 h 30 min", "2 h 05 min"]
