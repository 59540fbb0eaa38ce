"""Ablation: what each part of the methods that prompt is worth, one changed at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from core.errors import InputError
from core.sam.registry import DEFAULT_MODEL, get_model
from core.sam.weights import is_present
from core.study.experiments.ablation_settings import (
    BASE,
    BASES,
    IN_WORDS,
    MODEL,
    POINTS,
    Prompting,
    Setting,
    bases,
    settings,
)
from core.study.experiments.cells import Cell, CellResult, Context, compare_with_truth
from core.study.experiments.experiment_plan import SEED, Column, Experiment, Plot
from core.study.experiments.methods import segmenter_of
from core.study.experiments.prompted_answers import PromptedAnswers
from core.study.experiments.region import Region, StudyImage, data_notes
from core.study.experiments.samples import tiles
from core.study.metrics.figures import TileFigures

_COSTS = {"joint": 0.1, "apt_plus": 0.7, "apt": 1.5, "automatic": 3.0}
"""Seconds of one setting on a tile with the small model, about, on one processor."""

_PLOTS = (
    Plot(
        "points",
        "Mean IoU by the number of points",
        "lines",
        "setting",
        "base",
        where={"group": (POINTS,)},
        x_title="points per class",
        scale="log",
    ),
    Plot(
        "settings",
        "Mean IoU with one thing changed",
        "bars",
        "setting",
        "base",
        where={"group": IN_WORDS},
    ),
)


@dataclass(frozen=True, slots=True)
class AblationOptions:
    """What is varied.

    Parameters
    ----------
    models : tuple of str
        Keys in the registry: the first one answers all settings, the others the strategies as
        they are, if their weights are on this machine.
    seed, seeds : int
        The first seed, and how many are averaged where chance decides.
    """

    models: tuple[str, ...] = (DEFAULT_MODEL,)
    seed: int = 0
    seeds: int = 3

    def __post_init__(self) -> None:
        if not self.models or len(set(self.models)) < len(self.models):
            raise InputError("No model is named, or one of them twice.", "Name each one once.")
        if self.seeds < 1:
            raise InputError(f"{self.seeds} seeds have no mean.", "Take at least 1.")


@dataclass(frozen=True, slots=True)
class AblationTask:
    """Some settings on one image, which share its embedding and its classifier.

    Parameters
    ----------
    weights : str
        SHA-256 of the model's weights, because results are kept.
    """

    image: StudyImage
    settings: tuple[Setting, ...]
    seed: int
    model: str
    weights: str


def run_settings(task: AblationTask, context: Context) -> CellResult:
    """Work of a cell: all its settings on all tiles of its image."""
    own = tiles(task.image)
    total = len(own) * len(task.settings)
    found: list[TileFigures] = []
    for sample in own:
        model = segmenter_of(task.model)
        answers = PromptedAnswers(
            sample, model, task.seed, lambda: context.step(len(found) / total)
        )
        judged: dict[Prompting, TileFigures] = {}
        for setting in task.settings:
            prompting = setting.prompting
            if prompting not in judged:
                judged[prompting] = compare_with_truth(answers.mask(prompting), sample)
            found.append(replace(judged[prompting], labels=setting.place))
    return CellResult(tuple(found), {"model": task.model, "settings": len(task.settings)})


def ablation(regions: Sequence[Region], options: AblationOptions) -> Experiment:
    """The experiment; every image that only measures is judged, those of all regions together."""
    images = tuple(image for region in regions for image in region.test)
    for (name, _), count in Counter((image.name, image.tile) for image in images).items():
        if count > 1:
            raise InputError(
                f"Two regions have an image called {name}, and tables know images by their names.",
                "Rename its files in one of the regions, or ask each region by itself.",
            )
    main, *others = options.models
    asked = {main: settings()}
    asked.update({one: bases(MODEL, one) for one in others if is_present(get_model(one))})
    return Experiment(
        "ablation",
        "Ablation",
        "What is each part of the methods that prompt worth? Every row differs from its method "
        "in one thing.",
        (Column("base", "method"), Column("group", "changed"), Column("setting", "to")),
        (tuple(c for model, own in asked.items() for c in _cells(images, own, model, options)),),
        (*data_notes(regions, main, options.seed), *_notes(options, asked)),
        {"group": BASE, "setting": BASE},
        _PLOTS,
        rows=tuple(setting.place for own in asked.values() for setting in own),
    )


def _cells(
    images: Sequence[StudyImage], rows: Sequence[Setting], model: str, options: AblationOptions
) -> Iterator[Cell]:
    """Cells of settings that share work, image by image, so that embeddings are at hand."""
    weights = get_model(model).sha256
    seeds = range(options.seed, options.seed + options.seeds)
    shared: dict[tuple[bool, str], list[Setting]] = {}
    for setting in rows:
        drawn = setting.prompting.drawn
        shared.setdefault((drawn, "" if drawn else setting.prompting.strategy), []).append(setting)
    for image in images:
        for (drawn, _), own in shared.items():
            cost = sum(_COSTS[one.strategy] for one in {setting.prompting for setting in own})
            for seed in seeds if drawn else seeds[:1]:
                task = AblationTask(image, tuple(own), seed, model, weights)
                yield Cell({"image": image.name, SEED: seed}, run_settings, task, cost)


def _notes(options: AblationOptions, asked: Collection[str]) -> Iterator[str]:
    last = options.seed + options.seeds - 1
    seeds = f"seeds {options.seed} to {last}" if options.seeds > 1 else f"seed {options.seed}"
    side = BASES["joint"].side
    yield (
        f"Where chance decides (drawn points, the classifier's sample): {seeds}, averaged. "
        "Tiles of all regions are pooled."
    )
    yield (
        "Only the model is without knowledge where points ignore the land cover: apt_plus still "
        "averages with the classifier, which learns from it."
    )
    yield (
        f"Automatic masks: one question at each point of a grid of {side} x {side}, without land "
        "cover; good masks that do not overlap. Land cover chooses those most of which it calls "
        "cropland."
    )
    yield (
        "A model that draws with exchanged labels what it draws with the right ones does not "
        "listen to them: it knows cropland from its training."
    )
    for model in options.models[1:]:
        spec = get_model(model)
        if model in asked:
            yield f"Rows 'model {model}': {spec.title}, SHA-256 {spec.sha256[:12]}."
        else:
            yield f"{spec.title} was not asked: its weights are not on this machine."
