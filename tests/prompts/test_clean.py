"""Prompt cleaning: what the image denies goes, what a person said stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.grid import PixelPoint
from core.prompts.clean import clean_prompts
from core.prompts.prompt import BoxPrompt, Prompt, PromptSet


def probability() -> npt.NDArray[np.float32]:
    """0.9 in the left half and 0.1 in the right of 8 x 32 px."""
    values = np.full((8, 32), 0.1, dtype=np.float32)
    values[:, :16] = 0.9
    return values


def row_of(label: int, columns: range, source: str = "auto") -> tuple[Prompt, ...]:
    return tuple(Prompt(PixelPoint(c + 0.5, 3.5), label, source) for c in columns)  # type: ignore[arg-type]


def test_denied_points_go_and_the_order_stays() -> None:
    good, bad = row_of(1, range(4)), row_of(1, range(20, 23))
    negatives, wrong = row_of(0, range(24, 28)), row_of(0, range(5, 7))
    mixed = (good[0], *bad, *good[1:], *wrong, *negatives)
    kept = clean_prompts(PromptSet(mixed), probability())
    assert kept.points == (*good, *negatives)


def test_a_persons_points_are_never_touched() -> None:
    own = row_of(1, range(18, 30), "person")
    kept = clean_prompts(PromptSet((*row_of(1, range(4)), *own)), probability())
    assert set(own) <= set(kept.points)


def test_a_point_inside_the_margin_stays() -> None:
    values = np.full((8, 32), 0.42, dtype=np.float32)
    points = row_of(1, range(6))
    assert clean_prompts(PromptSet(points), values, margin=0.1).points == points
    assert len(clean_prompts(PromptSet(points), values, margin=0.05).points) == 3


def test_three_of_a_label_stay_the_least_denied_ones() -> None:
    values = probability()
    values[3, 20:26] = [0.02, 0.3, 0.01, 0.35, 0.2, 0.03]
    kept = clean_prompts(PromptSet(row_of(1, range(20, 26))), values)
    assert [int(p.point.column) for p in kept.points] == [21, 23, 24]


def test_an_unknown_pixel_denies_nothing_and_the_edge_belongs_to_the_tile() -> None:
    values = np.full((8, 32), np.nan, dtype=np.float32)
    points = (*row_of(1, range(5)), Prompt(PixelPoint(32.0, 8.0), 0))
    assert clean_prompts(PromptSet(points), values).points == points


def test_boxes_and_the_dense_prompt_pass_through() -> None:
    dense = np.zeros((256, 256), dtype=np.float32)
    prompts = PromptSet(row_of(1, range(4)), (BoxPrompt(0, 0, 3, 3),), dense)
    kept = clean_prompts(prompts, probability())
    assert kept.boxes == prompts.boxes
    assert kept.dense is dense
