"""The evaluation in words."""

import pytest

from core.study.experiments.methods import LANDCOVER, METHODS
from core.study.metrics.bootstrap import Interval
from core.study.projects.findings import Finding
from ui.evaluate.method_words import (
    FIRST_CHOICE,
    SECONDS,
    SENTENCES,
    TITLES,
    conclusion,
    difference,
    in_order,
    method_title,
    needs_model,
    planned_seconds,
)

GAIN = Interval(0.2031, 0.171, 0.231)


def finding(best="classifier", gain=GAIN, undecided=(), tiles=6) -> Finding:
    return Finding("Hills", tiles, best, 0.9049, gain, tuple(undecided))


def test_every_method_is_told_in_words() -> None:
    assert set(TITLES) == set(SENTENCES) == set(SECONDS) == set(METHODS)
    assert set(FIRST_CHOICE) < set(METHODS)
    assert set(in_order(METHODS)) == set(METHODS)
    assert in_order(METHODS)[0] == LANDCOVER
    assert method_title("U-Net") == "U-Net"
    assert not needs_model((LANDCOVER, "classifier"))
    assert needs_model((LANDCOVER, "joint"))


def test_the_best_is_told_with_its_gain_and_its_interval() -> None:
    assert conclusion(finding()) == (
        "On these 6 tiles *Colours of this image* has the highest overlap (mean IoU), 0.90: "
        "0.20 better than the land cover (0.17 to 0.23)."
    )


def test_what_cannot_be_told_apart_is_said() -> None:
    said = conclusion(finding(undecided=["apt_plus", "joint"]))
    assert said.endswith(
        "*Colours of this image*, *Recommended* and *All points at once* cannot be told apart."
    )
    said = conclusion(finding(gain=Interval(0.02, -0.01, 0.05), undecided=[LANDCOVER]))
    assert "but it cannot be told apart from the land cover." in said
    assert said.count("told apart") == 1


def test_the_land_cover_may_win() -> None:
    said = conclusion(finding(best=LANDCOVER, gain=None, undecided=["joint"]))
    assert "no method has a higher overlap (mean IoU) than *Land cover as it is* (0.90)" in said
    assert "*Land cover as it is* and *All points at once* cannot be told apart." in said


@pytest.mark.parametrize(("tiles", "words"), [(1, "1 tile is too few"), (4, "4 tiles are too few")])
def test_few_tiles_say_nothing(tiles, words) -> None:
    said = conclusion(finding(tiles=tiles, gain=Interval(0.2, None, None)))
    assert said.startswith(words)
    assert "better than" not in said


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (None, ""),
        (Interval(None, None, None), ""),
        (GAIN, "0.20 better (0.17 to 0.23)"),
        (Interval(-0.1, -0.2, -0.05), "0.10 worse (0.05 to 0.20)"),
        (Interval(0.01, -0.02, 0.03), "cannot be told apart (-0.02 to +0.03)"),
        (Interval(0.3, None, None), "0.30 higher, too few tiles to be sure"),
        (Interval(-0.001, None, None), "no difference, too few tiles to be sure"),
        (Interval(-0.3, None, None), "0.30 lower, too few tiles to be sure"),
    ],
)
def test_a_difference_is_told_by_its_interval(interval, words) -> None:
    assert difference(interval) == words


def test_more_processes_are_planned_to_take_less_time() -> None:
    assert planned_seconds(("apt",), 10, 1) > planned_seconds(("apt",), 10, 2)
