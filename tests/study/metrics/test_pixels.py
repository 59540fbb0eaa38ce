import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from core.study.metrics.markdown import shown
from core.study.metrics.pixels import Confusion, compare_pixels, mean_of_known
from tests.study.metrics.same import quick

FIGURES = (
    *("overall_accuracy", "iou", "iou_background", "mean_iou", "f1", "f1_background", "mean_f1"),
    *("precision", "recall", "kappa"),
)


@st.composite
def masks(draw):
    """A mask, its truth, and where both are known: bool, one shape."""
    shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    return tuple(draw(arrays(np.bool_, shape)) for _ in range(3))


def figures(found: Confusion) -> dict[str, float | None]:
    return {name: found.figure(name) for name in FIGURES}


def by_sklearn(mask, truth, known) -> dict[str, float | None]:
    """The same figures by scikit-learn, which says nan where a figure is not defined."""
    predicted, actual = mask[known], truth[known]
    if not predicted.size:
        return dict.fromkeys(FIGURES)
    nan = float("nan")

    def of_class(function, label):
        # Only a class that exists somewhere: scikit-learn refuses or warns about the other.
        if not ((predicted == label) | (actual == label)).any():
            return nan
        return function(actual, predicted, pos_label=label, zero_division=0)

    values = {
        "overall_accuracy": metrics.accuracy_score(actual, predicted),
        "iou": of_class(metrics.jaccard_score, True),
        "iou_background": of_class(metrics.jaccard_score, False),
        "f1": of_class(metrics.f1_score, True),
        "f1_background": of_class(metrics.f1_score, False),
        "precision": metrics.precision_score(actual, predicted, zero_division=nan),
        "recall": metrics.recall_score(actual, predicted, zero_division=nan),
    }
    values["mean_iou"] = np.nanmean([values["iou"], values["iou_background"]])
    values["mean_f1"] = np.nanmean([values["f1"], values["f1_background"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values["kappa"] = metrics.cohen_kappa_score(actual, predicted, labels=[False, True])
    return {name: None if np.isnan(value) else float(value) for name, value in values.items()}


@quick
@given(masks())
def test_all_figures_are_scikit_learns(case) -> None:
    expected = by_sklearn(*case)
    for name, value in figures(compare_pixels(*case)).items():
        assert value == pytest.approx(expected[name]), name


@quick
@given(masks(), st.sampled_from([np.flipud, np.fliplr, np.transpose]))
def test_a_flip_changes_nothing(case, turn) -> None:
    assert compare_pixels(*case) == compare_pixels(*(turn(part) for part in case))


@quick
@given(masks())
def test_mask_and_truth_may_be_swapped(case) -> None:
    mask, truth, known = case
    there, back = compare_pixels(mask, truth, known), compare_pixels(truth, mask, known)
    assert (there.precision, there.recall) == (back.recall, back.precision)
    for name in set(FIGURES) - {"precision", "recall"}:
        assert there.figure(name) == back.figure(name)


@quick
@given(masks())
def test_what_is_unknown_has_no_say(case) -> None:
    mask, truth, known = case
    assert compare_pixels(mask | ~known, truth, known) == compare_pixels(
        mask & known, truth | ~known, known
    )


@quick
@given(masks(), masks())
def test_counts_add_up(one, two) -> None:
    flat = [np.concatenate([a.ravel(), b.ravel()]) for a, b in zip(one, two, strict=True)]
    assert compare_pixels(*one) + compare_pixels(*two) == compare_pixels(*flat)


def test_without_a_known_pixel_there_is_no_figure() -> None:
    nothing = np.zeros((3, 3), dtype=bool)
    assert set(figures(compare_pixels(~nothing, ~nothing, nothing)).values()) == {None}
    assert compare_pixels(nothing, nothing, nothing) == Confusion()
    assert set(figures(compare_pixels(nothing[:0], nothing[:0])).values()) == {None}


def test_a_class_that_is_nowhere_has_no_figure_and_one_never_found_has_nought() -> None:
    field = np.ones((2, 2), dtype=bool)
    right = compare_pixels(field, field)
    assert (right.mean_iou, right.iou, right.figure("iou_background")) == (1.0, 1.0, None)
    assert (right.kappa, right.figure("f1_background")) == (None, None)
    missed = compare_pixels(~field, field)
    assert (missed.precision, missed.recall, missed.f1, missed.mean_iou) == (None, 0.0, 0.0, 0.0)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        compare_pixels(np.ones((2, 2), dtype=bool), np.ones((2, 3), dtype=bool))


def test_undefined_figures_are_a_dash_and_left_out_of_means() -> None:
    assert (shown(None), shown(0.5)) == ("–", "0.500")
    assert mean_of_known([None, 0.5, 1.0]) == 0.75
    assert mean_of_known([None]) is None
    assert Confusion().as_dict() == {"overall_accuracy": None, "mean_iou": None, "f1": None}
    assert "–" in Confusion().sentence()
