"""The rows of the ablation as data: each strategy as it is, and with one thing changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.predict.apt import REPEATS
from core.prompts.auto import PUBLISHED_POINTS, PUBLISHED_ROUNDS
from core.study.metrics.figures import Label

BASE = "as it is"
POINTS, BORDER, MODEL = "points per class", "metres to a class border", "model"
IN_WORDS = (
    *(BASE, "points from", "labels", "land cover as mask", "automatic masks"),
    *("cleaning", "placing", "clean-up", MODEL),
)
"""Groups whose values say by themselves what they are; those of the others are numbers."""

_WITHOUT_CHANCE = ("published", "grid")


@dataclass(frozen=True, slots=True)
class Prompting:
    """A way of prompting; with its own defaults (:data:`BASES`) it is the strategy of that name.

    Parameters
    ----------
    strategy : {"joint", "apt_plus", "apt", "automatic"}
        ``automatic`` is no strategy: Segment Anything's automatic masks, a grid of single points
        of which good masks are kept.
    source : {"published", "spread", "random", "random labelled", "grid"}
        ``published`` and ``spread`` place points on the land cover's classes
        (:mod:`core.prompts.auto`).  The others do not look at it: ``random`` and ``grid`` call
        every point cropland; ``random labelled`` takes the places of ``random`` and asks the land
        cover what is there.
    per_class : int
        Aim for each class; sources that know no class place twice as many.
    border_m : float
        ``spread`` only: least distance from the land cover's class borders, metres.
    labels : {"both", "positive only", "exchanged"}
        ``exchanged`` calls each point the opposite of what is known about it: a model that draws
        the same then does not listen.
    mask : {"none", "beside points", "alone"}
        The land cover as ``mask_input``: not at all, with the points, or instead of them.
    cleaned : bool
        Whether points that the image's own classifier denies are dropped.
    draws : int
        Of the ensemble; a source without chance is asked once: every draw would be the same.
    classifier_share : float or None
        Weight of the classifier, 0 to 1; with 1 no model is asked.  None: by how far the model
        heeds its prompts.
    rounds : int
        After which of the three rounds ``apt`` stops.
    repeats : int
        How often each point asks, the answer before fed back as ``mask_input``; with 0 nothing is
        fed back, and all points of the rounds ask once.
    clean_up : bool
        Whether the published morphology ends it.
    side : int
        Points along each side of the grid of automatic masks.
    by_landcover : bool
        Whether only automatic masks most of which the land cover calls cropland are cropland.
    """

    strategy: Literal["joint", "apt_plus", "apt", "automatic"]
    source: Literal["published", "spread", "random", "random labelled", "grid"] = "published"
    per_class: int = PUBLISHED_POINTS
    border_m: float = 15.0
    labels: Literal["both", "positive only", "exchanged"] = "both"
    mask: Literal["none", "beside points", "alone"] = "none"
    cleaned: bool = False
    draws: int = 5
    classifier_share: float | None = None
    rounds: int = PUBLISHED_ROUNDS
    repeats: int = REPEATS
    clean_up: bool = True
    side: int = 16
    by_landcover: bool = True

    @property
    def drawn(self) -> bool:
        """Whether chance decides on the answer: the draw of points, or the classifier's sample."""
        if self.strategy in ("apt", "automatic"):
            return False
        chance = self.cleaned or self.source not in _WITHOUT_CHANCE
        return self.strategy == "apt_plus" or chance


BASES = {
    "joint": Prompting("joint"),
    "apt_plus": Prompting("apt_plus", source="spread", cleaned=True),
    "apt": Prompting("apt"),
}
"""The strategies themselves."""

Change = tuple[str, Label, dict[str, Any]]
"""What is changed, to what, and the fields of the prompting that say so."""

_QUESTION: tuple[Change, ...] = (
    ("points from", "random points, all cropland", {"source": "random"}),
    ("points from", "grid points, all cropland", {"source": "grid"}),
    ("points from", "random points, named by land cover", {"source": "random labelled"}),
    *((POINTS, count, {"per_class": count}) for count in (1, 3, 5, 10, 20, 33, 66)),
    ("labels", "positive points only", {"labels": "positive only"}),
    ("labels", "labels exchanged", {"labels": "exchanged"}),
    ("land cover as mask", "mask and points", {"mask": "beside points"}),
    ("land cover as mask", "mask alone", {"mask": "alone"}),
)
"""What a question says, varied."""

_CHANGES: dict[str, Iterable[Change]] = {
    "joint": (
        *_QUESTION,
        ("automatic masks", "masks that land cover chooses", {"strategy": "automatic"}),
        ("automatic masks", "all masks", {"strategy": "automatic", "by_landcover": False}),
        ("cleaning", "points cleaned", {"cleaned": True}),
        *((BORDER, metres, {"source": "spread", "border_m": metres}) for metres in (0.0, 15.0)),
    ),
    "apt_plus": (
        *_QUESTION,
        ("cleaning", "points not cleaned", {"cleaned": False}),
        *((BORDER, metres, {"border_m": metres}) for metres in (0.0, 15.0)),
        ("placing", "published grid", {"source": "published"}),
        *(("draws", draws, {"draws": draws}) for draws in (1, 3, 5, 10)),
        *(
            ("classifier's share", share, {"classifier_share": share})
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ),
    ),
    "apt": (
        *(("rounds", rounds, {"rounds": rounds}) for rounds in (1, 2, 3)),
        *(("answers fed back", repeats, {"repeats": repeats}) for repeats in (0, 1, 4)),
        ("clean-up", "no clean-up", {"clean_up": False}),
    ),
}


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
    def place(self) -> dict[str, Label]:
        """Its labels in the table."""
        return {"base": self.base, "group": self.group, "setting": self.value}


def settings() -> tuple[Setting, ...]:
    """All rows, in the table's order."""
    return tuple(
        Setting(base, group, value, replace(own, **fields))
        for base, own in BASES.items()
        for group, value, fields in ((BASE, BASE, {}), *_CHANGES[base])
    )


def bases(group: str, value: Label) -> tuple[Setting, ...]:
    """The strategies as they are, where something outside them changes: the model."""
    return tuple(Setting(base, group, value, own) for base, own in BASES.items())
