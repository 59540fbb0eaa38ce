"""Each setting changes what it says it changes and nothing else; the bases are the strategies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from typer.testing import CliRunner

from core.cli import app
from core.errors import CancelledError, InputError
from core.farmland import coarse_landcover, generate
from core.grid import Grid
from core.predict.prediction import StrategyOptions
from core.predict.strategies import STRATEGIES
from core.prompts.auto import PromptOptions, place_prompts, round_ends
from core.prompts.boxes import dense_prompt
from core.prompts.clean import clean_prompts
from core.prompts.prompt import PromptSet
from core.sam.protocol import PromptBatch
from core.sam.registry import DEFAULT_MODEL
from core.study.experiments import ablation as module
from core.study.experiments.ablation import AblationOptions, ablation
from core.study.experiments.ablation_settings import (
    BASE,
    BASES,
    Prompting,
    Setting,
    bases,
    settings,
)
from core.study.experiments.cells import CellResult, Context, compare_with_truth
from core.study.experiments.experiment_record import read_experiment
from core.study.experiments.methods import classified, predict
from core.study.experiments.prompted_answers import Placing, PromptedAnswers
from core.study.experiments.region import ABOUT, IMAGES, LANDCOVER, TRUTH, Region, read_region
from core.study.experiments.samples import Sample, tiles
from tests.fakes import (
    ColourSegmenter,
    NumberingSegmenter,
    farmland_tile,
    iou,
    landcover_of,
)


def sample_of(seed: int = 0) -> Sample:
    tile = farmland_tile(seed)
    known = np.ones_like(tile.truth)
    parcels = tile.fields.astype(np.int64)
    return Sample("made", "0", tile.image, tile.landcover, tile.truth, known, parcels)


PRODUCT = "worldcover_v200"


def joint(**changes: object) -> Prompting:
    return replace(BASES["joint"], **changes)


def apt_plus(**changes: object) -> Prompting:
    return replace(BASES["apt_plus"], **changes)


def apt(**changes: object) -> Prompting:
    return replace(BASES["apt"], **changes)


def automatic(**changes: object) -> Prompting:
    return Prompting("automatic", **changes)


SAMPLE = sample_of()
WITHOUT_CROPLAND = replace(SAMPLE, landcover=landcover_of(np.zeros_like(SAMPLE.truth)))


def asked(prompting: Prompting, sample: Sample = SAMPLE, seed: int = 0) -> list[PromptBatch]:
    segmenter = ColourSegmenter()
    PromptedAnswers(sample, segmenter, seed).probability(prompting)
    return segmenter.batches


def only(batches: list[PromptBatch]) -> PromptBatch:
    (batch,) = batches
    return batch


@pytest.mark.parametrize(
    ("prompting", "name", "seed"),
    [
        (joint(), "joint", 0),
        (apt_plus(), "apt_plus", 0),
        (apt_plus(), "apt_plus", 3),
        (apt(), "apt", 0),
    ],
)
def test_a_base_is_the_strategy_itself(prompting: Prompting, name: str, seed: int) -> None:
    strategy, ours = ColourSegmenter(), ColourSegmenter()
    expected = STRATEGIES[name](
        SAMPLE.image,
        SAMPLE.landcover,
        strategy,
        StrategyOptions(seed=seed, classified=classified(SAMPLE, seed)),
    )
    found = PromptedAnswers(SAMPLE, ours, seed).probability(prompting)
    np.testing.assert_array_equal(found, expected.probability)
    assert len(ours.batches) == len(strategy.batches)
    for one, other in zip(ours.batches, strategy.batches, strict=True):
        np.testing.assert_array_equal(one.coordinates, other.coordinates)
        np.testing.assert_array_equal(one.labels, other.labels)


def test_every_setting_differs_from_its_base_in_one_thing() -> None:
    own = {setting.base: setting.prompting for setting in bases("", "")}
    assert own == BASES
    for setting in settings():
        if setting.prompting.strategy == "automatic":
            continue
        changed = differences(setting.prompting, own[setting.base])
        if (setting.base, setting.group) == ("joint", "metres to a class border"):
            # The published grid has no such distance: points are drawn instead.
            changed -= {"source"}
        assert len(changed) <= 1, setting
        assert changed or setting.group == BASE or isinstance(setting.value, int | float)


def differences(one: Prompting, other: Prompting) -> set[str]:
    mine, its = asdict(one), asdict(other)
    return {key for key in mine if mine[key] != its[key]}


def test_no_two_rows_have_one_place() -> None:
    places = [tuple(setting.place.values()) for setting in settings()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("count", [1, 3, 10, 33])
def test_as_many_points_are_asked_as_it_says(count: int) -> None:
    batch = only(asked(joint(source="spread", per_class=count)))
    assert (batch.labels == 1).sum() == (batch.labels == 0).sum() == count
    published = only(asked(joint(per_class=count)))
    placed = place_prompts(SAMPLE.landcover, PromptOptions("published", count)).points
    assert published.labels.tolist() == [[point.label for point in placed]]


class TestPointsThatDoNotLookAtTheLandCover:
    @pytest.mark.parametrize("source", ["random", "grid"])
    def test_all_are_cropland_wherever_it_is(self, source: str) -> None:
        batch = only(asked(joint(source=source)))
        assert abs(batch.labels.size - 66) <= 2
        assert set(batch.labels.ravel().tolist()) == {1}
        elsewhere = only(asked(joint(source=source), WITHOUT_CROPLAND))
        np.testing.assert_array_equal(batch.coordinates, elsewhere.coordinates)

    def test_random_ones_may_be_named_by_it(self) -> None:
        blind, named = (only(asked(joint(source=s))) for s in ("random", "random labelled"))
        np.testing.assert_array_equal(blind.coordinates, named.coordinates)
        columns, rows = (named.coordinates[0].T + 0.5).astype(int)
        np.testing.assert_array_equal(
            named.labels[0] == 1, SAMPLE.landcover.cropland[rows, columns]
        )

    def test_another_seed_draws_others(self) -> None:
        first, second = (only(asked(joint(source="random"), seed=seed)) for seed in (0, 1))
        assert not np.array_equal(first.coordinates, second.coordinates)

    def test_none_lies_where_nothing_is_known(self) -> None:
        valid = np.ones_like(SAMPLE.truth)
        valid[:, 32:] = False
        half = replace(SAMPLE, landcover=landcover_of(SAMPLE.landcover.cropland & valid, valid))
        for source in ("random", "grid"):
            batch = only(asked(joint(source=source), half))
            assert batch.coordinates[..., 0].max() < 31.6
        probability = PromptedAnswers(half, ColourSegmenter()).probability(joint(source="grid"))
        assert np.isnan(probability[:, 32:]).all()
        assert not np.isnan(probability[:, :32]).any()


class TestWhatAQuestionSays:
    base = only(asked(joint()))

    def test_positive_only_leaves_out_the_negatives(self) -> None:
        batch = only(asked(joint(labels="positive only")))
        assert set(batch.labels.ravel().tolist()) == {1}
        positive = self.base.labels[0] == 1
        np.testing.assert_array_equal(batch.coordinates, self.base.coordinates[:, positive])

    def test_exchanged_labels_stand_at_the_same_places(self) -> None:
        batch = only(asked(joint(labels="exchanged")))
        np.testing.assert_array_equal(batch.coordinates, self.base.coordinates)
        np.testing.assert_array_equal(batch.labels, 1 - self.base.labels)

    def test_a_model_that_listens_draws_the_opposite_of_exchanged_labels(self) -> None:
        answers = PromptedAnswers(SAMPLE, ColourSegmenter())
        usual = answers.mask(joint(source="spread"))
        opposite = answers.mask(joint(source="spread", labels="exchanged"))
        assert iou(usual, SAMPLE.truth) > 0.9
        assert iou(opposite, SAMPLE.truth) < 0.1

    def test_the_land_cover_as_mask_comes_beside_the_points(self) -> None:
        assert self.base.mask_input is None
        batch = only(asked(joint(mask="beside points")))
        np.testing.assert_array_equal(batch.coordinates, self.base.coordinates)
        np.testing.assert_array_equal(batch.labels, self.base.labels)
        assert batch.mask_input is not None
        np.testing.assert_array_equal(batch.mask_input[0, 0], dense_prompt(SAMPLE.landcover))

    @pytest.mark.parametrize(
        "prompting",
        [joint(mask="alone"), apt_plus(source="published", cleaned=False, mask="alone")],
    )
    def test_the_land_cover_as_mask_alone_has_a_padding_point(self, prompting: Prompting) -> None:
        batch = only(asked(prompting))
        assert batch.labels.tolist() == [[-1]]
        assert batch.mask_input is not None
        np.testing.assert_array_equal(batch.mask_input[0, 0], dense_prompt(SAMPLE.landcover))

    def test_cleaning_drops_what_the_classifier_denies(self) -> None:
        placed = Placing(SAMPLE, 0)
        ((before,), (after,)) = (
            placed.draws(joint(cleaned=cleaned), [0]) for cleaned in (False, True)
        )
        assert after.points == clean_prompts(before, classified(SAMPLE, 0)).points
        assert len(after.points) < len(before.points)

    def test_a_border_distance_keeps_points_away(self) -> None:
        near, far = (
            points_of(Placing(SAMPLE, 0).draws(joint(source="spread", border_m=metres), [0])[0])
            for metres in (0.0, 30.0)
        )
        assert touches_border(near)
        assert not touches_border(far)


def points_of(prompts: PromptSet) -> list[tuple[int, int, int]]:
    return [(int(p.point.row), int(p.point.column), p.label) for p in prompts.points]


def touches_border(points: list[tuple[int, int, int]]) -> bool:
    """Whether any point has the other class right beside it."""
    cropland = np.pad(SAMPLE.landcover.cropland, 1, mode="edge")
    around = [
        cropland[row : row + 3, column : column + 3] != label for row, column, label in points
    ]
    return any(other.any() for other in around)


class TestTheEnsemble:
    @pytest.mark.parametrize("draws", [1, 3, 10])
    def test_each_draw_asks_once(self, draws: int) -> None:
        assert len(asked(apt_plus(draws=draws))) == draws

    def test_a_source_without_chance_is_asked_once(self) -> None:
        assert len(asked(apt_plus(source="published"))) == 1

    def test_the_classifiers_share_is_its_weight(self) -> None:
        answers = PromptedAnswers(SAMPLE, ColourSegmenter())
        alone, half, whole = (
            answers.probability(apt_plus(classifier_share=share)) for share in (0.0, 0.5, 1.0)
        )
        np.testing.assert_allclose(half, (alone + whole) / 2, atol=1e-6)
        np.testing.assert_array_equal(whole, classified(SAMPLE, 0))
        assert not np.array_equal(alone, whole)

    def test_the_classifier_alone_asks_no_model(self) -> None:
        assert asked(apt_plus(classifier_share=1.0)) == []


class TestThePublishedLoop:
    def test_three_settings_of_rounds_cost_one_loop(self) -> None:
        segmenter = NumberingSegmenter()
        answers = PromptedAnswers(SAMPLE, segmenter)
        prompts = place_prompts(SAMPLE.landcover, PromptOptions("published"))
        ends = round_ends(len(prompts.positives), len(prompts.negatives))
        assert 0 < ends[0] < ends[1] < ends[2] == len(prompts.points)
        for rounds, end in enumerate(ends, start=1):
            # The n-th answer is n everywhere, so the probability tells which one it is.
            found = answers.probability(apt(rounds=rounds, clean_up=False))
            np.testing.assert_allclose(found, 1 / (1 + np.exp(-4.0 * end)), rtol=1e-6)
        assert len(segmenter.batches) == 4 * len(prompts.points)

    def test_a_point_may_be_asked_once(self) -> None:
        batches = asked(apt(repeats=1))
        assert [batch.labels.size for batch in batches] == list(range(1, len(batches) + 1))
        assert [batch.mask_input is None for batch in batches].index(False) == 1
        assert sum(batch.mask_input is None for batch in batches) == 1

    def test_without_repeats_nothing_is_fed_back(self) -> None:
        batches = asked(apt(repeats=0))
        assert all(batch.mask_input is None for batch in batches)
        np.testing.assert_array_equal(batches[-1].labels, only(asked(joint())).labels)

    def test_without_the_clean_up_the_last_answer_stands(self) -> None:
        answers = PromptedAnswers(SAMPLE, ColourSegmenter())
        raw = answers.probability(apt(repeats=0, clean_up=False))
        np.testing.assert_array_equal(raw, answers.probability(joint()))

    def test_a_person_can_stop_it(self) -> None:
        questions = 0

        def asking() -> None:
            nonlocal questions
            questions += 1
            if questions > 3:
                raise CancelledError("stopped")

        segmenter = ColourSegmenter()
        with pytest.raises(CancelledError):
            PromptedAnswers(SAMPLE, segmenter, 0, asking).probability(apt())
        assert len(segmenter.batches) == 3


class TestAutomaticMasks:
    def test_each_point_of_the_grid_asks_alone(self) -> None:
        segmenter = ColourSegmenter()
        PromptedAnswers(SAMPLE, segmenter).probability(automatic(side=6))
        assert set(segmenter.multimasks) == {True}
        labels = np.concatenate([batch.labels for batch in segmenter.batches])
        assert labels.tolist() == [[1]] * 36

    def test_the_land_cover_chooses_among_the_same_masks(self) -> None:
        segmenter = ColourSegmenter()
        answers = PromptedAnswers(SAMPLE, segmenter)
        chosen, every = (answers.mask(automatic(side=6, by_landcover=b)) for b in (True, False))
        assert len(segmenter.batches) == 5
        assert not (chosen & ~every).any()
        assert iou(chosen, SAMPLE.truth) > 0.9
        # The ground between the fields is a good mask, too.
        assert iou(every, SAMPLE.truth) < iou(chosen, SAMPLE.truth)


@pytest.mark.parametrize(
    "prompting", [joint(), apt_plus(), apt(), joint(labels="positive only"), automatic()]
)
def test_where_the_land_cover_knows_no_cropland_there_is_none(prompting: Prompting) -> None:
    assert not PromptedAnswers(WITHOUT_CROPLAND, ColourSegmenter()).mask(prompting).any()


FEW: tuple[Setting, ...] = tuple(
    Setting(base, group, value, prompting)
    for base, group, value, prompting in (
        ("joint", BASE, BASE, joint()),
        ("joint", "points from", "random", joint(source="random")),
        ("joint", "land cover as mask", "alone", joint(mask="alone")),
        ("apt_plus", BASE, BASE, apt_plus()),
        ("apt_plus", "draws", 1, apt_plus(draws=1)),
        ("apt_plus", "draws", 5, apt_plus()),
    )
)


def write_region(folder: Path, seeds: tuple[int, ...]) -> Path:
    """A made region of images of 128 pixels at 2.5 m, all of which only measure."""
    for name in (IMAGES, TRUTH, LANDCOVER):
        (folder / name).mkdir(parents=True)
    for seed in seeds:
        made = generate(seed, size=128, gsd_m=2.5)
        codes, grid = coarse_landcover(made, seed)
        for name, bands, own in (
            (IMAGES, np.moveaxis(made.rgb, -1, 0), made.grid),
            (TRUTH, made.cropland[None].astype(np.uint8), made.grid),
            (LANDCOVER, codes[None], grid),
        ):
            write_raster(folder / name / f"s{seed}.tif", bands, own)
    names = [f"s{seed}" for seed in seeds]
    (folder / ABOUT).write_text(json.dumps({"test": names}), encoding="utf-8")
    return folder


def write_raster(path: Path, bands: npt.NDArray[np.generic], grid: Grid) -> None:
    facts = {"driver": "GTiff", "width": grid.width, "height": grid.height, "count": len(bands)}
    place = {"crs": grid.crs.to_wkt(), "transform": grid.transform}
    with rasterio.open(path, "w", **facts, **place, dtype="uint8") as dataset:  # noqa: TID251
        dataset.write(bands)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return read_region(write_region(tmp_path_factory.mktemp("region") / "one", (3,)), PRODUCT)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "settings", lambda: FEW)


@pytest.mark.usefixtures("few")
class TestTheExperiment:
    def test_the_command_writes_a_table_in_order(self, tmp_path: Path) -> None:
        folder = write_region(tmp_path / "made", (3, 4))
        words = ["experiment", "ablation", "--region", str(folder), "--out", str(tmp_path / "out")]
        words += ["--product", PRODUCT, "--draws", "2", "--jobs", "1"]
        words += ["--model", DEFAULT_MODEL, "--model", "sam_vit_b"]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        record = read_experiment(tmp_path / "out")
        assert [row.labels for row in record.rows] == [setting.place for setting in FEW]
        assert [row.seeds for row in record.rows] == [1, 2, 1, 2, 2, 2]
        assert {row.tiles for row in record.rows} == {2}
        alone = [row.labels["group"] for row in record.rows if row.difference is None]
        assert alone == [BASE, BASE]
        last = record.rows[-1].difference
        assert last is not None
        assert last["mean_iou"].value == 0
        assert any("ViT-B was not asked" in note for note in record.notes)
        assert any("seeds 0 to 1" in note for note in record.notes)

    def test_the_small_models_bases_are_what_a_map_shows(
        self, region: Region, tmp_path: Path
    ) -> None:
        experiment = ablation([region], AblationOptions(seeds=1))
        found: dict[tuple[object, ...], CellResult] = {}
        for cell in experiment.cells:
            result = cell.work(cell.task, Context(tmp_path, lambda share: None))
            for tile in result.tiles:
                found[tuple(tile.labels.values())] = CellResult((tile,))
        (sample,) = tiles(region.test[0])
        for name in ("joint", "apt_plus"):
            expected = compare_with_truth(predict(sample, name), sample)
            (tile,) = found[name, BASE, BASE].tiles
            np.testing.assert_array_equal(tile.sums, expected.sums)

    def test_an_earlier_seed_is_not_done_again(self, region: Region) -> None:
        one = ablation([region], AblationOptions(seeds=1))
        three = ablation([region], AblationOptions(seeds=3))
        assert {cell.key for cell in one.cells} < {cell.key for cell in three.cells}
        assert len(three.cells) == len(one.cells) + 2

    def test_images_of_one_name_are_refused(self, region: Region) -> None:
        with pytest.raises(InputError, match="image called s3"):
            ablation([region, region], AblationOptions())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: AblationOptions(models=()), "No model"),
        (lambda: AblationOptions(models=(DEFAULT_MODEL, DEFAULT_MODEL)), "twice"),
        (lambda: AblationOptions(seeds=0), "no mean"),
    ],
)
def test_options_that_cannot_be(wrong: Callable[[], AblationOptions], said: str) -> None:
    with pytest.raises(InputError, match=said):
        wrong()
