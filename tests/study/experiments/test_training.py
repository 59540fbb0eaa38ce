from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.cli import main
from core.errors import CancelledError, InputError
from core.study.experiments import training as module
from core.study.experiments.cells import kept_result
from core.study.experiments.experiment_report import run_and_write
from core.study.experiments.region import Region
from core.study.experiments.runner import run_cells
from core.study.experiments.trained import NetworkTask
from core.study.experiments.training import NOTHING, Direction, TrainingOptions, training
from tests.study.experiments.made_regions import QUICK, SMALL, made_region

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Region, Region]:
    folder = tmp_path_factory.mktemp("regions")
    # Three images of one crop each.
    home = made_region(folder / "home", train=(1, 2, 4), size=96)
    away = made_region(
        folder / "away", train=(11, 12, 14), test=(13,), size=96, style="smallholder"
    )
    return home, away


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> TrainingOptions:
    monkeypatch.setattr(module, "Recipe", lambda steps: QUICK)
    return TrainingOptions(
        networks=(SMALL,), labels=(2, 3), seeds=(0, 1), steps=4, methods=("land cover",)
    )


def test_it_answers_at_home_elsewhere_and_with_few_labels(regions, small, tmp_path):
    written = run_and_write(training(regions, small), tmp_path, jobs=1)
    rows = {tuple(row.labels.values()): row for row in written.record.rows}
    assert set(rows) == {
        ("U-Net", "home", 3, "home"),
        ("U-Net", "away", 3, "away"),
        ("U-Net", "home", 0, "away"),
        ("U-Net", "away", 0, "home"),
        *(("U-Net, fine-tuned", "home, then away", n, "away") for n in (0, 2, 3)),
        *(("U-Net, from scratch", "away", n, "away") for n in (2, 3)),
        ("land cover", NOTHING, 0, "home"),
        ("land cover", NOTHING, 0, "away"),
    }
    assert rows["U-Net, from scratch", "away", 2, "away"].seeds == 2
    assert all(row.difference is not None for key, row in rows.items() if key[0] != "land cover")
    facts = [cell.facts for cell in written.record.cells if cell.labels["method"] == "U-Net"]
    assert all(fact["curve"] for fact in facts)


def test_no_cell_learns_from_images_that_only_measure(regions, small):
    test = {image.name for region in regions for image in region.test}
    tasks = [c.task for c in training(regions, small).cells if isinstance(c.task, NetworkTask)]
    assert tasks
    for task in tasks:
        one = task.training
        while one is not None:
            assert test.isdisjoint(image.name for image in one.images)
            one = one.start
        assert test.issuperset(image.name for image in task.test)


def test_transfer_takes_the_network_trained_at_home(regions, small):
    cells = {tuple(c.labels.values())[1:]: c for c in training(regions, small).cells}
    home, away = (
        next(c for key, c in cells.items() if key == labels)
        for labels in (("U-Net", "home", 3, "home"), ("U-Net", "home", 0, "away"))
    )
    assert home.task.training == away.task.training
    assert home in training(regions, small).stages[0] or home.key in {
        c.key for c in training(regions, small).stages[0]
    }


def test_cancelled_between_steps_it_keeps_what_is_finished(regions, small, tmp_path):
    cells = training(regions, small).stages[0]
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        # The first cell asks before each of its 4 steps, twice more around, and once a tile.
        return asked > 8

    with pytest.raises(CancelledError):
        run_cells(cells, tmp_path, jobs=1, cancelled=cancelled)
    assert kept_result(cells[0], tmp_path) is not None
    assert kept_result(cells[1], tmp_path) is None


def test_directions_are_chosen(regions, small):
    options = TrainingOptions(
        networks=(SMALL,),
        labels=(2,),
        directions=(Direction("away", "home"),),
        methods=small.methods,
    )
    cells = training(regions, options).cells
    moved = {
        (c.labels["trained"], c.labels["region"]) for c in cells if c.labels["method"] == "U-Net"
    }
    assert moved == {("home", "home"), ("away", "away"), ("away", "home")}
    tuned = {c.labels["region"] for c in cells if "tuned" in str(c.labels["method"])}
    assert tuned == {"home"}


@pytest.mark.parametrize(
    "options",
    [
        {"networks": ("resnet",)},
        {"methods": ("magic",)},
        {"labels": (1,)},
        {"steps": 0},
    ],
)
def test_what_cannot_be_is_said(options):
    with pytest.raises(InputError):
        TrainingOptions(**options)


def test_regions_and_crops_that_are_not_there_are_said(regions):
    with pytest.raises(InputError, match="no region mars"):
        training(regions, TrainingOptions(directions=(Direction("mars", "home"),)))
    with pytest.raises(InputError, match="50 labelled crops"):
        training(regions, TrainingOptions(labels=(50,)))


def test_one_region_alone_is_judged_at_home(regions, small):
    cells = training(regions[:1], small).cells
    assert {c.labels["method"] for c in cells} == {"U-Net", "land cover"}


@pytest.mark.parametrize("command", ["training", "adaptation"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pair", "home"], "home is no pair of regions."),
        (["--pair", "home,mars"], "There is no region mars."),
        (["--network", "resnet"], "There is no network resnet."),
    ],
)
def test_a_command_says_what_is_wrong(
    regions, command, options, said, tmp_path, capsys, monkeypatch
):
    folders = [Path(image.scene).parents[1] for image in (r.train[0] for r in regions)]
    named = [word for folder in folders for word in ("--region", str(folder))]
    arguments = [*named, "--product", "worldcover_v200", "--out", str(tmp_path / "out"), *options]
    monkeypatch.setattr(sys, "argv", ["cropmap", "experiment", command, *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert said in capsys.readouterr().err
