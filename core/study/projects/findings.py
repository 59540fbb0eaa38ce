"""What a comparison of methods amounts to: the best one, and which ones cannot be told from it.

Two methods are compared on the same tiles in the same draws, so what makes a tile hard for both
does not widen the interval of their difference.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.study.experiments.figures import mean_iou_of
from core.study.experiments.methods import LANDCOVER
from core.study.experiments.sheets import PIXELS
from core.study.metrics.bootstrap import Interval, drawn_weights, interval_of

Place = tuple[str, str]
"""Image and tile."""

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finding:
    """The methods of one region.

    Parameters
    ----------
    tiles : int
        That every method has seen.
    best : str
        The method with the highest mean IoU.
    mean_iou : float
        Of the best, all tiles pooled.
    gain : Interval or None
        Its mean IoU less that of the land cover; None where it is the land cover, or there is none.
    undecided : tuple of str
        Other methods whose difference to the best may as well be none.
    """

    region: str
    tiles: int
    best: str
    mean_iou: float
    gain: Interval | None
    undecided: tuple[str, ...]

    @property
    def decided(self) -> bool:
        """Whether there are tiles enough to tell anything apart."""
        return self.tiles > 0 and drawn_weights(self.tiles, seed=0, draws=1).size > 0


def read_findings(table: Path, *, seed: int) -> list[Finding]:
    """Findings of each region, from ``tiles.csv`` of a comparison of methods.

    Parameters
    ----------
    seed : int
        Of the intervals.

    Raises
    ------
    InputError
        The table is missing or not what was written.
    """
    try:
        text = table.read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        regions: dict[str, dict[str, dict[Place, Counts]]] = {}
        for row in rows:
            methods = regions.setdefault(row["region"], {})
            counts = np.array([float(row[name]) for name in PIXELS])
            if counts.any():
                methods.setdefault(row["method"], {})[row["image"], row["tile"]] = counts
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{table.name} of this run cannot be read.", "Run it again; finished steps are kept."
        ) from error
    found = [_finding(name, methods, seed) for name, methods in regions.items()]
    return [one for one in found if one is not None]


def _finding(region: str, methods: dict[str, dict[Place, Counts]], seed: int) -> Finding | None:
    places = sorted(set.intersection(*(set(seen) for seen in methods.values())), key=str)
    if not places:
        return None
    stacks = {name: np.array([seen[place] for place in places]) for name, seen in methods.items()}
    whole = {name: float(mean_iou_of(stack.sum(axis=0)[None])[0]) for name, stack in stacks.items()}
    best = max(whole, key=lambda name: whole[name])
    less = {
        name: _difference(stacks[best], stack, seed)
        for name, stack in stacks.items()
        if name != best
    }
    return Finding(
        region,
        len(places),
        best,
        whole[best],
        less.get(LANDCOVER),
        tuple(name for name, one in less.items() if not surely_more(one)),
    )


def surely_more(interval: Interval) -> bool:
    """Whether a difference is above none in its whole interval."""
    return interval.low is not None and interval.low > 0


def _difference(one: Counts, other: Counts, seed: int) -> Interval:
    weights = drawn_weights(len(one), seed=seed).astype(np.float64)
    drawn = mean_iou_of(weights @ one) - mean_iou_of(weights @ other)
    whole = mean_iou_of(one.sum(axis=0)[None]) - mean_iou_of(other.sum(axis=0)[None])
    return interval_of(float(whole[0]), drawn[np.isfinite(drawn)])
