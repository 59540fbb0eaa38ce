"""What a comparison of methods amounts to: the best one, and which ones cannot be told from it.

Two methods are compared on the same tiles in the same draws, so what makes a tile hard for both
does not widen the interval of their difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import InputError
from core.study.experiments.methods import LANDCOVER
from core.study.metrics.bootstrap import LEAST_TILES, Interval, pooled
from core.study.metrics.figures import PIXELS, Sums, figures_of, to_sums

_IOU = "mean_iou"


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
        return self.tiles >= LEAST_TILES


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
    place = ["region", "method", "image", "tile"]
    try:
        rows = pd.read_csv(
            table,
            encoding="utf-8-sig",
            usecols=[*place, *PIXELS],
            dtype={**dict.fromkeys(place, str), **dict.fromkeys(PIXELS, float)},
            keep_default_na=False,
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"{table.name} of this run cannot be read.", "Run it again; finished steps are kept."
        ) from error
    rows = rows.drop_duplicates(place, keep="last")
    found = (_finding(str(region), own, seed) for region, own in rows.groupby("region", sort=False))
    return [one for one in found if one is not None]


def _finding(region: str, rows: pd.DataFrame, seed: int) -> Finding | None:
    methods = list(dict.fromkeys(rows["method"]))
    known = rows[rows[list(PIXELS)].any(axis=1)].set_index(["image", "tile", "method"])
    seen = known.groupby(["image", "tile"]).size()
    places = seen.index[seen == len(methods)]
    if places.empty:
        return None

    def stack(method: str) -> Sums:
        counts = known.xs(method, level="method").loc[places, list(PIXELS)].to_numpy()
        return np.array([[to_sums(one) for one in counts]])

    stacks = {method: stack(method) for method in methods}
    whole = {m: figures_of(own[0].sum(axis=0), [_IOU])[_IOU] or 0.0 for m, own in stacks.items()}
    best = max(whole, key=lambda method: whole[method])
    less = {
        method: pooled(stacks[best], [_IOU], seed=seed, less=own)[_IOU]
        for method, own in stacks.items()
        if method != best
    }
    undecided = tuple(m for m, one in less.items() if one.low is None or one.low <= 0)
    return Finding(region, len(places), best, whole[best], less.get(LANDCOVER), undecided)
