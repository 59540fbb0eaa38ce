"""Auto-prompting as published: a class map becomes points on a uniform grid.

Source: the authors' published code for "Auto-prompting SAM for mobile friendly cropland mapping"
(APT, arXiv:2310.10219).  For each class (cropland positive, everything else negative) a uniform grid
of ``33 * total area / class area`` points over the image, at most 256, of which those that fall on
the class are kept; where none does, the centres of the bounding boxes of the class's parts.

Where the description leaves room, this is what is done here: the grid has ``ceil(sqrt(n))`` points
along each side, at the centres of equal cells (so it never touches the image's edge); "published"
placement is therefore free of chance, and the seed decides only the order in which points are fed.
"""

from __future__ import annotations

import math
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
    """Points on cropland (positive) and beside it (negative), positives first.

    A tile of a single class gets points of that class alone.
    """
    generator = np.random.default_rng(seed)
    points: list[Prompt] = []
    for label, flags in ((1, tile.cropland), (0, tile.valid & ~tile.cropland)):
        if options.method == "published":
            places = published_points(flags, options.points_per_class)
            places = [places[i] for i in generator.permutation(len(places))]
        else:
            places = _spread_points(flags, tile.grid.gsd_m, options, generator)
        points += [Prompt(place, 1 if label else 0) for place in places]
    return PromptSet(tuple(points))


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
    wanted = min(PUBLISHED_MOST, max(1, round(points_per_class * flags.size / area)))
    kept = [p for p in uniform_grid(flags.shape, wanted) if flags[int(p.row), int(p.column)]]
    return kept or _box_centres(flags)


def uniform_grid(shape: tuple[int, ...], count: int) -> list[PixelPoint]:
    """About ``count`` points (never more than 256) at the centres of equal cells, row by row."""
    side = min(math.ceil(math.sqrt(count)), math.isqrt(PUBLISHED_MOST))
    rows = (np.arange(side) + 0.5) / side * shape[0]
    columns = (np.arange(side) + 0.5) / side * shape[1]
    return [PixelPoint(float(c), float(r)) for r in rows for c in columns]


def _box_centres(flags: npt.NDArray[np.bool_]) -> list[PixelPoint]:
    """Centres of the bounding boxes of the class's parts, largest part first."""
    labels, _ = ndimage.label(flags, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    boxes = ndimage.find_objects(labels)
    order = np.argsort(-sizes, kind="stable")[:PUBLISHED_MOST]
    return [
        PixelPoint(
            (boxes[i][1].start + boxes[i][1].stop) / 2, (boxes[i][0].start + boxes[i][0].stop) / 2
        )
        for i in order
    ]


def _spread_points(
    flags: npt.NDArray[np.bool_],
    gsd_m: float,
    options: PromptOptions,
    generator: np.random.Generator,
) -> list[PixelPoint]:
    if not flags.any():
        return []
    # Outside the tile counts as the class: the land cover does not end where the tile does.
    padded = np.pad(flags, 1, mode="edge")
    depth_m = ndimage.distance_transform_edt(padded)[1:-1, 1:-1] * gsd_m
    # A class that is thin everywhere (a road) still gets its deepest points.
    least = min(options.min_border_distance_m, float(depth_m.max()) * 0.7)
    rows, columns = np.nonzero(flags & (depth_m >= least))
    order = generator.permutation(len(rows))
    spacing = options.min_spacing_m / gsd_m
    kept = np.empty((0, 2))
    for index in order:
        if len(kept) >= options.points_per_class:
            break
        place = np.array([columns[index] + 0.5, rows[index] + 0.5])
        if spacing > 0 and len(kept) and np.hypot(*(kept - place).T).min() < spacing:
            continue
        kept = np.vstack([kept, place])
    return [PixelPoint(float(c), float(r)) for c, r in kept]
