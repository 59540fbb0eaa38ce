"""The example trains on chips as they are exported."""

from __future__ import annotations

from pathlib import Path

import torch

from core.export.chip_plan import ChipOptions
from core.export.write_export import ExportOptions, write_export
from examples.train_from_chips import IGNORE, Chips, train
from tests.export.labelled import labelled_scene


def test_the_loss_falls_on_a_made_scene(tmp_path: Path) -> None:
    options = ExportOptions(("chips",), chips=ChipOptions(size=64))
    folder = write_export(labelled_scene(tmp_path), tmp_path / "out", options).folder
    image, mask = Chips(folder, "train")[0]
    assert image.shape == (3, 64, 64)
    assert 0 <= image.min() < image.max() <= 1
    assert mask.shape == (64, 64)
    assert any((mask == IGNORE).any() for _, mask in Chips(folder, "train"))
    losses = train(folder, steps=24)
    assert len(losses) == 24
    assert torch.isfinite(torch.tensor(losses)).all()
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])
