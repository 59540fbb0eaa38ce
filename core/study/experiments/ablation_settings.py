"""The rows of the ablation: each strategy as it is, and with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from core.study.experiments.cells import Label
from core.study.experiments.promptings import (
    Apt,
    AptPlus,
    Everything,
    Joint,
    Labels,
    MaskPrompt,
    Points,
    Prompting,
    Source,
)

BASE = "as it is"
POINTS, BORDER, ENSEMBLE, SHARE = (
    "points per class",
    "metres to a class border",
    "draws",
    "classifier's share",
)
"""Groups whose values are numbers."""

SOURCE, LABELS, MASK, AUTOMATIC = "points from", "labels", "land cover as mask", "automatic masks"
CLEANING, PLACING, CLEAN_UP, MODEL = "cleaning", "placing", "clean-up", "model"
IN_WORDS = (BASE, SOURCE, LABELS, MASK, AUTOMATIC, CLEANING, PLACING, CLEAN_UP, MODEL)
"""Groups whose values say by themselves what they are."""

_COUNTS = (1, 3, 5, 10, 20, 33, 66)
_BORDERS_M = (0.0, 15.0)
_DRAWS = (1, 3, 5, 10)
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROUNDS = (1, 2, 3)
_REPEATS = (0, 1, 4)

_BLIND: tuple[tuple[str, Source], ...] = (
    ("random points, all cropland", "random"),
    ("grid points, all cropland", "grid"),
    ("random points, named by land cover", "random labelled"),
)
_LABELS: tuple[tuple[str, Labels], ...] = (
    ("positive points only", "positive only"),
    ("labels exchanged", "exchanged"),
)
_MASKS: tuple[tuple[str, MaskPrompt], ...] = (
    ("mask and points", "beside points"),
    ("mask alone", "alone"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    Parameters
    ----------
    base : str
        Strategy that it differs from in one thing.
    group : str
        That thing; ``BASE`` is the strategy itself.
    value : str, int or float
        What it is in this row.
    """

    base: str
    group: str
    value: Label
    prompting: Prompting

    @property
    def labels(self) -> dict[str, Label]:
        """Its place in the table."""
        return {"base": self.base, "group": self.group, "setting": self.value}


def settings() -> tuple[Setting, ...]:
    """All rows, in the table's order."""
    return (*_joint(), *_apt_plus(), *_apt())


def bases(group: str, value: Label) -> tuple[Setting, ...]:
    """The strategies as they are, where something outside them changes: the model."""
    return tuple(
        replace(setting, group=group, value=value)
        for setting in settings()
        if setting.group == BASE
    )


def _joint() -> Iterator[Setting]:
    own = Joint()
    yield Setting("joint", BASE, BASE, own)
    yield from _question("joint", own.points, Joint)
    for value, by_landcover in (("masks that land cover chooses", True), ("all masks", False)):
        yield Setting("joint", AUTOMATIC, value, Everything(by_landcover=by_landcover))
    yield Setting("joint", CLEANING, "points cleaned", Joint(replace(own.points, cleaned=True)))
    for border in _BORDERS_M:
        drawn = replace(own.points, source="spread", border_m=border)
        yield Setting("joint", BORDER, border, Joint(drawn))


def _apt_plus() -> Iterator[Setting]:
    own = AptPlus()

    def asks(points: Points) -> AptPlus:
        return replace(own, points=points)

    yield Setting("apt_plus", BASE, BASE, own)
    yield from _question("apt_plus", own.points, asks)
    yield Setting(
        "apt_plus", CLEANING, "points not cleaned", asks(replace(own.points, cleaned=False))
    )
    for border in _BORDERS_M:
        yield Setting("apt_plus", BORDER, border, asks(replace(own.points, border_m=border)))
    published = replace(own.points, source="published")
    yield Setting("apt_plus", PLACING, "published grid", asks(published))
    for draws in _DRAWS:
        yield Setting("apt_plus", ENSEMBLE, draws, replace(own, draws=draws))
    for share in _SHARES:
        yield Setting("apt_plus", SHARE, share, replace(own, classifier_share=share))


def _question(base: str, points: Points, asks: Callable[[Points], Prompting]) -> Iterator[Setting]:
    """What a question says, varied."""
    for value, source in _BLIND:
        yield Setting(base, SOURCE, value, asks(replace(points, source=source)))
    for count in _COUNTS:
        yield Setting(base, POINTS, count, asks(replace(points, per_class=count)))
    for value, labels in _LABELS:
        yield Setting(base, LABELS, value, asks(replace(points, labels=labels)))
    for name, mask in _MASKS:
        yield Setting(base, MASK, name, asks(replace(points, mask=mask)))


def _apt() -> Iterator[Setting]:
    own = Apt()
    yield Setting("apt", BASE, BASE, own)
    for rounds in _ROUNDS:
        yield Setting("apt", "rounds", rounds, replace(own, rounds=rounds))
    for repeats in _REPEATS:
        yield Setting("apt", "answers fed back", repeats, replace(own, repeats=repeats))
    yield Setting("apt", CLEAN_UP, "no clean-up", replace(own, clean_up=False))
