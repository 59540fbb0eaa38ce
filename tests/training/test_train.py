"""The whole training in miniature: it learns, it stops, and it goes on where it was."""

from __future__ import annotations

import csv

import pytest
import torch

import training.train
from core.sam.small import build_small
from training.batches import BatchPlan
from training.export import averaged_model
from training.scenes import make_farmland
from training.train import Stage, learning_rate, train

_STAGES = (
    Stage("surface", 3, BatchPlan(side=64, views=2, fields=1, covers=1), prompted=False),
    Stage("views", 3, BatchPlan(side=64, views=2, fields=2, covers=1), prompted=True),
    Stage(
        "frames",
        2,
        BatchPlan(side=128, views=1, fields=2, covers=1),
        prompted=True,
        hold_statistics=True,
    ),
)


@pytest.fixture(scope="module")
def scenes():
    return make_farmland(2, seed=11)


def test_a_stopped_training_ends_where_an_unbroken_one_does(scenes, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training.train, "_SAVE_EVERY", 2)
    monkeypatch.setattr(training.train, "_LOG_EVERY", 2)
    train(tmp_path / "whole", scenes, _STAGES, half=False)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    # Stopped in the middle of the second stage, after a step that no checkpoint holds.
    real = training.train.step_loss
    calls = []

    def failing(*arguments: object):
        calls.append(1)
        if len(calls) == 6:
            stop()
        return real(*arguments)

    monkeypatch.setattr(training.train, "step_loss", failing)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", scenes, _STAGES, half=False)
    monkeypatch.setattr(training.train, "step_loss", real)
    train(tmp_path / "broken", scenes, _STAGES, half=False)

    whole, broken = (averaged_model(tmp_path / n / "checkpoint.pt") for n in ("whole", "broken"))
    assert whole.keys() == broken.keys() == build_small().state_dict().keys()
    for name, tensor in whole.items():
        torch.testing.assert_close(broken[name], tensor, msg=name)
    with (tmp_path / "whole" / "log.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["stage"] for row in rows] == ["surface", "views", "views", "frames"]
    assert all(float(row["loss"]) > 0 for row in rows)


def test_the_rate_rises_then_falls() -> None:
    rates = [learning_rate(step, 2000) for step in range(2000)]
    assert rates.index(max(rates)) in range(195, 205)
    assert rates[-1] < 0.02 * max(rates)


def test_it_begins_with_weights_of_an_earlier_training(scenes, tmp_path) -> None:
    earlier = build_small().state_dict()
    train(tmp_path, scenes, (), half=False, start=earlier)
    begun = averaged_model(tmp_path / "checkpoint.pt")
    for name, tensor in earlier.items():
        assert torch.equal(begun[name], tensor)
