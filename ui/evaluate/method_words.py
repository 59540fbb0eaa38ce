"""The evaluation in words: methods, differences, what a comparison amounts to, its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.predict import WITHOUT_MODEL
from core.study.experiments import LANDCOVER, METHODS
from core.study.metrics import LEAST_TILES, Interval
from core.study.projects import Finding
from ui.shared.settings_dialog import STRATEGY_TITLES
from ui.shared.text import count

TITLES: Mapping[str, str] = {
    LANDCOVER: "Land cover as it is",
    **{key: title.partition(" (")[0] for key, title in STRATEGY_TITLES.items()},
}
"""Methods for people."""

SENTENCES: Mapping[str, str] = {
    LANDCOVER: "The cropland of the land cover product, without the image: the baseline.",
    "classifier": "Learns the colours of cropland from the image and its land cover; "
    "needs no model.",
    "joint": "Points from the land cover; the model is asked once, with all of them.",
    "apt_plus": "Doubtful points are dropped; the model is asked several times. "
    "The app uses this method unless you choose another.",
    "per_field": "The model is asked for the field of each point separately.",
    "apt": "The method as published, step by step; by far the slowest.",
}

FIRST_CHOICE = (LANDCOVER, "classifier", "joint", "apt_plus")
"""The useful ones that take seconds."""

SECONDS: Mapping[str, float] = {
    LANDCOVER: 0.5,
    "classifier": 4.0,
    "joint": 3.0,
    "apt_plus": 6.0,
    "per_field": 7.0,
    "apt": 30.0,
}
"""For a tile of 1024 pixels on one processor, about."""

MEAN_IOU_HELP = (
    "Overlap of drawn and reference cropland, and of all other land; the mean of both. 1 is "
    "perfect. A map with one wrong pixel in ten has about 0.8."
)
F1_HELP = "One number for cropland that is missed and cropland that is too much. 1 is perfect."
ACCURACY_HELP = "Share of pixels that are correct."
BOUNDARY_HELP = (
    "Share of drawn borders that lie within 2 m of a reference border, and the other way round."
)


def method_title(key: str) -> str:
    """A method in words; one that is not known by its own name."""
    return TITLES.get(key, key)


def needs_model(methods: Sequence[str]) -> bool:
    """Whether any of them asks a model."""
    return any(method not in (LANDCOVER, WITHOUT_MODEL) for method in methods)


def in_order(methods: Sequence[str]) -> tuple[str, ...]:
    """Methods in the order in which they are always named."""
    order = [*SENTENCES, *(key for key in METHODS if key not in SENTENCES)]
    return tuple(sorted(methods, key=order.index))


def difference(interval: Interval | None) -> str:
    """A method's mean IoU less that of the land cover, in words."""
    if interval is None or interval.value is None:
        return ""
    size = f"{abs(interval.value):.2f}"
    if interval.low is None or interval.high is None:
        if round(interval.value, 2) == 0:
            return "no difference, too few tiles to be sure"
        return f"{size} {'higher' if interval.value >= 0 else 'lower'}, too few tiles to be sure"
    if interval.low > 0:
        return f"{size} better ({interval.low:.2f} to {interval.high:.2f})"
    if interval.high < 0:
        return f"{size} worse ({-interval.high:.2f} to {-interval.low:.2f})"
    return f"cannot be told apart ({interval.low:+.2f} to {interval.high:+.2f})"


def conclusion(finding: Finding) -> str:
    """One honest sentence or two; text of methods only, nothing of people's."""
    best, tiles = _quoted(finding.best), count(finding.tiles, "tile")
    if not finding.decided:
        return (
            f"{tiles.capitalize()} {'is' if finding.tiles == 1 else 'are'} too few to say which "
            f"method is better; at least {LEAST_TILES} are needed. {best} has "
            f"the highest overlap (mean IoU), {finding.mean_iou:.2f}."
        )
    these = f"On {'this' if finding.tiles == 1 else 'these'} {tiles}"
    if finding.best == LANDCOVER:
        said = (
            f"{these} no method has a higher overlap (mean IoU) than {best} "
            f"({finding.mean_iou:.2f})."
        )
    else:
        said = f"{these} {best} has the highest overlap (mean IoU), {finding.mean_iou:.2f}"
        said += f"{_over_landcover(finding.gain)}."
    others = [method for method in finding.undecided if _worth_naming(method, finding)]
    if others:
        said += f" {_listed([best, *map(_quoted, others)])} cannot be told apart."
    return said


def _over_landcover(gain: Interval | None) -> str:
    if gain is None or gain.value is None or gain.low is None or gain.high is None:
        return ""
    if gain.low <= 0:
        return ", but it cannot be told apart from the land cover"
    return f": {gain.value:.2f} better than the land cover ({gain.low:.2f} to {gain.high:.2f})"


def _worth_naming(method: str, finding: Finding) -> bool:
    """Whether the sentence has not said it of the land cover already."""
    return method != LANDCOVER or finding.best == LANDCOVER


def _quoted(method: str) -> str:
    return f"*{method_title(method)}*"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def planned_seconds(methods: Sequence[str], tiles: int, processes: int) -> float:
    """About how long a comparison takes, with the start of its process."""
    return 8.0 + tiles * sum(SECONDS.get(method, 10.0) for method in methods) / processes
