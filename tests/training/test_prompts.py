"""Questions: clicks lie in their field, boxes around it, and land cover goes wrong as told."""

from __future__ import annotations

import numpy as np
import pytest

from training.prompts import (
    BOX_END,
    BOX_START,
    LOGIT_STRIDE,
    NEGATIVE,
    PADDING,
    POSITIVE,
    ask_cropland,
    ask_fields,
    degrade,
)
from training.samples import OUTSIDE


def _parcels() -> np.ndarray:
    parcels = np.zeros((96, 96), dtype=np.int64)
    parcels[8:40, 8:44] = 1
    parcels[8:40, 46:90] = 2
    parcels[50:90, 8:90] = 3
    parcels[:, 94:] = OUTSIDE
    return parcels


@pytest.mark.parametrize("seed", range(8))
def test_clicks_and_boxes_belong_to_the_field(seed: int) -> None:
    parcels = _parcels()
    numbers, questions = ask_fields(parcels, 6, 3, np.random.default_rng(seed))
    kinds = set()
    for number, question in zip(numbers, questions, strict=True):
        assert question.places.shape == (5, 2)
        cells = (question.places / LOGIT_STRIDE).astype(int)
        kinds.add(int(question.labels[0]))
        if question.labels[0] == POSITIVE:
            assert question.labels[1] == PADDING
            assert parcels[cells[0, 1], cells[0, 0]] == number
        else:
            assert list(question.labels[:2]) == [BOX_START, BOX_END]
            rows, columns = np.nonzero(parcels == number)
            middle = np.array([columns.mean(), rows.mean()]) * LOGIT_STRIDE
            assert (question.places[0] < middle).all()
            assert (question.places[1] > middle).all()
        for (column, row), label in zip(cells[2:], question.labels[2:], strict=True):
            assert label == NEGATIVE
            assert parcels[row, column] not in (number, OUTSIDE)
    assert kinds <= {POSITIVE, BOX_START}


def test_land_without_fields_is_asked_for_nothing() -> None:
    parcels = np.zeros((32, 32), dtype=np.int64)
    numbers, questions = ask_fields(parcels, 3, 0, np.random.default_rng(0))
    assert not np.isin(parcels, numbers).any()
    assert all(list(q.labels) == [POSITIVE, PADDING] for q in questions)


def test_points_follow_the_degraded_land_cover() -> None:
    parcels = _parcels()
    right = total = 0
    for seed in range(30):
        question = ask_cropland(parcels, 2.0, 20, 15, np.random.default_rng(seed))
        assert question.places.shape == (35, 2)
        cells = (question.places / LOGIT_STRIDE).astype(int)
        for (column, row), label in zip(cells, question.labels, strict=True):
            if label == PADDING:
                continue
            assert parcels[row, column] != OUTSIDE
            right += (parcels[row, column] > 0) == (label == POSITIVE)
            total += 1
    # Mostly right, and often wrong: what the decoder must learn to bear.
    assert 0.6 < right / total < 0.97


def test_degraded_land_cover_is_coarse_and_related() -> None:
    parcels = _parcels()
    truth = parcels > 0
    agreements = [
        (degrade(parcels, 2.0, np.random.default_rng(s)) == truth).mean() for s in range(40)
    ]
    assert 0.6 < np.mean(agreements) < 0.95
    assert np.std(agreements) > 0.03
