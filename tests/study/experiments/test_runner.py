from __future__ import annotations

import pytest

from core.errors import CancelledError, InputError
from core.study.experiments.cells import kept_result
from core.study.experiments.runner import run_cells
from tests.study.experiments.works import cell, times_done

CELLS = [cell("a"), cell("bb"), cell("ccc")]


def test_what_is_done_is_not_done_again_and_what_is_damaged_is(tmp_path) -> None:
    run_cells(CELLS[:2], tmp_path, jobs=1)
    run_cells(CELLS, tmp_path, jobs=1)
    assert [times_done(tmp_path, name) for name in ("a", "bb", "ccc")] == [1, 1, 1]
    path = tmp_path / CELLS[1].key
    path.write_bytes(path.read_bytes()[:-2])
    run_cells(CELLS, tmp_path, jobs=1)
    assert [times_done(tmp_path, name) for name in ("a", "bb", "ccc")] == [1, 2, 1]


def test_the_same_work_under_two_labels_is_done_once(tmp_path) -> None:
    run_cells([cell("a", where="here"), cell("a", where="there")], tmp_path, jobs=1)
    assert times_done(tmp_path, "a") == 1


def test_two_processes_find_what_one_does(tmp_path) -> None:
    shares: dict[int, list[float]] = {1: [], 2: []}
    for jobs, told in shares.items():

        def progress(_stage: str, now: int, whole: int, told: list[float] = told) -> None:
            told.append(now / whole)

        run_cells(CELLS, tmp_path / str(jobs), jobs=jobs, progress=progress)
        assert told == sorted(told)
        assert (told[0], told[-1]) == (0.0, 1.0)
    for one in CELLS:
        alone, beside = (kept_result(one, tmp_path / jobs) for jobs in ("1", "2"))
        assert [(t.image, t.tile, t.sums.tolist()) for t in alone.tiles] == [
            (t.image, t.tile, t.sums.tolist()) for t in beside.tiles
        ]
        assert alone.facts == beside.facts


def test_a_cancel_keeps_what_is_finished(tmp_path) -> None:
    asked = iter([False, False, True, True, True])
    with pytest.raises(CancelledError, match="the same command goes on"):
        run_cells(CELLS, tmp_path, jobs=1, cancelled=lambda: next(asked))
    assert [kept_result(one, tmp_path) is not None for one in CELLS] == [True, False, False]
    run_cells(CELLS, tmp_path, jobs=1)
    assert times_done(tmp_path, "a") == 1


def test_a_failing_cell_says_why_and_the_others_stay(tmp_path) -> None:
    bad = cell("bad", bad=True)
    with pytest.raises(InputError, match=r"bad cannot be done\.") as said:
        run_cells([CELLS[0], bad, CELLS[1]], tmp_path, jobs=1)
    assert said.value.hint == "Take another."
    assert kept_result(CELLS[0], tmp_path) is not None
    assert kept_result(bad, tmp_path) is None


def test_another_process_fails_with_the_same_words(tmp_path) -> None:
    with pytest.raises(InputError, match=r"bad cannot be done\.") as said:
        run_cells([cell("bad", bad=True), cell("bad", 1, bad=True)], tmp_path, jobs=2)
    assert said.value.hint == "Take another."


def test_other_processes_hear_a_cancel(tmp_path) -> None:
    with pytest.raises(CancelledError):
        run_cells(CELLS, tmp_path, jobs=2, cancelled=lambda: True)
    # Whatever had begun is whole.
    run_cells(CELLS, tmp_path, jobs=1)
    assert all(kept_result(one, tmp_path) for one in CELLS)
