"""Where parcels, roads, woods, water and farmsteads lie, exactly to the pixel."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Style = Literal["large_fields", "smallholder"]

TREES, GRASS, CROPLAND, BUILT, BARE, WATER = 10, 30, 40, 50, 60, 80
"""ESA WorldCover codes of what is drawn."""


@dataclass(frozen=True, slots=True)
class StyleFacts:
    """Lengths in metres and shares that make a landscape of one kind."""

    road_spacing: float
    road_width: float
    smallest_side: float
    largest_side: float
    bend: float
    margin: tuple[float, float]
    kinds: tuple[tuple[int, float], ...]


STYLES: dict[str, StyleFacts] = {
    "large_fields": StyleFacts(
        road_spacing=520.0,
        road_width=7.0,
        smallest_side=110.0,
        largest_side=330.0,
        bend=7.0,
        margin=(1.0, 4.0),
        kinds=((CROPLAND, 0.73), (GRASS, 0.13), (TREES, 0.10), (BUILT, 0.03), (WATER, 0.01)),
    ),
    "smallholder": StyleFacts(
        road_spacing=330.0,
        road_width=4.0,
        smallest_side=24.0,
        largest_side=85.0,
        bend=26.0,
        margin=(0.6, 1.6),
        kinds=((CROPLAND, 0.70), (GRASS, 0.14), (TREES, 0.11), (BUILT, 0.04), (WATER, 0.01)),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A landscape as drawn, all (rows, columns).

    Parameters
    ----------
    classes : uint8
        WorldCover codes.
    plots : int32
        Number of the plot (of any kind) that a pixel belongs to, 0 for roads and margins.
    parcels : int32
        Number of the parcel where the plot is cropland, else 0.
    roads : bool
    stream : bool
    """

    classes: npt.NDArray[np.uint8]
    plots: npt.NDArray[np.int32]
    parcels: npt.NDArray[np.int32]
    roads: npt.NDArray[np.bool_]
    stream: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Plot:
    left: float
    top: float
    right: float
    bottom: float


def smooth_noise(
    generator: np.random.Generator, size: int, sigma: float
) -> npt.NDArray[np.float32]:
    """Gaussian-filtered noise of mean 0 and standard deviation 1, (size, size).

    Coarse noise is drawn on a coarser grid and enlarged, which costs little at any sigma.
    """
    step = max(1, int(sigma // 3))
    small = int(np.ceil(size / step)) + 8
    values = ndimage.gaussian_filter(
        generator.standard_normal((small, small)).astype(np.float32), sigma / step, mode="wrap"
    )
    if step > 1:
        values = ndimage.zoom(values, step, order=1)
    cut = values[:size, :size]
    return np.asarray((cut - cut.mean()) / (cut.std() + 1e-9), dtype=np.float32)


def lay_out(generator: np.random.Generator, size: int, gsd_m: float, style: Style) -> Layout:
    """Draw a landscape of ``size`` x ``size`` pixels of ``gsd_m`` metres."""
    facts = STYLES[style]
    across, down = _bent_coordinates(generator, size, gsd_m, facts.bend)
    columns = _road_lines(generator, size * gsd_m, facts)
    rows = _road_lines(generator, size * gsd_m, facts)
    plots = np.zeros((size, size), dtype=np.int32)
    kinds = [0]
    codes, shares = zip(*facts.kinds, strict=True)
    bent = max(_most_bent(across, gsd_m), _most_bent(down.T, gsd_m))
    for plot in _divide(generator, columns, rows, facts):
        margin = generator.uniform(*facts.margin) / 2
        # Only where the plot can be: asking every pixel about every plot takes seconds.
        near = (
            _reach(plot.top, plot.bottom, bent, gsd_m),
            _reach(plot.left, plot.right, bent, gsd_m),
        )
        inside = (
            (across[near] > plot.left + margin)
            & (across[near] < plot.right - margin)
            & (down[near] > plot.top + margin)
            & (down[near] < plot.bottom - margin)
        )
        plots[near][inside] = len(kinds)
        kinds.append(int(generator.choice(codes, p=np.array(shares) / sum(shares))))
    classes = np.array([GRASS, *kinds[1:]], dtype=np.uint8)[plots]
    roads = _near_lines(across, columns, facts.road_width)
    roads |= _near_lines(down, rows, facts.road_width)
    stream, banks = _stream(generator, size, gsd_m)
    classes[banks] = TREES
    classes[stream] = WATER
    classes[roads] = BARE
    tree_lines = _tree_lines(generator, plots, classes, gsd_m)
    classes[tree_lines] = TREES
    plots[(classes != np.array(kinds, dtype=np.uint8)[plots]) | (plots == 0)] = 0
    parcels = _number(np.where(classes == CROPLAND, plots, 0), gsd_m)
    classes[(classes == CROPLAND) & (parcels == 0)] = GRASS
    return Layout(classes, plots, parcels, roads, stream)


def _bent_coordinates(
    generator: np.random.Generator, size: int, gsd_m: float, bend: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Metres right and down, bent a little, so that no border is a straight line of pixels."""
    metres = (np.arange(size, dtype=np.float32) + 0.5) * gsd_m
    sigma = 140.0 / gsd_m
    across = metres[None, :] + bend * smooth_noise(generator, size, sigma)
    down = metres[:, None] + bend * smooth_noise(generator, size, sigma)
    return across, down


def _most_bent(across: npt.NDArray[np.float32], gsd_m: float) -> float:
    """Metres by which bent coordinates, rightwards in ``across``, are off straight ones at most."""
    straight = (np.arange(across.shape[1], dtype=np.float32) + 0.5) * gsd_m
    return float(np.abs(across - straight[None, :]).max())


def _reach(first: float, last: float, bent: float, gsd_m: float) -> slice:
    """Pixels along one side between two positions in metres, as far as bends may carry them."""
    start = max(0, int((first - bent) / gsd_m) - 1)
    return slice(start, max(start, int((last + bent) / gsd_m) + 2))


def _divide(
    generator: np.random.Generator,
    columns: npt.NDArray[np.float64],
    rows: npt.NDArray[np.float64],
    facts: StyleFacts,
) -> list[_Plot]:
    """Blocks between roads, halved until the plots are small enough."""
    verge = facts.road_width / 2 + 3.0
    plots: list[_Plot] = []
    for left, right in pairwise(columns):
        for top, bottom in pairwise(rows):
            block = _Plot(left + verge, top + verge, right - verge, bottom - verge)
            plots += _halve(generator, block, facts)
    return plots


def _halve(generator: np.random.Generator, plot: _Plot, facts: StyleFacts) -> list[_Plot]:
    width, height = plot.right - plot.left, plot.bottom - plot.top
    if min(width, height) < 8.0:
        return []
    longest = max(width, height)
    stop = longest < facts.largest_side and generator.random() < 0.55
    if longest < 2 * facts.smallest_side or stop:
        return [plot]
    share = generator.uniform(0.34, 0.66)
    if width >= height:
        middle = plot.left + share * width
        parts = [
            _Plot(plot.left, plot.top, middle, plot.bottom),
            _Plot(middle, plot.top, plot.right, plot.bottom),
        ]
    else:
        middle = plot.top + share * height
        parts = [
            _Plot(plot.left, plot.top, plot.right, middle),
            _Plot(plot.left, middle, plot.right, plot.bottom),
        ]
    return [small for part in parts for small in _halve(generator, part, facts)]


def _road_lines(
    generator: np.random.Generator, extent: float, facts: StyleFacts
) -> npt.NDArray[np.float64]:
    """Positions in metres of parallel roads, some way beyond the picture on both sides."""
    first = generator.uniform(0, facts.road_spacing) - 2 * facts.road_spacing
    lines = np.arange(first, extent + 2 * facts.road_spacing, facts.road_spacing)
    return lines + generator.uniform(-0.12, 0.12, len(lines)) * facts.road_spacing


def _near_lines(
    values: npt.NDArray[np.float32], lines: npt.NDArray[np.float64], width: float
) -> npt.NDArray[np.bool_]:
    """Pixels within half of ``width`` of one of the lines."""
    near = np.zeros(values.shape, dtype=np.bool_)
    for line in lines:
        near |= np.abs(values - line) < width / 2
    return near


def _stream(
    generator: np.random.Generator, size: int, gsd_m: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """A stream from side to side and the trees along it."""
    position = (np.arange(size) + 0.5) * gsd_m
    extent = size * gsd_m
    waves = np.zeros(size)
    for length, height in ((extent / 1.3, 0.09), (extent / 3.1, 0.04), (extent / 9.0, 0.012)):
        waves += height * extent * np.sin(position / length * 2 * np.pi + generator.uniform(0, 6.3))
    centre = extent * generator.uniform(0.25, 0.75) + waves
    distance = np.abs(position[:, None] - centre[None, :])
    slope = np.hypot(1.0, np.gradient(centre, gsd_m))
    distance = distance / slope[None, :]
    ragged = 5.0 * smooth_noise(generator, size, max(1.0, 9.0 / gsd_m))
    return distance < 2.6, distance < 9.0 + ragged


def _tree_lines(
    generator: np.random.Generator,
    plots: npt.NDArray[np.int32],
    classes: npt.NDArray[np.uint8],
    gsd_m: float,
) -> npt.NDArray[np.bool_]:
    """Hedges and rows of trees along stretches of some margins."""
    depth = ndimage.distance_transform_edt(plots == 0) + ndimage.distance_transform_edt(plots != 0)
    stretches = smooth_noise(generator, len(plots), max(1.0, 60.0 / gsd_m)) > 1.0
    width = 2.5 + 1.2 * smooth_noise(generator, len(plots), max(1.0, 5.0 / gsd_m))
    near = depth * gsd_m < width
    return np.asarray(near & stretches & np.isin(classes, (GRASS, CROPLAND)))


def _number(parcels: npt.NDArray[np.int32], gsd_m: float) -> npt.NDArray[np.int32]:
    """Connected parts of parcels, numbered from 1; slivers under 200 m2 are no parcels."""
    numbers = np.zeros_like(parcels)
    count = 0
    boxes = ndimage.find_objects(parcels)
    for value, box in enumerate(boxes, start=1):
        if box is None:
            continue
        labels, found = ndimage.label(parcels[box] == value)
        sizes = np.bincount(labels.ravel())
        for part in range(1, found + 1):
            if sizes[part] * gsd_m * gsd_m >= 200.0:
                count += 1
                numbers[box][labels == part] = count
    return numbers
