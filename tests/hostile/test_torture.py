"""The first mutants of every kind; ``python -m benchmarks.torture`` goes on as long as asked."""

import pytest

from benchmarks.torture.inputs import make_inputs
from benchmarks.torture.kills import run_kills
from benchmarks.torture.run import run_kind
from benchmarks.torture.tally import MOST_MB, Tally, table

COUNTS = {"raster": 60, "vector": 4, "bundle": 60, "project": 60, "kept": 60, "edit": 30}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("torture")
    make_inputs(made)
    return made


@pytest.mark.parametrize("kind", COUNTS)
def test_mutants_are_refused_in_a_sentence_or_read(folder, kind) -> None:
    tally = run_kind(kind, 0, 120, folder, most=COUNTS[kind])
    assert tally.counts["tried"] == COUNTS[kind]
    assert tally.is_good, "\n".join([table([tally]), *tally.details])


def test_a_writer_that_is_killed_loses_nothing_that_was_saved(folder) -> None:
    tally = run_kills(0, 5, folder)
    assert tally.counts["tried"] >= 1
    assert tally.is_good, tally.details


def test_what_must_not_be_is_not_good() -> None:
    for outcome in ("edits lost", "silently wrong", "traceback", "signal", "hang"):
        tally = Tally("raster")
        tally.add("read", 0)
        assert tally.is_good
        tally.add(outcome, 1, "why")
        assert not tally.is_good
        assert tally.details == [f"raster 1: {outcome}\nwhy"]
    assert not Tally("raster", peak_mb=MOST_MB + 1).is_good
    assert "| raster | 0 |" in table([Tally("raster")])
