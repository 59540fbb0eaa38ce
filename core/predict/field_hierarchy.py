"""Fields inside fields: a watershed of the field map, and how its basins join.

The boundary that a network saw is flooded from every calm place (watershed, Vincent & Soille 1991,
doi:10.1109/34.87344).  That gives many small basins.  Neighbours are then joined, weakest border
first, and each join keeps the strength at which it happened (hierarchical watershed, Najman &
Schmitt 1996, doi:10.1109/34.546254).  So one number says how fields come apart, and another number
is another cut through the same joins: no network is asked again.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import watershed

_SMOOTHING = 1.0
_CALM_SIDE = 5
_DEPTH_WEIGHT = 0.5
"""How much the depth inside a field counts beside its boundary, where basins begin."""

Values = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]
Joins = npt.NDArray[np.float32]

SUREST = 0.9
"""A border as strong as this is kept whatever it cuts off."""

NO_JOINS: Joins = np.zeros((0, 3), dtype=np.float32)


def cut_fields(basins: Labels, joins: Joins, level: float, least_pixels: float = 0.0) -> Labels:
    """Field numbers, int32 (rows, columns), 0 where there is no basin.

    Parameters
    ----------
    basins : int32 (rows, columns)
        Numbers from 1.
    joins : float32 (joins, 3)
        Two basins that touch, and the strength of the border between what they belong to, 0 to 1;
        the strength never falls.
    level : float
        All joins below it are made: more of it gives larger fields.
    least_pixels : float
        What is smaller joins the neighbour of its weakest border whatever its strength.
    """
    groups = _Groups(basins, joins)
    for one, other, strength in joins.tolist():
        a, b = groups.root(int(one)), groups.root(int(other))
        small = strength < SUREST and min(groups.sizes[a], groups.sizes[b]) < least_pixels
        if strength < level or small:
            groups.join(a, b)
    return groups.numbers()


def part_at_strongest(
    basins: Labels, joins: Joins, least_pixels: float, least_strength: float
) -> npt.NDArray[np.bool_] | None:
    """One side of the strongest border between two large parts, bool (rows, columns).

    Parameters
    ----------
    basins, joins
        As for :func:`cut_fields`; basins of one parcel, 0 elsewhere.
    least_pixels : float
        Both sides have at least as many.
    least_strength : float
        Fainter borders are none.

    Returns
    -------
    bool (rows, columns) or None
        What is not joined to either side yet goes to that of its later joins.  None where no
        border is strong enough.
    """
    groups = _Groups(basins, joins)
    rows = joins.tolist()
    last = None
    for index, (one, other, strength) in enumerate(rows):
        a, b = groups.root(int(one)), groups.root(int(other))
        if strength >= least_strength and min(groups.sizes[a], groups.sizes[b]) >= least_pixels:
            last = index
        groups.join(a, b)
    if last is None:
        return None
    groups = _Groups(basins, joins)
    for one, other, _ in rows[:last]:
        groups.join(groups.root(int(one)), groups.root(int(other)))
    two = (int(rows[last][0]), int(rows[last][1]))
    for one, other, _ in rows[last + 1 :]:
        a, b = groups.root(int(one)), groups.root(int(other))
        if {a, b} != {groups.root(n) for n in two}:
            groups.join(a, b)
    return np.asarray((basins > 0) & (groups.numbers() == groups.root(two[0])), dtype=np.bool_)


class _Groups:
    """Basins that are joined so far, and the pixels of each group under its root's number."""

    def __init__(self, basins: Labels, joins: Joins) -> None:
        # A basin that joins may have no pixel here: a mask has taken it away.
        count = max(int(basins.max(initial=0)), int(joins[:, :2].max(initial=0))) + 1
        self._basins = basins
        self.sizes = np.bincount(basins.ravel(), minlength=count).astype(np.float64)
        self._owner = np.arange(count, dtype=np.int32)

    def root(self, number: int) -> int:
        owner = self._owner
        while owner[number] != number:
            owner[number] = owner[owner[number]]
            number = int(owner[number])
        return number

    def join(self, a: int, b: int) -> None:
        """Make one group of two roots, or of one and itself, which changes nothing."""
        if a != b:
            self._owner[b] = a
            self.sizes[a] += self.sizes[b]

    def numbers(self) -> Labels:
        """The root of each pixel's basin, int32 (rows, columns)."""
        found = np.array([self.root(n) for n in range(len(self._owner))], dtype=np.int32)
        return np.asarray(found[self._basins], dtype=np.int32)


def build_hierarchy(
    boundary: Values, depth: Values, cropland: npt.NDArray[np.bool_]
) -> tuple[Labels, Joins]:
    """Basins of the field map inside ``cropland`` and their joins, as ``cut_fields`` takes them.

    Parameters
    ----------
    boundary, depth : float32 (rows, columns)
        Of the field map, 0 to 1.
    cropland : bool (rows, columns)
    """
    if not cropland.any():
        return np.zeros(cropland.shape, dtype=np.int32), NO_JOINS
    height = ndimage.gaussian_filter(boundary - _DEPTH_WEIGHT * depth, _SMOOTHING, mode="nearest")
    calm = (height == ndimage.minimum_filter(height, _CALM_SIDE)) & cropland
    seeds, _ = ndimage.label(calm, np.ones((3, 3)))
    flooded = watershed(height, seeds, mask=cropland)  # type: ignore[no-untyped-call]
    basins = np.asarray(flooded, dtype=np.int32)
    return basins, _joins(basins, boundary)


@dataclass(slots=True)
class _Border:
    """Sum of the boundary along a shared border, its length in pixels, and two basins at it."""

    boundary: float
    length: float
    basins: tuple[int, int]

    @property
    def strength(self) -> float:
        return self.boundary / self.length


def _joins(basins: Labels, boundary: Values) -> Joins:
    """All joins, weakest border first; a join's strength is never below the one before it."""
    borders = _borders(basins, boundary)
    queue = [
        (border.strength, one, other)
        for one, beside in borders.items()
        for other, border in beside.items()
        if one < other
    ]
    heapq.heapify(queue)
    sizes = np.bincount(basins.ravel())
    joins: list[tuple[float, float, float]] = []
    reached = 0.0
    while queue:
        strength, one, other = heapq.heappop(queue)
        border = borders.get(one, {}).get(other)
        if border is None or border.strength != strength:
            continue  # one of them is gone, or their border has changed since
        gone, kept = sorted((one, other), key=lambda n: (sizes[n], -n))
        reached = max(reached, strength)
        joins.append((*border.basins, reached))
        sizes[kept] += sizes[gone]
        for beside, theirs in borders.pop(gone).items():
            del borders[beside][gone]
            if beside == kept:
                continue
            mine = borders[kept].get(beside)
            if mine is None:
                mine = borders[kept][beside] = borders[beside][kept] = theirs
            else:
                mine.boundary += theirs.boundary
                mine.length += theirs.length
            heapq.heappush(queue, (mine.strength, min(kept, beside), max(kept, beside)))
    return np.array(joins, dtype=np.float32).reshape(-1, 3)


def _borders(basins: Labels, boundary: Values) -> dict[int, dict[int, _Border]]:
    """What lies between each two basins that meet, found from both."""
    ones, others, values = [], [], []
    for a, b in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
    ):
        meet = (basins[a] != basins[b]) & (basins[a] > 0) & (basins[b] > 0)
        ones.append(np.minimum(basins[a][meet], basins[b][meet]))
        others.append(np.maximum(basins[a][meet], basins[b][meet]))
        values.append(np.maximum(boundary[a][meet], boundary[b][meet]))
    one, other = np.concatenate(ones).astype(np.int64), np.concatenate(others).astype(np.int64)
    pairs, index = np.unique(one * (int(basins.max()) + 1) + other, return_inverse=True)
    total = np.bincount(index, np.concatenate(values), len(pairs))
    length = np.bincount(index, minlength=len(pairs))
    borders: dict[int, dict[int, _Border]] = {}
    for pair, value, count in zip(pairs.tolist(), total.tolist(), length.tolist(), strict=True):
        low, high = divmod(pair, int(basins.max()) + 1)
        border = _Border(value, count, (low, high))
        borders.setdefault(low, {})[high] = border
        borders.setdefault(high, {})[low] = border
    return borders
