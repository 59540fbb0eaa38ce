"""Domain adaptation without labels, beside prompting: what can a network learn from images alone?

A network that was trained in one region is brought to another whose images are there and whose
labels are not, by adaptive batch normalisation (Li et al. 2016, arXiv:1603.04779) or by
class-balanced self-training (Zou et al. 2018, arXiv:1810.07911, one round; after Lee 2013).  Beside
them stand networks that never saw the other region's labels either: they learn from what the land
cover, or a prompting method, says of the target's own images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from core.sam.registry import DEFAULT_MODEL
from core.study.experiments.cells import Cell, CellResult, Context, Facts
from core.study.experiments.crops import UNKNOWN, Picture, batches, picture, shades
from core.study.experiments.experiment_plan import SEED, Column, Experiment, Plot, check_known
from core.study.experiments.fitting import Recipe, fit
from core.study.experiments.methods import LANDCOVER, METHODS, Method, method_cells
from core.study.experiments.networks import NETWORKS, half_precision, probability_of
from core.study.experiments.region import Region, StudyImage, data_notes
from core.study.experiments.samples import samples
from core.study.experiments.trained import (
    NetworkTask,
    Trained,
    Training,
    curve,
    judged,
    run_network,
    trained,
)
from core.study.experiments.training import (
    Direction,
    check_directions,
    every_direction,
    whole_training,
)
from core.study.metrics.figures import Label

ADAPTIVE, SELF_TRAINING = "adaptive batch normalisation", "self-training"
AS_IT_IS, WITH_LABELS = "not adapted", "with the target's labels"

_SURE_SHARE = 0.5
"""Of each class that a network sees, the share of pixels on which it is surest."""

_SELF_TRAINING_RATE = 0.25
"""Beside the rate of training from random weights."""

_BATCHES = 16
"""From which the target's statistics are taken."""


@dataclass(frozen=True, slots=True)
class AdaptationOptions:
    """What is adapted, and where to.

    Parameters
    ----------
    network : str
        Of ``NETWORKS``.
    directions : tuple of Direction
        By default every region to every other.
    teachers : tuple of str
        Methods whose answers on the target's images teach a network.
    methods : tuple of str
        That are judged as they are.
    steps : int
        Of a training, at most.
    """

    network: str = "unet"
    directions: tuple[Direction, ...] = ()
    teachers: tuple[str, ...] = (LANDCOVER, "apt_plus")
    methods: tuple[str, ...] = (LANDCOVER, "classifier", "apt_plus")
    steps: int = Recipe().steps
    model: str = DEFAULT_MODEL
    seed: int = 0

    def __post_init__(self) -> None:
        check_known((self.network,), tuple(NETWORKS), "network")
        check_known((*self.teachers, *self.methods), METHODS, "method")


@dataclass(frozen=True, slots=True)
class AdaptTask:
    """A network of one region brought to another.

    Parameters
    ----------
    source : Training
    way : str
        ``ADAPTIVE`` or ``SELF_TRAINING``.
    images : tuple of StudyImage
        Of the target, to adapt to: their truth is not looked at.
    test : tuple of StudyImage
    """

    source: Training
    way: str
    images: tuple[StudyImage, ...]
    test: tuple[StudyImage, ...]
    keep: bool = False


def run_adaptation(task: AdaptTask, context: Context) -> CellResult:
    """Work of a cell: adapt a network and judge it."""
    found = trained(task.source, context)
    shown = unlabelled(task.images)
    recipe, seed = task.source.recipe, task.source.seed
    if task.way == ADAPTIVE:
        adapt_normalisation(found.network, shown, recipe, seed)
        facts: Facts = {"batches": _BATCHES}
    else:
        facts = self_train(found.network, shown, recipe, seed, context)
    return judged(Trained(found.network, facts), task.test, context, keep=task.keep)


def unlabelled(images: tuple[StudyImage, ...]) -> list[Picture]:
    """Pictures that say of no pixel what it is."""
    found = []
    for sample in samples(images):
        nothing = np.zeros_like(sample.image.valid)
        found.append(picture(sample.image, nothing, nothing))
    return found


def adapt_normalisation(
    network: torch.nn.Module, pictures: Sequence[Picture], recipe: Recipe, seed: int
) -> None:
    """Put the statistics of pictures into a network's batch normalisation; weights stay."""
    layers = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    network.eval()
    for layer in layers:
        layer.reset_running_stats()
        # None means that all batches count alike.
        layer.momentum = None
        layer.train()
    drawn = batches(pictures, recipe.batch, recipe.side, np.random.default_rng(seed), vary=False)
    with torch.inference_mode(), half_precision():
        for _ in range(_BATCHES):
            network(next(drawn)[0])
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.eval()


def self_train(
    network: torch.nn.Module,
    pictures: Sequence[Picture],
    recipe: Recipe,
    seed: int,
    context: Context,
) -> Facts:
    """Teach a network, in place, what it is surest of itself; half as many steps, none undone.

    There are no labels that could say when to stop, so the last weights stay.
    """
    taught, thresholds = pseudo_labelled(network, pictures)
    gentle = replace(
        recipe, steps=max(1, recipe.steps // 2), rate=recipe.rate * _SELF_TRAINING_RATE
    )
    looks = fit(network, taught, (), gentle, seed, context.step)
    known = [float((one.target != UNKNOWN).float().mean()) for one in taught]
    return {"thresholds": thresholds, "sure_share": float(np.mean(known)), **curve(looks)}


def pseudo_labelled(
    network: torch.nn.Module, pictures: Sequence[Picture]
) -> tuple[list[Picture], tuple[float, float]]:
    """Pictures with a network's own answers where it is surest, ``UNKNOWN`` elsewhere.

    Returns
    -------
    list of Picture
    tuple of float
        Probabilities of cropland below which a pixel is none, and from which it is: medians of
        either class over all pictures, so that the rarer class is not lost.
    """
    answers = [probability_of(network, shades(one.rgb)) for one in pictures]
    every = torch.cat([answer.flatten() for answer in answers]).numpy()
    low = _quantile(every[every < 0.5], _SURE_SHARE, otherwise=0.0)
    high = _quantile(every[every >= 0.5], 1 - _SURE_SHARE, otherwise=1.0)
    found = []
    for one, answer in zip(pictures, answers, strict=True):
        target = torch.full_like(answer, UNKNOWN, dtype=torch.uint8)
        target[answer <= low], target[answer >= high] = 0, 1
        found.append(Picture(one.rgb, target))
    return found, (low, high)


def _quantile(values: np.ndarray, share: float, otherwise: float) -> float:
    return float(np.quantile(values, share)) if values.size else otherwise


def adaptation(regions: Sequence[Region], options: AdaptationOptions) -> Experiment:
    """The experiment; target images to learn from are shown without their truth."""
    directions = options.directions or every_direction(regions)
    check_directions(regions, directions)
    options = replace(options, directions=directions)
    plan = _Plan({region.name: region for region in regions}, options)
    return Experiment(
        "adaptation",
        "Domain adaptation without labels",
        "Can a network trained elsewhere adapt to images without labels as well as prompting does "
        "with land cover?",
        (
            *(Column("method", "method"), Column("source", "labels from")),
            Column("region", "test region"),
        ),
        (
            tuple(plan.trained_with_labels()),
            (*plan.adapted(), *plan.taught_by_methods(), *plan.without_network()),
        ),
        (*data_notes(regions, options.model, options.seed, training=True), *plan.notes()),
        {"method": LANDCOVER, "source": _NOWHERE},
        (Plot("mean_iou", "Mean IoU after adaptation", "bars", "region", "method"),),
        {"method": (AS_IT_IS, ADAPTIVE, SELF_TRAINING, *map(taught_by, options.teachers))},
    )


_NOWHERE = "nowhere"


def taught_by(teacher: str) -> str:
    """What tables call a network that a method has taught."""
    return f"network taught by {teacher}"


@dataclass(frozen=True, slots=True)
class _Plan:
    """The cells of the experiment."""

    regions: dict[str, Region]
    options: AdaptationOptions

    @property
    def targets(self) -> list[Region]:
        names = dict.fromkeys(direction.target for direction in self.options.directions)
        return [self.regions[name] for name in names]

    def trained_with_labels(self) -> Iterator[Cell]:
        """What every adaptation starts from, judged at home: the upper end of the scale."""
        for region in self.regions.values():
            task = NetworkTask(self._source(region), region.test, keep=True)
            yield Cell(self._labels(WITH_LABELS, region.name, region), run_network, task, 100.0)

    def adapted(self) -> Iterator[Cell]:
        """The network of another region: as it is, and brought to the target."""
        for direction in self.options.directions:
            home, target = self.regions[direction.source], self.regions[direction.target]
            source = self._source(home)
            as_it_is = NetworkTask(source, target.test, keep=True)
            yield Cell(self._labels(AS_IT_IS, home.name, target), run_network, as_it_is, 5.0)
            for way, cost in ((ADAPTIVE, 15.0), (SELF_TRAINING, 60.0)):
                task = AdaptTask(source, way, target.train, target.test, keep=True)
                yield Cell(self._labels(way, home.name, target), run_adaptation, task, cost)

    def taught_by_methods(self) -> Iterator[Cell]:
        """Networks from random weights that learn what a method says of the target's images."""
        asked = self.options
        teachers = [Method(name, asked.seed, asked.model) for name in asked.teachers]
        for target in self.targets:
            for teacher in teachers:
                training = replace(self._source(target), teacher=teacher)
                task = NetworkTask(training, target.test, keep=True)
                labels = self._labels(taught_by(teacher.name), _NOWHERE, target)
                yield Cell(labels, run_network, task, 120.0)

    def without_network(self) -> Iterator[Cell]:
        """Methods as they are; the cells are those of ``cropmap experiment methods``."""
        asked = self.options
        return method_cells(self.targets, asked.methods, asked.model, asked.seed, source=_NOWHERE)

    def notes(self) -> tuple[str, ...]:
        """What of the networks has to stand above the table."""
        title = NETWORKS[self.options.network].title
        return (
            f"Network: {title} from random weights, at most {self.options.steps} steps. Adaptation "
            "sees the target's images to learn from without their truth, and never those that "
            "only measure.",
            "Rates, shares and steps of the adaptations are of their papers or chosen beforehand: "
            "no label of a target has tuned them.",
        )

    def _source(self, region: Region) -> Training:
        return whole_training(self.options.network, region, self.options.steps, self.options.seed)

    def _labels(self, method: str, source: str, region: Region) -> dict[str, Label]:
        place = {"method": method, "source": source, "region": region.name}
        return {**place, SEED: self.options.seed}
