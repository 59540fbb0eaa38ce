from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from scipy.ndimage import uniform_filter
from typer.testing import CliRunner

from core.cli import app
from core.errors import CancelledError, InputError
from core.farmland import write_scene
from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.prediction import TilePrediction
from core.prompts.prompt import PromptSet
from core.sam.registry import DEFAULT_MODEL, get_model
from core.study.experiments import degraded
from core.study.experiments.cells import Cell, Context, compare_with_truth, digest, kept_result
from core.study.experiments.degrade_imagery import ImageDegradation
from core.study.experiments.degrade_landcover import AS_IT_IS, Degradation, simulate_landcover
from core.study.experiments.degraded import (
    Condition,
    DegradedTask,
    coarser,
    given,
    quality_changes,
    run_degraded,
    tile_seed,
)
from core.study.experiments.methods import LANDCOVER, predict, thresholded
from core.study.experiments.region import IMAGES, TRUTH, Region, read_region
from core.study.experiments.region import LANDCOVER as LANDCOVERS
from core.study.experiments.robustness import RobustnessOptions, robustness, tells_grassland
from core.study.experiments.runner import run_cells
from core.study.experiments.samples import tiles
from core.study.experiments.tables import Row, tabulate
from core.study.metrics.figures import TileFigures

SIDE = 128
GIVEN = Degradation()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made region of two images of 128 pixels at 2.5 m."""
    region = tmp_path_factory.mktemp("made")
    for seed in (4, 5):
        files = write_scene(tmp_path_factory.mktemp("scene"), seed, size=SIDE, gsd_m=2.5)
        with rasterio.open(files.truth) as numbered:  # noqa: TID251
            profile, cropland = numbered.profile, numbered.read() > 0
        for kind, path in ((IMAGES, files.scene), (LANDCOVERS, files.landcover)):
            (region / kind).mkdir(exist_ok=True)
            path.rename(region / kind / f"s{seed}.tif")
        (region / TRUTH).mkdir(exist_ok=True)
        with rasterio.open(  # noqa: TID251
            region / TRUTH / f"s{seed}.tif", "w", **{**profile, "dtype": "uint8"}
        ) as truth:
            truth.write(cropland.astype(np.uint8))
    return region


@pytest.fixture(scope="module")
def region(folder: Path) -> Region:
    found = read_region(folder, "worldcover_v200")
    return replace(found, test=(*found.train, *found.test), train=())


def task_of(region: Region, condition: Condition, **other: object) -> DegradedTask:
    task = DegradedTask(
        region.test[0],
        condition,
        "truth",
        (LANDCOVER,),
        0,
        DEFAULT_MODEL,
        get_model(DEFAULT_MODEL).sha256,
    )
    return replace(task, **other)  # type: ignore[arg-type]


def right_of(tile: TileFigures) -> int:
    return tile.count("true_positive") + tile.count("true_negative")


def context(folder: Path) -> Context:
    return Context(folder, lambda share: None)


def rows_of(region: Region, options: RobustnessOptions, folder: Path) -> list[Row]:
    experiment = robustness((region,), options)
    run_cells(experiment.cells, folder, jobs=1)
    results = [(cell, kept_result(cell, folder)) for cell in experiment.cells]
    return tabulate(experiment, [(c, r) for c, r in results if r is not None], seed=0)


def one(rows: list[Row], changed: str, amount: object, method: str = LANDCOVER) -> Row:
    (found,) = (
        row
        for row in rows
        if (row.labels["changed"], row.labels["amount"], row.labels["method"])
        == (changed, amount, method)
    )
    return found


def mean_iou(row: Row) -> float:
    value = row.figures["mean_iou"].value
    assert value is not None
    return value


@pytest.mark.parametrize("start", ["truth", "product"])
def test_every_line_passes_through_what_is_given(start):
    base = digest(Condition(given(start)))
    for change in quality_changes(start):
        labels = [label for label, _ in change.points]
        assert len(set(labels)) == len(labels) > 1
        same = [label for label, condition in change.points if digest(condition) == base]
        expected = 0 if (change.key, start) == ("products", "product") else 1
        if (change.key, start) == ("resolution", "product"):
            continue  # Its first cells are no coarser than a product's own.
        assert len(same) == expected, change.key
        assert change.kind == "bars" or all(isinstance(label, int | float) for label in labels)


def test_larger_cells_keep_their_other_mistakes_on_the_ground():
    thirty = coarser(GIVEN, 30.0)
    assert thirty.resolution_m * thirty.shift_cells == pytest.approx(10.0)
    assert thirty.clump_cells == 1
    assert coarser(GIVEN, 20.0).clump_cells == 2
    assert coarser(GIVEN, 10.0) == GIVEN
    assert coarser(AS_IT_IS, 30.0) == replace(AS_IT_IS, resolution_m=30.0)


def test_grassland_is_for_products_alone():
    assert "grassland" in [change.key for change in quality_changes("product")]
    with pytest.raises(InputError, match="From the truth, nothing called grassland"):
        RobustnessOptions(changes=("grassland",))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"changes": ("fog",)}, "nothing called fog"),
        ({"methods": ("magic",)}, "no method magic"),
        ({"start": "memory"}, "cannot be made from 'memory'"),
        ({"draws": 0}, "0 draws"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        RobustnessOptions(**wrong)


def test_a_cell_yields_what_its_methods_say_of_the_degraded_tile(region, tmp_path, monkeypatch):
    asked: list[LandCoverTile] = []

    def quick(image: SceneImage, landcover: LandCoverTile, seed: int) -> TilePrediction:
        asked.append(landcover)
        share = uniform_filter(landcover.cropland_fraction, 9)
        return TilePrediction(share, share, None, PromptSet())

    monkeypatch.setattr("core.study.experiments.methods.classify", quick)
    methods = (LANDCOVER, "classifier", "apt_plus")
    wrong = replace(GIVEN, clump_share=0.3)
    found = run_degraded(
        task_of(region, Condition(wrong), methods=methods, seed=1), context(tmp_path)
    )
    assert [tile.labels["method"] for tile in found.tiles] == list(methods)
    assert len(asked) == 1  # apt_plus takes the classifier's answer.
    (sample,) = tiles(region.test[0])
    landcover = simulate_landcover(
        sample.truth, sample.image.grid, wrong, tile_seed(sample, 1), sample.parcels
    )
    shown = replace(sample, landcover=landcover)
    for tile in found.tiles:
        mask = predict(shown, str(tile.labels["method"]), 1)
        right = int((mask == sample.truth)[sample.known].sum())
        assert right_of(tile) == right
        assert tile.pixels == int(sample.known.sum())


def test_coarser_pixels_are_judged_on_the_original_ones(region, tmp_path):
    condition = Condition(GIVEN, ImageDegradation(coarser=4))
    task = task_of(region, condition, methods=(LANDCOVER, "joint"))
    coarse = run_degraded(task, context(tmp_path))
    fine = run_degraded(replace(task, condition=Condition(GIVEN)), context(tmp_path))
    alone, joint = coarse.tiles
    np.testing.assert_array_equal(alone.sums, fine.tiles[0].sums)
    assert joint.pixels == fine.tiles[1].pixels == SIDE * SIDE
    assert (joint.sums != fine.tiles[1].sums).any()


def test_products_err_in_different_places_and_agreement_is_judged_where_it_speaks(region, tmp_path):
    (sample,) = tiles(region.test[0])
    votes = degraded.three_products(sample, task_of(region, Condition(GIVEN)))
    first, second, third = votes.tiles
    assert not np.array_equal(first.cropland, second.cropland)
    assert not np.array_equal(second.cropland, third.cropland)

    def scored(combined: str) -> tuple[int, int]:
        condition = Condition(GIVEN, combined=combined)  # type: ignore[arg-type]
        (tile,) = run_degraded(task_of(region, condition), context(tmp_path)).tiles
        return tile.pixels, right_of(tile)

    agreed = int(((votes.votes == 0) | (votes.votes == 3)).sum())
    assert 0 < agreed < SIDE * SIDE
    assert scored("majority")[0] == SIDE * SIDE
    # Where all agree the majority says the same.
    assert scored("all agree") == scored("majority where all agree")
    assert scored("all agree")[0] == agreed


def test_where_products_disagree_the_map_has_the_majority(region, tmp_path, monkeypatch):
    (sample,) = tiles(region.test[0])
    task = task_of(region, Condition(GIVEN, combined="all agree"), methods=("classifier",))
    votes = degraded.three_products(sample, task)
    monkeypatch.setattr(
        degraded, "probability", lambda shown, *_: np.full(shown.truth.shape, np.nan, np.float32)
    )
    (tile,) = run_degraded(task, context(tmp_path)).tiles
    there = replace(sample, known=sample.known & votes.to_tile().valid)
    whole = thresholded(votes.to_tile(2 / 3).cropland_fraction, sample)
    np.testing.assert_array_equal(tile.sums, compare_with_truth(whole, there).sums)
    assert tile.count("true_positive") > 0


def test_the_table_has_a_row_for_each_amount_and_method(region, tmp_path):
    options = RobustnessOptions((LANDCOVER,), ("noise", "gsd", "missing"), draws=2)
    rows = rows_of(region, options, tmp_path)
    noise = "land cover noise (% of clumps)"
    nothing = one(rows, "nothing", "as given")
    assert nothing.seeds == 2
    assert nothing.tiles == 2
    assert nothing.difference is None
    assert mean_iou(one(rows, noise, 12)) == mean_iou(nothing)
    falling = [mean_iou(one(rows, noise, amount)) for amount in (0, 12, 20, 30, 40)]
    assert falling == sorted(falling, reverse=True)
    worst = one(rows, noise, 40)
    assert worst.difference is not None
    assert worst.difference["mean_iou"].value == pytest.approx(mean_iou(worst) - falling[1])
    missing = "parcels called something else (% of cropland)"
    recalls = [one(rows, missing, n).figures["recall"].value or 0 for n in (0, 25, 50)]
    assert recalls == sorted(recalls, reverse=True)
    # One seed: compared with the same seed of the reference, which for land cover is the same.
    pixels = one(rows, "image pixels (times as long)", 8)
    assert pixels.seeds == 1
    assert pixels.difference is not None
    assert pixels.difference["mean_iou"].value == 0.0
    assert len(rows) == 1 + 5 + 4 + 3


def test_a_run_goes_on_where_it_stopped_and_does_nothing_twice(region, tmp_path):
    options = RobustnessOptions((LANDCOVER,), ("noise", "products"), draws=2)
    cells = robustness((region,), options).cells
    unique = {cell.key: cell for cell in cells}
    did: list[str] = []

    def kept() -> int:
        return sum(kept_result(cell, tmp_path) is not None for cell in unique.values())

    def counted(task: DegradedTask, given_: Context) -> object:
        did.append(digest(task))
        return run_degraded(task, given_)

    counted.__module__, counted.__qualname__ = run_degraded.__module__, run_degraded.__qualname__
    counting = [Cell(cell.labels, counted, cell.task) for cell in cells]  # type: ignore[arg-type]
    with pytest.raises(CancelledError):
        run_cells(counting, tmp_path, jobs=1, cancelled=lambda: kept() >= 5)
    assert len(did) == kept() == 5
    run_cells(counting, tmp_path, jobs=1)
    assert len(did) == len(set(did)) == len(unique) < len(cells)
    run_cells(counting, tmp_path, jobs=1)
    assert len(did) == len(unique)


def test_equal_seeds_give_equal_results_and_seeds_differ(region, tmp_path):
    wrong = Condition(replace(GIVEN, clump_share=0.3), ImageDegradation(haze=0.5, noise=10.0))

    def sums(seed: int) -> list[list[float]]:
        task = task_of(region, wrong, seed=seed, methods=(LANDCOVER, "joint"))
        return [tile.sums.tolist() for tile in run_degraded(task, context(tmp_path)).tiles]

    assert sums(1) == sums(1)
    assert sums(1)[0] != sums(2)[0]
    assert sums(1)[1] != sums(2)[1]


def test_from_the_product_nothing_changed_is_the_product_itself(region, tmp_path):
    task = task_of(region, Condition(AS_IT_IS), start="product")
    (tile,) = run_degraded(task, context(tmp_path)).tiles
    (sample,) = tiles(region.test[0])
    right = int((sample.landcover.cropland == sample.truth)[sample.known].sum())
    assert right_of(tile) == right


def test_grassland_is_changed_where_other_land_is_left(region, monkeypatch):
    assert tells_grassland(region.test[0])
    options = RobustnessOptions((LANDCOVER,), ("grassland",), start="product", draws=1)

    def changed() -> set[str]:
        return {str(cell.labels["changed"]) for cell in robustness((region,), options).cells}

    assert changed() == {"nothing", "grassland"}
    (sample,) = tiles(region.test[0])
    two = replace(
        sample.landcover,
        classes=np.where(sample.landcover.cropland, 40, 30).astype(np.uint16),
    )
    monkeypatch.setattr(
        "core.study.experiments.robustness.tiles", lambda image: (replace(sample, landcover=two),)
    )
    assert changed() == {"nothing"}


def test_notes_say_what_is_simulated(region):
    said = " ".join(robustness((region,), RobustnessOptions()).notes)
    assert "SIMULATED from the truth" in said
    assert "bright veil" in said
    assert "seeds 0 to 2" in said
    own = RobustnessOptions(changes=("blur",), start="product", draws=1)
    said = " ".join(robustness((region,), own).notes)
    assert "Land cover is the region's own" in said
    assert "One draw" in said
    assert "parcels" not in said


def test_every_plot_has_its_rows(region):
    experiment = robustness((region,), RobustnessOptions(start="product"))
    labelled = [cell.labels for cell in experiment.cells]
    for plot in experiment.plots:
        (title,) = plot.where["changed"]
        amounts = [labels["amount"] for labels in labelled if labels["changed"] == title]
        assert amounts
        assert plot.kind == "bars" or not any(isinstance(amount, str) for amount in amounts)


def test_the_command_writes_its_table(folder, tmp_path):
    out = tmp_path / "out"
    words = ["experiment", "robustness", "--region", str(folder), "--out", str(out)]
    words += ["--product", "worldcover_v200", "--jobs", "1", "--draws", "1"]
    words += ["--method", "land cover", "--change", "shift", "--change", "blur"]
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 0, ended.output
    lines = (out / "table.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("region,changed,amount,method,seeds")
    assert len(lines) == 1 + 1 + 4 + 4
    assert "SIMULATED from the truth" in (out / "summary.md").read_text()
    assert "land cover" in (out / "tiles.csv").read_text(encoding="utf-8-sig")
