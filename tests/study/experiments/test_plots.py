from __future__ import annotations

import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from core.study.experiments.experiment_plan import Column, Plot
from core.study.experiments.methods import METHODS
from core.study.experiments.plots import draw_plot, spread_out, styles, write_plots
from core.study.experiments.tables import SHOWN, Row
from core.study.metrics.bootstrap import Interval

COLUMNS = (Column("region", "region"), Column("method", "method"), Column("labels", "crops"))
LINES = Plot("curve", "Labels", "lines", "labels", "method", level={"labels": (0,)})
BARS = Plot("bars", "Methods $1 & <2>", "bars", "region", "method")


def row(value: float | None = 0.7, half: float | None = 0.1, **labels: object) -> Row:
    interval = Interval(
        value,
        *((None, None) if None in (value, half) else (value - half, value + half)),
    )
    return Row(labels, 1, 6, dict.fromkeys(SHOWN, interval), dict.fromkeys(SHOWN, None), None, 1.0)


ROWS = [
    *(row(0.5 + 0.05 * n, region="a_b$", method=m, labels=0) for n, m in enumerate(METHODS)),
    *(row(0.6 + n / 200, region="a_b$", method="U-Net, fine-tuned", labels=n) for n in (5, 50)),
]


def colours(path: Path) -> set[tuple[int, int, int]]:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width == 1200
        return {colour for _, colour in picture.convert("RGB").getcolors(1_000_000)}


def test_every_method_is_seen_in_its_own_colour(tmp_path) -> None:
    (written,) = write_plots([BARS], COLUMNS, ROWS, tmp_path)
    seen = colours(tmp_path / written.png)
    for method, style in styles(row.labels["method"] for row in ROWS).items():
        assert ImageColor.getrgb(style.colour) in seen, method
    assert ElementTree.parse(tmp_path / written.svg).getroot().tag.endswith("svg")


def test_methods_that_do_not_hang_on_x_are_level_lines() -> None:
    (axes,) = draw_plot(LINES, COLUMNS, ROWS).axes
    level = [line.get_ydata()[0] for line in axes.lines if list(line.get_xdata()) == [0, 1]]
    assert sorted(level) == pytest.approx([0.5 + 0.05 * n for n in range(len(METHODS))])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["5", "50"]
    names = {text.get_text() for text in axes.texts}
    assert names == {*METHODS, "U-Net, fine-tuned"}


def test_intervals_are_where_they_are() -> None:
    (axes,) = draw_plot(BARS, COLUMNS, [row(0.6, 0.1, region="a", method="apt")]).axes
    (bars,) = axes.containers
    (segments,) = (line.get_segments() for line in bars[2])
    np.testing.assert_allclose(segments[0][:, 0], [0.5, 0.7])
    low, high = axes.get_xlim()
    assert low < 0.5
    assert 0.7 < high <= 1


@pytest.mark.parametrize("scale", ["linear", "log", "even"])
def test_points_stand_at_their_numbers(scale) -> None:
    plot = Plot("x", "t", "lines", "labels", "method", scale=scale, x_title="metres")
    rows = [row(region="a", method="apt", labels=n) for n in (300, 10, 100)]
    (axes,) = draw_plot(plot, COLUMNS, rows).axes
    (line,) = [one for one in axes.lines if one.get_linestyle() == "-"]
    at = [0, 1, 2] if scale == "even" else [10, 100, 300]
    np.testing.assert_allclose(np.asarray(line.get_xdata(), dtype=float), at)
    assert axes.get_xscale() == ("log" if scale == "log" else "linear")
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["10", "100", "300"]
    assert axes.get_xlabel() == "metres"


def test_a_panel_for_each_facet_and_what_is_not_defined_is_left_out() -> None:
    plot = Plot("x", "t", "bars", "method", "method", facet="region")
    rows = [
        row(region="a", method="apt", labels=0),
        row(region="b", method="apt", labels=0, half=None),
        row(None, region="b", method="joint", labels=0),
    ]
    axes = draw_plot(plot, COLUMNS, rows).axes
    assert [one.get_title(loc="left") for one in axes] == ["a", "b"]
    assert [t.get_text() for t in axes[1].get_yticklabels()] == ["apt"]
    assert draw_plot(plot, COLUMNS, rows[2:]) is None
    assert (
        draw_plot(
            Plot("x", "t", "bars", "region", "method", where={"region": ("z",)}), COLUMNS, rows
        )
        is None
    )


def test_a_plot_of_nothing_is_not_written(tmp_path) -> None:
    assert write_plots([BARS], COLUMNS, [], tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_plots_are_the_same_each_time_also_from_several_threads(tmp_path) -> None:
    def write(name: str) -> None:
        (tmp_path / name).mkdir()
        write_plots([BARS, LINES], COLUMNS, ROWS, tmp_path / name)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for file in ("bars.png", "bars.svg", "curve.png", "curve.svg"):
        bodies = {(tmp_path / name / "plots" / file).read_bytes() for name in "abc"}
        assert len(bodies) == 1, file


def test_a_method_looks_the_same_whatever_stands_beside_it() -> None:
    alone, among = styles(["apt_plus"]), styles([*METHODS, "something", "U-Net"])
    assert alone["apt_plus"] == among["apt_plus"]
    looks = [(style.colour, style.marker) for style in among.values()]
    assert len(set(looks)) == len(looks)


def test_variants_have_one_colour_and_lines_of_their_own() -> None:
    found = styles(["U-Net", "U-Net, fine-tuned", "U-Net, from scratch"])
    assert len({style.colour for style in found.values()}) == 1
    assert len({style.line for style in found.values()}) == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_names_beside_lines_keep_their_order_and_their_distance(heights) -> None:
    found = spread_out(heights, 0.05)
    order = np.argsort(heights, kind="stable")
    assert (np.diff(np.array(found)[order]) >= 0.05 - 1e-9).all()
    if (np.diff(np.sort(heights)) >= 0.05).all():
        np.testing.assert_allclose(found, heights, atol=1e-9)
