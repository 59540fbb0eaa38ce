"""Three minutes of the torture: each part of it, small; what its counts mean; what it would notice.

``python -m benchmarks.torture`` does all of it at the promised sizes.
"""

from __future__ import annotations

import pytest

from benchmarks.torture.__main__ import torture
from benchmarks.torture.parts import PARTS, Wanted
from benchmarks.torture.people import Saved
from benchmarks.torture.tally import BAD, MOST_MB, Tally, table

SCALES = {
    "doors": 1.0,
    "kills": 0.05,
    "mutants": 0.05,
    "edits": 0.05,
    "exchanges": 0.05,
    "disks": 0.1,
    "crowd": 0.2,
}
"""Shares of the promised sizes that take about half a minute each."""


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_lost_or_wrong_and_nobody_gets_in(part) -> None:
    tallies = torture(Wanted(scale=SCALES[part], minutes=0.3), [part])
    assert all(tally.counts["tried"] for tally in tallies)
    details = [detail for tally in tallies for detail in tally.details]
    assert all(tally.is_good for tally in tallies), "\n".join([table(tallies), *details])


def test_what_must_not_be_is_not_good() -> None:
    for outcome in BAD:
        tally = Tally("raster")
        tally.add("held", 0)
        assert tally.is_good
        tally.add(outcome, 1, "why")
        assert not tally.is_good
        assert tally.details == [f"raster 1: {outcome}\nwhy"]
    assert not Tally("raster", peak_mb=MOST_MB + 1).is_good
    assert "| raster | 0 |" in table([Tally("raster")])


def test_an_edit_that_is_missing_changed_or_in_another_place_is_lost() -> None:
    def saved() -> Saved:
        return Saved(["a", "b", "c"], [], (["a", "b", "c", "d"], []))

    assert saved().lost(["a", "b", "c"]) == 0
    assert saved().lost(["a", "b", "c", "d"]) == 0  # nobody was told, but it may be there
    assert saved().lost(["a", "b"]) == 1
    assert saved().lost(["a", "x", "c"]) == 2
    assert saved().lost(["b", "a", "c"]) == 3
    assert saved().lost(["a", "b", "c", "x"]) == 1
    assert saved().lost([]) == 3
