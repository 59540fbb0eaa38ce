from __future__ import annotations

import numpy as np
import pytest
import rasterio
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from core.study.experiments import training as training_module
from core.study.experiments.adaptation import (
    ADAPTIVE,
    AS_IT_IS,
    SELF_TRAINING,
    WITH_LABELS,
    AdaptationOptions,
    AdaptTask,
    adapt_normalisation,
    adaptation,
    pseudo_labelled,
    run_adaptation,
    taught_by,
    unlabelled,
)
from core.study.experiments.crops import UNKNOWN, Picture, centred, shades
from core.study.experiments.experiment_report import run_and_write
from core.study.experiments.networks import build_network
from core.study.experiments.region import TRUTH as TRUTH_FOLDER
from core.study.experiments.region import Region, read_region
from core.study.experiments.trained import Training
from core.study.experiments.training import Direction
from tests.study.experiments.made_regions import QUICK, SMALL, made_region, quiet, write_region

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return made_region(tmp_path_factory.mktemp("regions") / "home", size=96)


def test_adaptive_normalisation_changes_statistics_and_no_weight(home):
    network = build_network(SMALL, 0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    momenta = [m.momentum for m in network.modules() if isinstance(m, _BatchNorm)]
    adapt_normalisation(network, unlabelled(home.train), QUICK, 0)
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    for name, tensor in network.state_dict().items():
        same = torch.equal(tensor, before[name])
        assert same != name.endswith(statistics), name
    assert momenta == [m.momentum for m in network.modules() if isinstance(m, _BatchNorm)]


def test_adaptive_normalisation_finds_the_statistics_of_the_pictures():
    layer = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    generator = torch.Generator().manual_seed(0)
    colours = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8, generator=generator)
    nothing = torch.full((64, 64), UNKNOWN, dtype=torch.uint8)
    adapt_normalisation(layer, [Picture(colours, nothing)], QUICK, 0)
    expected = centred(shades(colours)).mean(dim=(1, 2))
    assert torch.allclose(layer[0].running_mean, expected, atol=1e-3)


class _Brightness(torch.nn.Module):
    def forward(self, colours: torch.Tensor) -> torch.Tensor:
        return colours.mean(dim=1, keepdim=True)


def test_self_training_leaves_unsure_pixels_out_and_keeps_the_rarer_class():
    # A quarter of the pixels are bright.
    values = torch.linspace(0, 153, 64 * 64).round().to(torch.uint8).reshape(64, 64)
    nothing = torch.full((64, 64), UNKNOWN, dtype=torch.uint8)
    (taught,), (low, high) = pseudo_labelled(
        _Brightness(), [Picture(values.expand(3, -1, -1), nothing)]
    )
    # The network's border is where colours are centred.
    apart = centred(shades(values))
    bright = float((apart >= 0).float().mean())
    share = {value: float((taught.target == value).float().mean()) for value in (0, 1)}
    assert share[1] == pytest.approx(bright / 2, abs=0.02)
    assert share[0] == pytest.approx((1 - bright) / 2, abs=0.02)
    assert low < 0.5 < high
    assert (taught.target[apart.abs() < 0.1] == UNKNOWN).all()


def test_a_network_that_sees_one_class_alone_teaches_no_other():
    dark = torch.zeros(3, 32, 32, dtype=torch.uint8)
    (taught,), (_, high) = pseudo_labelled(_Brightness(), [Picture(dark, dark[0])])
    assert high == 1.0
    assert (taught.target != 1).all()


@pytest.mark.parametrize("way", [ADAPTIVE, SELF_TRAINING])
def test_the_targets_truth_has_no_say(home, way, tmp_path):
    results = []
    for name in ("right", "turned"):
        folder = write_region(tmp_path / name, train=(11, 12), test=(13,), size=96)
        if name == "turned":
            for seed in (11, 12):
                path = folder / TRUTH_FOLDER / f"s{seed}.tif"
                with rasterio.open(path, "r+") as file:  # noqa: TID251
                    file.write((file.read() == 0).astype(np.uint8))
        target = read_region(folder, "worldcover_v200")
        task = AdaptTask(Training(SMALL, QUICK, home.train), way, target.train, target.test)
        results.append(run_adaptation(task, quiet(tmp_path / name / "cells")))
    np.testing.assert_array_equal(results[0].tiles[0].sums, results[1].tiles[0].sums)
    assert results[0].facts == results[1].facts


def test_it_compares_all_ways(home, tmp_path, monkeypatch):
    monkeypatch.setattr(training_module, "Recipe", lambda steps: QUICK)
    away = made_region(tmp_path / "away", train=(11, 12), test=(13,), size=96, style="smallholder")
    options = AdaptationOptions(
        SMALL, (Direction("home", "away"),), ("land cover",), ("land cover",), steps=4
    )
    written = run_and_write(adaptation((home, away), options), tmp_path / "out", jobs=1)
    rows = {tuple(row.labels.values()) for row in written.record.rows}
    assert rows == {
        (WITH_LABELS, "home", "home"),
        (WITH_LABELS, "away", "away"),
        *((way, "home", "away") for way in (AS_IT_IS, ADAPTIVE, SELF_TRAINING)),
        (taught_by("land cover"), "nowhere", "away"),
        ("land cover", "nowhere", "away"),
    }
    # Land cover in its own two regions' rows is the reference; what has none says so.
    differences = {row.labels["method"]: row.difference for row in written.record.rows}
    assert differences[SELF_TRAINING] is not None
