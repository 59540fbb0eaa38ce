"""Ways of prompting that differ in one thing from a strategy: what an ablation asks.

Each kind with its own defaults is the strategy of that name, pixel for pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.predict.apt import REPEATS
from core.prompts.auto import PUBLISHED_POINTS, PUBLISHED_ROUNDS

Source = Literal["published", "spread", "random", "random labelled", "grid"]
Labels = Literal["both", "positive only", "exchanged"]
MaskPrompt = Literal["none", "beside points", "alone"]

_WITHOUT_CHANCE = ("published", "grid")


@dataclass(frozen=True, slots=True)
class Points:
    """What one question says.

    Parameters
    ----------
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
    """

    source: Source = "published"
    per_class: int = PUBLISHED_POINTS
    border_m: float = 15.0
    labels: Labels = "both"
    mask: MaskPrompt = "none"
    cleaned: bool = False

    @property
    def drawn(self) -> bool:
        """Whether chance decides on them: by the draw, or by the classifier's sample."""
        return self.cleaned or self.source not in _WITHOUT_CHANCE


@dataclass(frozen=True, slots=True)
class Joint:
    """One question with all points (:mod:`core.predict.joint`)."""

    points: Points = Points()

    @property
    def drawn(self) -> bool:
        """Whether chance decides on the answer."""
        return self.points.drawn


@dataclass(frozen=True, slots=True)
class AptPlus:
    """The mean of several draws, averaged with the classifier (:mod:`core.predict.apt_plus`).

    Parameters
    ----------
    draws : int
        A source without chance is asked once: every draw would be the same.
    classifier_share : float or None
        Weight of the classifier, 0 to 1; with 1 no model is asked.  None: by how far the model
        heeds its prompts.
    """

    points: Points = Points("spread", cleaned=True)
    draws: int = 5
    classifier_share: float | None = None

    @property
    def drawn(self) -> bool:
        """Whether chance decides on the answer: the classifier's sample always does."""
        return True


@dataclass(frozen=True, slots=True)
class Apt:
    """The published loop (:mod:`core.predict.apt`).

    Parameters
    ----------
    rounds : int
        After which of the three rounds it stops.
    repeats : int
        How often each point asks, the answer before fed back as ``mask_input``; with 0 nothing is
        fed back, and all points of the rounds ask once.
    clean_up : bool
        Whether the published morphology ends it.
    """

    rounds: int = PUBLISHED_ROUNDS
    repeats: int = REPEATS
    clean_up: bool = True

    @property
    def drawn(self) -> bool:
        """Never: the published grid is free of chance."""
        return False


@dataclass(frozen=True, slots=True)
class Everything:
    """Segment Anything's automatic masks: a grid of single points, good masks kept.

    Parameters
    ----------
    side : int
        Points along each side.
    by_landcover : bool
        Whether only masks most of which the land cover calls cropland are cropland; else all are.
    """

    side: int = 16
    by_landcover: bool = True

    @property
    def drawn(self) -> bool:
        """Never."""
        return False


Prompting = Joint | AptPlus | Apt | Everything
