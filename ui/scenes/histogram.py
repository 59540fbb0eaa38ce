"""Small histograms of three bands, drawn calmly, with the ends of the stretch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from core.imagery import Stretch

WIDTH, ROW_HEIGHT, GAP = 720, 92, 12
HEIGHT = 3 * ROW_HEIGHT + 2 * GAP
_COLOURS = ((178, 58, 46), (46, 125, 50), (38, 96, 164))
_CLIPPED = (214, 220, 215)
_LINE = (29, 37, 33)
_GROUND = (243, 245, 242)


def draw(
    values: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_], stretch: Stretch
) -> Image.Image:
    """One row for each band; what the stretch cuts off is grey.

    Parameters
    ----------
    values : array (3, rows, columns)
        In the raster's own units.
    valid : bool (rows, columns)
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    canvas = ImageDraw.Draw(image)
    for index, (low, high) in enumerate(zip(stretch.low, stretch.high, strict=True)):
        top = index * (ROW_HEIGHT + GAP)
        canvas.rectangle((0, top, WIDTH - 1, top + ROW_HEIGHT - 1), fill=_GROUND)
        chosen = values[index][valid].astype(np.float64)
        chosen = chosen[np.isfinite(chosen)]
        if chosen.size:
            whole = np.issubdtype(values.dtype, np.integer)
            _bars(canvas, top, chosen, (low, high), _COLOURS[index], whole=whole)
    return image


def _bars(
    canvas: ImageDraw.ImageDraw,
    top: int,
    values: npt.NDArray[np.float64],
    ends: tuple[float, float],
    colour: tuple[int, int, int],
    *,
    whole: bool,
) -> None:
    first, last = _shown_range(values, ends)
    counts, edges = np.histogram(values, bins=_edges(first, last, whole=whole))
    # Whole numbers may ask for fewer, wider bars.
    width = (WIDTH - 1) / (len(edges) - 1)
    # Roots, so that small peaks are seen beside large ones.
    heights = np.sqrt(counts / max(1, counts.max())) * (ROW_HEIGHT - 6)
    for number, height in enumerate(heights):
        middle = (edges[number] + edges[number + 1]) / 2
        fill = colour if ends[0] <= middle <= ends[1] else _CLIPPED
        left, bottom = round(number * width), top + ROW_HEIGHT - 1
        if height >= 1:
            right = max(left, round((number + 1) * width) - 1)
            canvas.rectangle((left, bottom - int(height), right, bottom), fill=fill)
    for end in ends:
        column = round((end - edges[0]) / (edges[-1] - edges[0]) * (WIDTH - 1))
        canvas.line((column, top, column, top + ROW_HEIGHT - 1), fill=_LINE, width=2)


def _edges(first: float, last: float, *, whole: bool) -> npt.NDArray[np.float64]:
    """Ends of the bars; for whole numbers each bar holds as many of them, or combs appear."""
    most = WIDTH // 4
    if not whole:
        return np.linspace(first, last, most + 1)
    start, stop = np.floor(first) - 0.5, np.ceil(last) + 0.5
    step = max(1.0, np.ceil((stop - start) / most))
    return np.arange(start, stop + step, step)


def _shown_range(values: npt.NDArray[np.float64], ends: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest value, single outliers left out, the ends included."""
    low, high = (float(v) for v in np.percentile(values, (0.1, 99.9)))
    first, last = min(low, *ends), max(high, *ends)
    return (first, last) if last > first else (first - 0.5, first + 0.5)
