"""Auto-prompting as published: a class map becomes points on a uniform grid.

Source: the authors' published code for APT (arXiv:2310.10219).  For each class (cropland positive,
everything else negative) a uniform grid of ``33 * total area / class area`` points over the image,
at most 256, of which those that fall on the class are kept; where none does, the centres of the
bounding boxes of the class's parts.

The grid has N x M points, N * M being the count where it has two factors that differ by at most 5,
else the whole root of the count along both sides.  A point is the middle pixel of its cell, cells
being whole pixels.  The points of each class are dealt into three rounds in turn; what is left over
goes to the last round.  They are fed round by round, positives before negatives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.errors import InputError
from core.grid import PixelPoint
from core.landcover.source import LandCoverTile
from core.prompts.prompt import Prompt, PromptSet

PUBLISHED_POINTS = 33
PUBLISHED_MOST = 256
PUBLISHED_ROUNDS = 3
_MOST_UNEQUAL = 5


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """How prompts are placed.

    Parameters
    ----------
    method : {"published", "spread"}
        ``published`` is the paper's grid.  ``spread`` draws points at random, away from class
        borders and from each other.
    points_per_class : int
        Aim for each class; the published procedure uses 33.
    min_border_distance_m : float
        ``spread`` only: least distance from the border of the class, metres.
    min_spacing_m : float
        ``spread`` only: least distance between points of one class, metres.
    """

    method: Literal["published", "spread"] = "published"
    points_per_class: int = PUBLISHED_POINTS
    min_border_distance_m: float = 0.0
    min_spacing_m: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.points_per_class <= PUBLISHED_MOST:
            raise InputError(
                f"{self.points_per_class} points per class cannot be placed.",
                f"Take a number from 1 to {PUBLISHED_MOST}.",
            )


def place_prompts(tile: LandCoverTile, options: PromptOptions, seed: int = 0) -> PromptSet:
    """Points on cropland (positive) and beside it (negative).

    ``published`` placement is free of chance; the seed serves ``spread`` alone.

    A tile of a single class gets points of that class alone.
    """
    positive, negative = tile.cropland, tile.valid & ~tile.cropland
    if options.method == "published":
        return PromptSet(
            published_order(
                published_points(positive, options.points_per_class),
                published_points(negative, options.points_per_class),
            )
        )
    return spread_draws(tile, options, [seed])[0]


def spread_draws(
    tile: LandCoverTile, options: PromptOptions, seeds: Sequence[int]
) -> list[PromptSet]:
    """``spread`` placement once for each seed; what takes long is done once for all of them."""
    positive, negative = tile.cropland, tile.valid & ~tile.cropland
    gsd_m = tile.grid.gsd_m
    allowed = [_far_from_borders(flags, gsd_m, options) for flags in (positive, negative)]
    draws = []
    for seed in seeds:
        generator = np.random.default_rng(seed)
        on, beside = (_spread_points(places, gsd_m, options, generator) for places in allowed)
        draws.append(PromptSet((*(Prompt(p, 1) for p in on), *(Prompt(p, 0) for p in beside))))
    return draws


def published_order(positives: list[PixelPoint], negatives: list[PixelPoint]) -> tuple[Prompt, ...]:
    """Points in the order in which the published procedure feeds them."""
    points: list[Prompt] = []
    for positive, negative in zip(_rounds(positives), _rounds(negatives), strict=True):
        points += [Prompt(place, 1) for place in positive]
        points += [Prompt(place, 0) for place in negative]
    return tuple(points)


def published_points(
    flags: npt.NDArray[np.bool_], points_per_class: int = PUBLISHED_POINTS
) -> list[PixelPoint]:
    """The published grid over an image, kept where it falls on the class.

    Parameters
    ----------
    flags : bool (rows, columns)
        The class.
    """
    area = int(flags.sum())
    if area == 0:
        return []
    wanted = min(PUBLISHED_MOST, int(points_per_class * flags.size / area))
    rows, columns = flags.shape
    kept = [p for p in uniform_grid(rows, columns, wanted) if flags[int(p.row), int(p.column)]]
    return kept or _box_centres(flags)


def uniform_grid(rows: int, columns: int, count: int) -> list[PixelPoint]:
    """About ``count`` points over an image, at the middle pixels of equal cells, row by row."""
    down, across = _grid_sides(max(1, count))
    cell_rows, cell_columns = max(1, rows // down), max(1, columns // across)
    return [
        PixelPoint(
            column * cell_columns + cell_columns // 2 + 0.5, row * cell_rows + cell_rows // 2 + 0.5
        )
        for row in range(min(down, rows))
        for column in range(min(across, columns))
    ]


def _grid_sides(count: int) -> tuple[int, int]:
    """Points down and across."""
    root = math.isqrt(count)
    for side in range(root, 0, -1):
        if count % side == 0 and count // side - side <= _MOST_UNEQUAL:
            return side, count // side
    return root, root


def _rounds(places: list[PixelPoint]) -> list[list[PixelPoint]]:
    """Deal points into three rounds in turn, what is left over to the last."""
    even = len(places) // PUBLISHED_ROUNDS * PUBLISHED_ROUNDS
    rounds = [places[i:even:PUBLISHED_ROUNDS] for i in range(PUBLISHED_ROUNDS)]
    rounds[-1] += places[even:]
    return rounds


def round_ends(positives: int, negatives: int) -> tuple[int, ...]:
    """How many points of :func:`published_order` have been fed when each round ends."""
    each = positives // PUBLISHED_ROUNDS + negatives // PUBLISHED_ROUNDS
    return (*(each * done for done in range(1, PUBLISHED_ROUNDS)), positives + negatives)


def _box_centres(flags: npt.NDArray[np.bool_]) -> list[PixelPoint]:
    """Centres of the bounding boxes of the class's parts, largest part first."""
    labels, _ = ndimage.label(flags, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    boxes = ndimage.find_objects(labels)
    order = np.argsort(-sizes, kind="stable")[:PUBLISHED_MOST]
    return [
        PixelPoint(
            (boxes[i][1].start + boxes[i][1].stop) // 2 + 0.5,
            (boxes[i][0].start + boxes[i][0].stop) // 2 + 0.5,
        )
        for i in order
    ]


def _far_from_borders(
    flags: npt.NDArray[np.bool_], gsd_m: float, options: PromptOptions
) -> npt.NDArray[np.int64]:
    """Pixels of a class where points may lie, int64 (pixels, 2): row and column."""
    if not flags.any():
        return np.empty((0, 2), dtype=np.int64)
    depth_m = border_depth(flags) * gsd_m
    # A class that is thin everywhere (a road) still gets its deepest points.
    least = min(options.min_border_distance_m, float(depth_m.max()) * 0.7)
    return np.argwhere(flags & (depth_m >= least))


def _spread_points(
    places: npt.NDArray[np.int64],
    gsd_m: float,
    options: PromptOptions,
    generator: np.random.Generator,
) -> list[PixelPoint]:
    if not len(places):
        return []
    order = generator.permutation(len(places))
    spacing = options.min_spacing_m / gsd_m
    kept = np.empty((0, 2))
    for index in order:
        if len(kept) >= options.points_per_class:
            break
        row, column = places[index]
        place = np.array([column + 0.5, row + 0.5])
        if spacing > 0 and len(kept) and np.hypot(*(kept - place).T).min() < spacing:
            continue
        kept = np.vstack([kept, place])
    return [PixelPoint(float(c), float(r)) for c, r in kept]


def border_depth(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Distance from the border of the class, in pixels; infinite where the class has none.

    The tile's edge is no border: the land cover does not end where the tile does.
    """
    if flags.all():
        return np.full(flags.shape, np.inf)
    depth: npt.NDArray[np.float64] = ndimage.distance_transform_edt(flags)
    return depth
