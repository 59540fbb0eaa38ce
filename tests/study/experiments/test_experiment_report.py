from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from core.errors import CancelledError, InputError, OutputError
from core.files import sha256_of
from core.study.experiments import experiment_report as report
from core.study.experiments.experiment_page import experiment_page
from core.study.experiments.experiment_plan import Column, Experiment, Plot
from core.study.experiments.experiment_record import read_experiment
from core.study.experiments.experiment_report import Written, run_and_write
from core.study.experiments.methods import LANDCOVER, ComparisonOptions, comparison
from core.study.experiments.region import read_region
from core.study.metrics.error_map import COLOURS, FALSE, MISSED, NOT_JUDGED
from tests.study.experiments.small_region import NAMES, PRODUCT, write_small_region
from tests.study.experiments.works import cell, experiment, times_done
from tests.study.metrics.scenes import fields

BARS = Plot("all", "All methods", "bars", "method", "method")


def small(folder: Path) -> Experiment:
    """The land cover alone, on six images: no model is asked."""
    region = read_region(write_small_region(folder, test=NAMES), PRODUCT)
    return comparison((region,), ComparisonOptions((LANDCOVER,)))


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Written:
    folder = tmp_path_factory.mktemp("run")
    asked = small(folder / "=HYPERLINK(farm)")
    return run_and_write(asked, folder / "out", jobs=1, seed=4, options={"model": "none"})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def test_files_are_there_with_their_checksums(written) -> None:
    record = read_experiment(written.folder)
    assert record == written.record
    for name in ("summary.md", "table.csv", "tiles.csv", "cells.csv", "plots/mean_iou.svg"):
        assert name in record.files
    for name, sha256 in record.files.items():
        assert sha256_of(written.folder / name) == sha256
    left = {p.name for p in written.folder.iterdir()}
    assert left == {
        *("summary.md", "table.csv", "tiles.csv", "cells.csv", "record.json"),
        *("plots", "worst", ".cells"),
    }
    assert (record.seed, record.options) == (4, {"model": "none"})


def test_nothing_names_a_folder_of_this_machine(written) -> None:
    for name in ("summary.md", "table.csv", "tiles.csv", "cells.csv", "record.json"):
        text = (written.folder / name).read_text()
        assert str(written.folder.parent) not in text
        assert not re.search(r"(?<![\w<])/(tmp|home|private)/", text)


def test_tables_open_safely_and_leave_empty_what_is_not_defined(written) -> None:
    (row,) = rows(written.folder / "table.csv")
    assert row["region"] == "'=HYPERLINK(farm)"
    assert (row["seeds"], row["tiles"]) == ("1", "6")
    assert 0 < float(row["mean_iou_low"]) <= float(row["mean_iou"]) <= float(row["mean_iou_high"])
    assert row["mean_iou_spread"] == row["mean_iou_difference"] == ""
    found = rows(written.folder / "tiles.csv")
    worst_first = [float(one["mean_iou"]) for one in found]
    assert worst_first == sorted(worst_first)
    assert {one["image"] for one in found} == set(NAMES)
    assert all("nan" not in one.values() for one in found)
    assert len(rows(written.folder / "cells.csv")) == 6


def test_counts_of_a_tile_are_those_of_its_pixels(written) -> None:
    truth = fields() > 0
    found = np.roll(truth, 1, axis=1)
    (row,) = [one for one in rows(written.folder / "tiles.csv") if one["image"] == "image5"]
    assert int(row["true_positive"]) == (found & truth)[5:].sum()
    assert int(row["false_negative"]) == (~found & truth)[5:].sum()


def test_the_worst_tiles_are_pictured_and_lie_where_they_are(written) -> None:
    truth = fields() > 0
    found = np.roll(truth, 1, axis=1)
    assert len(written.record.pictures) == 6
    for one in written.record.pictures:
        with rasterio.open(written.folder / one.errors) as errors:  # noqa: TID251
            codes = errors.read(1)
            assert errors.crs.to_epsg() == 32633
            assert errors.transform.c == 500_000
        unknown = int(one.image.removeprefix("image"))
        assert (codes[:unknown] == NOT_JUDGED).all()
        np.testing.assert_array_equal(codes[unknown:] == MISSED, (truth & ~found)[unknown:])
        np.testing.assert_array_equal(codes[unknown:] == FALSE, (found & ~truth)[unknown:])
        assert (one.missed, one.false) == ((codes == MISSED).sum(), (codes == FALSE).sum())
        with Image.open(written.folder / one.picture) as picture:
            colours = {colour for _, colour in picture.convert("RGB").getcolors(100_000)}
        assert COLOURS[MISSED][:3] in colours
    values = [one.mean_iou for one in written.record.pictures]
    assert values == sorted(values)


def test_the_page_holds_everything_a_reader_needs(written) -> None:
    text = (written.folder / "summary.md").read_text()
    assert "Which method that needs no labels" in text
    assert "![Mean IoU of methods that need no labels](plots/mean_iou.png)" in text
    assert "(worst/01_" in text
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (written.folder / target).is_file()
    assert len(text.splitlines()) < 60


def test_a_second_run_is_the_same_and_does_nothing_again(tmp_path) -> None:
    asked = small(tmp_path / "farm")
    cells = tmp_path / "cells"
    first = run_and_write(asked, tmp_path / "a", jobs=1, cells_folder=cells)
    second = run_and_write(asked, tmp_path / "b", jobs=1, cells_folder=cells)
    assert first.record.files == second.record.files
    assert not (tmp_path / "a" / ".cells").exists()
    third = run_and_write(asked, tmp_path / "c", jobs=1)
    for name, sha256 in first.record.files.items():
        # These three tell how long it took.
        if name not in {"table.csv", "cells.csv", "summary.md"}:
            assert third.record.files[name] == sha256, name
    timed = [rows(one.folder / "table.csv") for one in (first, third)]
    assert all(one.pop("seconds") for table in timed for one in table)
    assert timed[0] == timed[1]


def test_another_run_in_the_same_folder_leaves_nothing_of_the_first(tmp_path) -> None:
    cells = [cell("a"), cell("b")]
    mine = tmp_path / "out" / "mine.txt"
    run_and_write(experiment(cells, plots=(BARS,)), tmp_path / "out", jobs=1)
    mine.write_text("kept")
    assert (tmp_path / "out" / "plots" / "all.png").is_file()
    again = run_and_write(experiment(cells[:1]), tmp_path / "out", jobs=1)
    assert not list((tmp_path / "out" / "plots").glob("*"))
    assert mine.read_text() == "kept"
    assert times_done(tmp_path / "out" / ".cells", "a") == 1
    assert [row.labels for row in again.record.rows] == [{"method": "a"}]


def test_a_cancel_leaves_earlier_results_and_finished_cells(tmp_path) -> None:
    out, asked = tmp_path / "out", experiment([cell("a"), cell("b")], plots=(BARS,))
    run_and_write(experiment([cell("a")]), out, jobs=1)
    before = {p: p.read_bytes() for p in out.iterdir() if p.is_file()}
    for most in range(20):
        calls = iter(range(1000))
        try:
            run_and_write(asked, out, jobs=1, cancelled=lambda c=calls, m=most: next(c) >= m)
        except CancelledError:
            assert {p: p.read_bytes() for p in out.iterdir() if p.is_file()} == before
            assert not list(out.glob(".writing-*"))
        else:
            break
    assert most >= 3
    assert times_done(out / ".cells", "a") == 1
    assert len(read_experiment(out).rows) == 2


def test_where_writing_fails_earlier_results_stay(tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    run_and_write(experiment([cell("a")]), out, jobs=1)
    before = (out / "record.json").read_bytes()

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "tiles_csv", full)
    with pytest.raises(OutputError, match="The disk is full"):
        run_and_write(experiment([cell("a"), cell("b")]), out, jobs=1)
    assert (out / "record.json").read_bytes() == before


def test_an_image_whose_truth_is_unknown_is_named_and_no_truth_at_all_is_an_error(
    tmp_path,
) -> None:
    names = [f"i{number}" for number in range(2)]
    folder = write_small_region(tmp_path / "farm", names, test=names)
    with rasterio.open(folder / "truth" / "i1.tif", "r+") as truth:  # noqa: TID251
        truth.write(np.full((1, 48, 48), 255, dtype=np.uint8))
    region = read_region(folder, PRODUCT)
    options = ComparisonOptions((LANDCOVER,))
    found = run_and_write(comparison((region,), options), tmp_path / "out", jobs=1)
    assert found.record.rows[0].tiles == 1
    assert "truth is known nowhere: i1." in experiment_page(found.record)
    with rasterio.open(folder / "truth" / "i0.tif", "r+") as truth:  # noqa: TID251
        truth.write(np.full((1, 48, 48), 255, dtype=np.uint8))
    with pytest.raises(InputError, match="the truth is known nowhere"):
        run_and_write(
            comparison((read_region(folder, PRODUCT),), options), tmp_path / "none", jobs=1
        )
    assert not (tmp_path / "none" / "record.json").exists()


def test_several_seeds_and_a_reference_have_columns_on_the_page(tmp_path) -> None:
    cells = [cell("base"), *(cell("a|b", seed) for seed in range(3))]
    asked = experiment(cells, reference={"method": "base"}, columns=(Column("method", "what"),))
    found = run_and_write(asked, tmp_path / "out", jobs=1)
    lines = experiment_page(found.record).splitlines()
    assert any(line.startswith("| what | seeds | tiles |") for line in lines)
    (row,) = [line for line in lines if line.startswith("| a\\|b | 3 | 6 |")]
    assert re.search(r"[+-]0\.\d{3} \([+-]0\.\d{3} to [+-]0\.\d{3}\) \|$", row)


def test_a_page_of_many_rows_has_mean_iou_alone(tmp_path) -> None:
    columns = (Column("where", "where"), Column("method", "method"))
    cells = [cell(m, where=n) for n in range(31) for m in ("a", "b")]
    found = run_and_write(experiment(cells, columns=columns), tmp_path / "out", jobs=1)
    lines = experiment_page(found.record).splitlines()
    start = lines.index("| where | a | b |")
    assert lines[start + 32].startswith("| 30 | 0.")
    assert len(rows(tmp_path / "out" / "table.csv")) == 62


def test_a_record_that_cannot_be_read_is_named_and_kept(tmp_path) -> None:
    with pytest.raises(InputError, match="holds no result of an experiment"):
        read_experiment(tmp_path)
    out = tmp_path / "out"
    run_and_write(experiment([cell("a")]), out, jobs=1)
    file = out / "record.json"
    whole = json.loads(file.read_text())
    for text in ("{", "[]", "{}", '{"format": 1}', json.dumps({**whole, "rows": [{}]})):
        file.write_text(text)
        with pytest.raises(InputError, match=r"out/record\.json cannot be read \(it is damaged"):
            read_experiment(out)
    file.write_text(json.dumps({**whole, "format": 99}))
    with pytest.raises(InputError, match="newer version"):
        read_experiment(out)
    run_and_write(experiment([cell("a")]), out, jobs=1)
    assert len(read_experiment(out).rows) == 1
    assert json.loads((out / "record.unreadable-1.json").read_text())["format"] == 99


def test_a_record_of_the_version_before_is_read(tmp_path) -> None:
    found = read_experiment(Path(__file__).parent / "record_of_b4fda5d")
    assert [row.labels for row in found.rows] == [
        {"region": "farm", "method": method} for method in ("land cover", "classifier")
    ]
    assert found.rows[1].difference is not None
    assert found.rows[0].figures["mean_iou"].low is not None
    assert {type(one.labels["seed"]) for one in found.pictures} == {int}
