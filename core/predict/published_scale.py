"""The scale of the authors' published code: 512 px at a time, which the model sees enlarged twice.

Their images are 512 x 512 px, and Segment Anything enlarges every image to 1,024; a tile here is up
to 1,024 px, seen as it is.  At the published scale a tile is cut into windows of 512 px, each of
which is an image of its own: encoded, prompted (so four times the prompts on the same ground),
answered and cleaned up by itself.  A tile of 1,024 px makes four without overlap; where 512 does
not go into a side the windows overlap and each answers up to the middle of that.  A tile of less
than 512 px is one window and is enlarged further, as any image is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from core.grid import PixelPoint, Window
from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.prediction import StrategyOptions, TilePrediction
from core.prompts.prompt import Prompt, PromptSet
from core.sam.protocol import Segmenter

PUBLISHED_SIDE = 512
"""Side of an image in the authors' code, in pixels."""

WindowStrategy = Callable[
    [SceneImage, LandCoverTile, Segmenter | None, StrategyOptions], TilePrediction
]


@dataclass(frozen=True, slots=True)
class PublishedWindow:
    """What the model sees at once, and the part of it for which its answer is taken."""

    seen: Window
    answered: Window


def published_windows(rows: int, columns: int) -> list[PublishedWindow]:
    """Windows of 512 px over an image of this size, row by row; one where it is smaller."""
    return [
        PublishedWindow(_window(across, down, 0), _window(across, down, 1))
        for down in _parts(rows)
        for across in _parts(columns)
    ]


def at_published_scale(
    strategy: WindowStrategy,
    image: SceneImage,
    landcover: LandCoverTile,
    segmenter: Segmenter | None,
    options: StrategyOptions,
) -> TilePrediction:
    """Run a strategy on each window of a tile, and put the answers side by side.

    Probability and uncertainty are float32 (rows, columns) of the tile; a prompt is asked in every
    window in which it lies.
    """
    shape = image.valid.shape
    probability = np.full(shape, np.nan, dtype=np.float32)
    uncertainty = np.full(shape, np.nan, dtype=np.float32)
    asked: list[Prompt] = []
    for window in published_windows(*shape):
        seen, given = window.seen, options.prompts
        told = replace(
            options,
            prompts=None if given is None else _inside(given, seen),
            embedding=None,
            published_scale=False,
        )
        found = strategy(_cut_image(image, seen), _cut_landcover(landcover, seen), segmenter, told)
        own = _on_window(window).slices
        probability[window.answered.slices] = found.probability[own]
        uncertainty[window.answered.slices] = found.uncertainty[own]
        asked += _moved(found.prompts, seen.column, seen.row).points
    # Two windows that overlap may place the same point.
    prompts = PromptSet(tuple(dict.fromkeys(asked))) if options.prompts is None else options.prompts
    return TilePrediction(probability, uncertainty, None, prompts)


def _parts(length: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Beginning and end of what is seen and of what is answered, along one side."""
    side = min(length, PUBLISHED_SIDE)
    count = -(-length // PUBLISHED_SIDE)
    starts = [(length - side) * part // max(1, count - 1) for part in range(count)]
    middles = [(first + side + second) // 2 for first, second in pairwise(starts)]
    ends = [0, *middles, length]
    seen = [(start, start + side) for start in starts]
    return list(zip(seen, pairwise(ends), strict=True))


def _window(
    across: tuple[tuple[int, int], tuple[int, int]],
    down: tuple[tuple[int, int], tuple[int, int]],
    which: int,
) -> Window:
    (left, right), (top, bottom) = across[which], down[which]
    return Window(left, top, right - left, bottom - top)


def _on_window(window: PublishedWindow) -> Window:
    """The answered part, counted from the corner of what is seen."""
    seen, answered = window.seen, window.answered
    return Window(
        answered.column - seen.column, answered.row - seen.row, answered.width, answered.height
    )


def _cut_image(image: SceneImage, window: Window) -> SceneImage:
    inside = window.slices
    return SceneImage(image.rgb[inside], image.valid[inside], image.grid.window_grid(window))


def _cut_landcover(landcover: LandCoverTile, window: Window) -> LandCoverTile:
    inside = window.slices
    return replace(
        landcover,
        classes=landcover.classes[inside],
        cropland_fraction=landcover.cropland_fraction[inside],
        valid=landcover.valid[inside],
        grid=landcover.grid.window_grid(window),
    )


def _inside(prompts: PromptSet, window: Window) -> PromptSet:
    """The prompts that lie in a window, counted from its corner."""
    kept = tuple(
        prompt
        for prompt in prompts.points
        if window.column <= prompt.point.column < window.column_stop
        and window.row <= prompt.point.row < window.row_stop
    )
    return _moved(PromptSet(kept), -window.column, -window.row)


def _moved(prompts: PromptSet, columns: int, rows: int) -> PromptSet:
    return PromptSet(
        tuple(
            replace(one, point=PixelPoint(one.point.column + columns, one.point.row + rows))
            for one in prompts.points
        )
    )
