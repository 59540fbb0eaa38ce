from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.experiment_docs import write_tables
from core.study.experiments.experiment_plan import Column, Plot
from core.study.experiments.experiment_report import run_and_write
from tests.study.experiments.works import cell, experiment

PAGE = """# Tables

<!-- table: trial; where=here -->
old
<!-- end -->

Prose stays. ![](experiments/trial-all.png)

<!-- notes: trial -->
<!-- end -->

<!-- table: absent -->
old
<!-- end -->

<!-- table: seconds -->
<!-- end -->
"""


@pytest.fixture
def results(tmp_path) -> Path:
    columns = (Column("where", "where"), Column("method", "method"))
    cells = [cell(m, where=w) for w in ("here", "there") for m in ("a", "b")]
    plots = (Plot("all", "All", "bars", "where", "method"),)
    asked = experiment(cells, columns=columns, plots=plots, reference={"method": "a"})
    run_and_write(asked, tmp_path / "results" / "trial", jobs=1)
    return tmp_path / "results"


def test_tables_come_between_their_markers_and_nothing_else_moves(results, tmp_path) -> None:
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text(PAGE)
    left = write_tables(page, results)
    text = page.read_text()
    assert left == ["absent has no result yet"]
    table = text.split("where=here -->\n")[1].split("<!-- end -->")[0].splitlines()
    assert table[0].startswith("| method | tiles | overall accuracy | mean IoU |")
    assert [line.split("|")[1].strip() for line in table[2:]] == ["a", "b"]
    assert "- Made up." in text
    assert "| trial | 4 |" in text
    assert "<!-- table: absent -->\nold\n<!-- end -->" in text
    assert "Prose stays." in text
    assert (page.parent / "experiments" / "trial-all.png").is_file()
    write_tables(page, results)
    assert page.read_text() == text


def test_a_column_may_lie_across(results, tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- table: trial; across=method -->\n<!-- end -->\n")
    write_tables(page, results)
    heads, _, here, there, end = page.read_text().splitlines()[1:]
    assert heads == "| where | a | b |"
    assert here.startswith("| here | 0.")
    assert there.count("(") == 2
    assert end == "<!-- end -->"


def test_a_column_that_is_not_there_is_said(results, tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- table: trial; wher=here -->\n<!-- end -->\n")
    with pytest.raises(ValueError, match="no column wher, only where, method"):
        write_tables(page, results)
