"""A minute of the torture (all parts: `make test-long`); what its counts mean; what it notices.

``python -m benchmarks.torture`` does all of it at the promised sizes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

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


QUICK = ("kills", "mutants")


@pytest.mark.parametrize(
    "part",
    [part if part in QUICK else pytest.param(part, marks=pytest.mark.long) for part in PARTS],
)
def test_nothing_is_lost_or_wrong_and_nobody_gets_in(part) -> None:
    # In a thread of its own: the browser tests leave an event loop in the main one.
    with ThreadPoolExecutor(1) as thread:
        tallies = thread.submit(torture, Wanted(scale=SCALES[part], minutes=0.3), [part]).result()
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
