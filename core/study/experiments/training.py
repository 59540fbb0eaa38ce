"""Prompting against training: when do labels pay, and how far does a trained network travel?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from core.errors import InputError, Remedy
from core.sam.registry import DEFAULT_MODEL
from core.study.experiments.cells import Cell
from core.study.experiments.crops import COMMON_GSD_M, CROP_SIDE, crop_places
from core.study.experiments.experiment_plan import SEED, Column, Experiment, Plot, check_known
from core.study.experiments.fitting import Recipe
from core.study.experiments.methods import LANDCOVER, METHODS, method_cells
from core.study.experiments.networks import NETWORKS
from core.study.experiments.region import Region, data_notes
from core.study.experiments.trained import NetworkTask, Training, run_network
from core.study.metrics.figures import Label

NOTHING = "nothing"
"""What a method was trained in that needs no training."""

_FEW_SHARE = 0.5
"""Steps with few labels, beside those with all: there is less to learn."""

_FINE_TUNING = 0.3
"""Rate of fine-tuning beside that of training from random weights."""

_STEP_SECONDS = 0.4
"""Of one thread, about, for the progress."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Trained in one region, applied in another, by their names."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What is trained, and what it is compared with.

    Parameters
    ----------
    networks : tuple of str
        Of ``NETWORKS``; the first one is the one that few labels teach.
    labels : tuple of int
        Labelled crops of the target region; with none, the network comes as it is.
    directions : tuple of Direction
        By default every region to every other.
    curves : tuple of Direction
        Those in which few labels are tried; by default the first direction.
    seeds : tuple of int
        Of the crops drawn and the networks that they teach.
    steps : int
        Of a training, at most.
    methods : tuple of str
        That need no labels, beside the networks.
    model, seed
        Of those methods; ``seed`` is also that of the networks trained with all labels.
    """

    networks: tuple[str, ...] = ("unet", "deeplabv3plus", "fpn")
    labels: tuple[int, ...] = (5, 10, 20, 50)
    directions: tuple[Direction, ...] = ()
    curves: tuple[Direction, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = Recipe().steps
    methods: tuple[str, ...] = METHODS
    model: str = DEFAULT_MODEL
    seed: int = 0

    def __post_init__(self) -> None:
        check_known(self.networks, tuple(NETWORKS), "network")
        check_known(self.methods, METHODS, "method")
        if self.steps < 1 or any(count < 2 for count in self.labels):
            raise InputError(
                "A training takes at least one step and two labelled crops.",
                "One of the crops decides when to stop; give larger numbers.",
            )


def training(regions: Sequence[Region], options: TrainingOptions) -> Experiment:
    """The experiment: networks trained with labels beside methods that need none."""
    plan = _Plan({region.name: region for region in regions}, _complete(regions, options))
    few = plan.few_title
    return Experiment(
        "training",
        "Prompting against training",
        "How many labels does a trained network need to draw cropland better than methods that "
        "need none, at home and in another region?",
        (
            *(Column("method", "method"), Column("trained", "trained in")),
            Column("labels", "labelled crops of the test region"),
            Column("region", "test region"),
        ),
        (
            tuple(plan.at_home()),
            (*plan.elsewhere(), *plan.few_labels(), *plan.without_labels()),
        ),
        (*data_notes(regions, options.model, options.seed, training=True), *plan.notes()),
        {"method": LANDCOVER, "trained": NOTHING, "labels": 0},
        (
            Plot(
                "transfer",
                "Mean IoU by where a network was trained",
                "bars",
                "trained",
                "method",
                facet="region",
                where={"method": (*plan.titles, *plan.options.methods)},
            ),
            Plot(
                "label_efficiency",
                "Mean IoU by labelled crops",
                "lines",
                "labels",
                "method",
                facet="region",
                where={
                    "method": (f"{few}, fine-tuned", f"{few}, from scratch", *options.methods),
                    "region": tuple(curve.target for curve in plan.options.curves),
                },
                level={"trained": (NOTHING,)},
                scale="even",
            ),
        ),
        {"method": tuple(plan.titles)},
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """The cells of the experiment."""

    regions: dict[str, Region]
    options: TrainingOptions

    @property
    def titles(self) -> list[str]:
        return [NETWORKS[key].title for key in self.options.networks]

    @property
    def few_title(self) -> str:
        return self.titles[0]

    def at_home(self) -> Iterator[Cell]:
        """Every network in every region, with all of its labels."""
        for region in self.regions.values():
            for network in self.options.networks:
                labels = _place(
                    NETWORKS[network].title, region.name, len(crop_places(region.train))
                )
                yield self._cell(labels, self._whole(network, region), region, keep=True)

    def elsewhere(self) -> Iterator[Cell]:
        """The same networks in other regions, whose labels they have not seen."""
        for direction in self.options.directions:
            source, target = self.regions[direction.source], self.regions[direction.target]
            for network in self.options.networks:
                labels = _place(NETWORKS[network].title, source.name, 0)
                yield self._cell(labels, self._whole(network, source), target, keep=True)

    def few_labels(self) -> Iterator[Cell]:
        """One network, with few labels of the target: fine-tuned, and from random weights."""
        for curve in self.options.curves:
            source, target = self.regions[curve.source], self.regions[curve.target]
            start = self._whole(self.options.networks[0], source)
            tuned = (f"{self.few_title}, fine-tuned", f"{source.name}, then {target.name}")
            fresh = (f"{self.few_title}, from scratch", target.name)
            yield self._cell(_place(*tuned, 0), start, target, keep=True)
            for count in self._affordable(target):
                for seed in self.options.seeds:
                    for names, first in ((tuned, start), (fresh, None)):
                        training = self._few(target, count, seed, first)
                        place = {**_place(*names, count), SEED: seed}
                        yield self._cell(place, training, target)

    def without_labels(self) -> Iterator[Cell]:
        """Methods that need no labels; the cells are those of ``cropmap experiment methods``."""
        asked, regions = self.options, tuple(self.regions.values())
        return method_cells(
            regions, asked.methods, asked.model, asked.seed, trained=NOTHING, labels=0
        )

    def notes(self) -> tuple[str, ...]:
        """What of the networks has to stand above the table."""
        asked = self.options
        return (
            f"Networks: {', '.join(self.titles)} from random weights, at most {asked.steps} steps, "
            f"at {COMMON_GSD_M:g} m; a fifth of the images to learn from decides when to stop. "
            f"With all labels: seed {asked.seed}.",
            f"Few labels: crops of {CROP_SIDE} pixels, a fifth of them (at least one) decides when "
            f"to stop; at most {self._few_recipe.steps} steps; seeds "
            f"{', '.join(map(str, asked.seeds))} draw the crops.",
            "The prompting methods' model was taught beforehand, with labels: where images like "
            "these were among them, it starts ahead of networks from random weights.",
        )

    def _affordable(self, target: Region) -> list[int]:
        most = len(crop_places(target.train))
        for count in self.options.labels:
            if count > most:
                raise InputError(
                    f"{count} labelled crops are asked for, and {target.name} has {most}.",
                    remedy=Remedy.FEWER_LABELS_OR_OTHER_CURVE,
                )
        return sorted(set(self.options.labels))

    def _whole(self, network: str, region: Region) -> Training:
        return whole_training(network, region, self.options.steps, self.options.seed)

    @property
    def _few_recipe(self) -> Recipe:
        return Recipe(steps=max(1, round(self.options.steps * _FEW_SHARE)))

    def _few(self, region: Region, count: int, seed: int, start: Training | None) -> Training:
        recipe = self._few_recipe
        if start is not None:
            recipe = replace(recipe, rate=recipe.rate * _FINE_TUNING)
        network = self.options.networks[0]
        return Training(network, recipe, region.train, crops=count, seed=seed, start=start)

    def _cell(
        self, labels: dict[str, Label], taught: Training, test: Region, *, keep: bool = False
    ) -> Cell:
        whole = {SEED: self.options.seed, **labels, "region": test.name}
        cost = _STEP_SECONDS * taught.recipe.steps if test.train == taught.images else 5.0
        return Cell(whole, run_network, NetworkTask(taught, test.test, keep), cost)


def _place(method: str, trained: str, labels: int) -> dict[str, Label]:
    return {"method": method, "trained": trained, "labels": labels}


def whole_training(network: str, region: Region, steps: int, seed: int) -> Training:
    """A network taught by all labels of a region: several experiments share it."""
    return Training(network, Recipe(steps=steps), region.train, seed=seed)


def every_direction(regions: Sequence[Region]) -> tuple[Direction, ...]:
    """Every region to every other."""
    return tuple(Direction(a.name, b.name) for a, b in permutations(regions, 2))


def check_directions(regions: Sequence[Region], directions: Sequence[Direction]) -> None:
    """Raise ``InputError`` where a direction names a region that is not there."""
    names = tuple(region.name for region in regions)
    for direction in directions:
        check_known((direction.source, direction.target), names, "region")


def _complete(regions: Sequence[Region], options: TrainingOptions) -> TrainingOptions:
    directions = options.directions or every_direction(regions)
    curves = options.curves or directions[:1]
    check_directions(regions, (*directions, *curves))
    return replace(options, directions=directions, curves=curves)
