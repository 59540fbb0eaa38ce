from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from core.study.experiments.cells import (
    Cell,
    CellResult,
    Context,
    digest,
    kept_mask,
    kept_result,
    run_cell,
)
from core.study.experiments.region import StudyImage
from core.study.metrics.figures import TileFigures
from tests.study.experiments.works import Task, cell, score


@dataclass(frozen=True, slots=True)
class MaskTask:
    side: int


def masked(task: MaskTask, context: Context) -> CellResult:
    mask = np.tri(task.side, dtype=bool)
    at = score(range(16))
    return CellResult(
        (TileFigures("a", "r0c0", at, mask, {"kind": "x"}), TileFigures("a", "r0c1", at, None))
    )


MASKED = Cell({"method": "m"}, masked, MaskTask(5))


def do_now(one: Cell, folder: Path) -> None:
    run_cell(one, Context(folder, lambda share: None))


def test_a_result_is_kept_with_its_masks_and_labels(tmp_path) -> None:
    assert kept_result(MASKED, tmp_path) is None
    do_now(MASKED, tmp_path)
    kept = kept_result(MASKED, tmp_path)
    assert [tile.tile for tile in kept.tiles] == ["r0c0", "r0c1"]
    np.testing.assert_array_equal(kept.tiles[0].sums, score(range(16)))
    assert MASKED.labels_of(kept.tiles[0]) == {"method": "m", "kind": "x"}
    assert kept.seconds >= 0
    np.testing.assert_array_equal(kept_mask(MASKED, 0, tmp_path), np.tri(5, dtype=bool))
    assert kept_mask(MASKED, 1, tmp_path) is None


def test_a_result_in_the_place_of_another_counts_as_none(tmp_path) -> None:
    other = Cell({"method": "m"}, masked, MaskTask(6))
    do_now(MASKED, tmp_path)
    (tmp_path / other.key).write_bytes((tmp_path / MASKED.key).read_bytes())
    assert kept_result(other, tmp_path) is None
    assert kept_mask(other, 0, tmp_path) is None


@pytest.mark.parametrize("cut", [-1, 0, 10])
def test_a_damaged_file_counts_as_none(tmp_path, cut) -> None:
    do_now(MASKED, tmp_path)
    for path in list(tmp_path.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole[:cut])
        assert kept_result(MASKED, tmp_path) is None, path.name
        path.write_bytes(whole)
        assert kept_result(MASKED, tmp_path) is not None
        path.unlink()
        assert kept_result(MASKED, tmp_path) is None, path.name
        path.write_bytes(whole)


def test_a_key_hangs_on_what_is_done_and_not_on_labels() -> None:
    first = cell("a")
    assert first.key == replace(first, labels={"method": "z"}, cost=9.0).key
    assert first.key != cell("a", seed=1).key
    assert first.key != replace(first, work=masked).key
    assert first.key != replace(first, task=Task("b")).key


def test_an_image_is_known_by_what_it_holds() -> None:
    here = StudyImage("a", Path("x/a.tif"), Path("x/t.tif"), Path("x/l.tif"), None, "print")
    elsewhere = replace(here, scene=Path("y/a.tif"), truth=Path("y/t.tif"))
    assert digest(here) == digest(elsewhere)
    assert digest(here) != digest(replace(here, fingerprint="other"))


def test_what_is_no_plain_value_is_refused_because_its_key_could_not_be_trusted() -> None:
    with pytest.raises(TypeError, match="no plain value"):
        digest({"a": object()})
    with pytest.raises(TypeError, match="PosixPath"):
        digest(StudyImage("a", Path("a"), Path("b"), Path("c")))
