"""One pair compared tile by tile: the prediction and, beside it, the land cover as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InputError, Remedy
from core.grid import Grid, Window
from core.imagery.maptiles import scene_on
from core.imagery.scene import Scene, open_scene
from core.landcover.source import open_landcover
from core.study.metrics.boundaries import compare_boundaries, halo
from core.study.metrics.overlaps import Overlaps
from core.study.metrics.pairs import Pair
from core.study.metrics.parcel_metrics import score_parcels
from core.study.metrics.pixels import compare
from core.study.metrics.scores import Score
from core.study.metrics.truth_labels import (
    Labels,
    LabelTile,
    LandCoverLabels,
    MaskLabels,
    NumberedLabels,
    View,
    is_polygons,
    open_labels,
)

PREDICTION = "prediction"
RIGHT_REST, RIGHT_CROPLAND, MISSED, FALSE, NOT_JUDGED = 0, 1, 2, 3, 255
"""Codes of error maps."""

Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TileScore:
    """How one method did on one tile.

    Parameters
    ----------
    image : str
        Name of the pair.
    tile : str
        Name of the tile within the image: its row and column among the tiles.
    window : Window
        On the prediction's grid.
    method : str
        ``prediction``, or the land cover's title.
    """

    image: str
    tile: str
    window: Window
    method: str
    score: Score


class PairComparison:
    """A pair opened for comparison.

    Parameters
    ----------
    pair : Pair
    tile_size : int
        Side of a tile in pixels, about: an image is cut into equal tiles, one where it is no
        larger than one and a half.
    area : Path, optional
        Polygons or a mask; beyond them the truth is unknown.
    numbered_truth : bool
        Whether a raster of the truth numbers its parcels.

    Raises
    ------
    InputError
        A file that cannot be used, or files of different places.
    """

    def __init__(
        self,
        pair: Pair,
        tile_size: int,
        area: Path | None = None,
        *,
        numbered_truth: bool = False,
    ) -> None:
        self.pair = pair
        self.scene: Scene | None = None if pair.scene is None else open_scene(pair.scene)
        self.grid = _grid(pair, self.scene)
        self.tiles = cut(self.grid, tile_size)
        self._truth = open_labels(pair.truth, "truth", self.grid, numbered=numbered_truth)
        self._area = None if area is None else open_labels(area, "area", self.grid)
        self._methods: dict[str, Labels] = {
            PREDICTION: open_labels(pair.prediction, "prediction", self.grid)
        }
        self._parcels: Labels | None = None
        if pair.parcels is not None:
            self._parcels = open_labels(pair.parcels, "parcels", self.grid)
        if pair.landcover is not None:
            landcover = open_landcover(pair.landcover, product=pair.product)
            self._methods[landcover.title] = LandCoverLabels(landcover, self.grid)
        self._overlaps = {method: Overlaps() for method in self._methods}
        self._scores: list[TileScore] = []

    @property
    def says(self) -> dict[str, str]:
        """In words, what was taken for cropland in each file."""
        return {
            "prediction": self._methods[PREDICTION].says,
            "truth": self._truth.says,
            **{method: labels.says for method, labels in self._methods.items()},
        }

    def codes(self, step: Callable[[], None]) -> Iterator[tuple[Window, Codes]]:
        """Compare tile by tile: windows and their error codes, uint8, of the prediction.

        ``step`` is called before each tile, and may raise.
        """
        self._scores = []
        margin = halo(self.grid)
        for name, window in self.tiles.items():
            step()
            wide = window.expanded(margin).intersection(self.grid.extent) or window
            yield window, self._tile(name, View(self.grid, window, wide))

    def scores(self) -> list[TileScore]:
        """Scores of the tiles with anything to judge, once all codes were taken."""
        truth_as = self._truth.joined()
        numbered = dict(self._methods)
        if self._parcels is not None:
            numbered[PREDICTION] = self._parcels
        windows = list(self.tiles.values())
        parcels = {
            method: dict(
                zip(
                    self.tiles,
                    score_parcels(
                        self._overlaps[method].total(
                            predicted_as=labels.joined(), truth_as=truth_as
                        ),
                        self.grid,
                        windows,
                    ),
                    strict=True,
                )
            )
            for method, labels in numbered.items()
        }
        whole = [
            replace(one, score=replace(one.score, parcels=parcels[one.method][one.tile]))
            for one in self._scores
        ]
        judged = {one.tile for one in whole if any(one.score.sums())}
        return [one for one in whole if one.tile in judged]

    def _tile(self, name: str, view: View) -> Codes:
        truth = self._truth.tile(view)
        known = truth.known & self._asked(view)
        codes: Codes | None = None
        judged = known
        for method, labels in self._methods.items():
            predicted = labels.tile(view)
            if method == PREDICTION and self._parcels is not None:
                predicted = replace(predicted, parcels=self._parcels.tile(view).parcels)
            # Land cover is judged on the prediction's pixels, so that both face the same task.
            judged = judged & predicted.known
            self._add(name, method, view, truth, predicted, known, judged)
            if codes is None:
                codes = error_codes(predicted.cropland, truth.cropland, judged)
        if codes is None:
            raise AssertionError("unreachable: there is a prediction")
        return codes[view.inner.slices]

    def _add(
        self,
        name: str,
        method: str,
        view: View,
        truth: LabelTile,
        predicted: LabelTile,
        known: Flags,
        judged: Flags,
    ) -> None:
        own = view.inner.slices
        score = Score(
            compare(predicted.cropland[own], truth.cropland[own], judged[own]),
            compare_boundaries(
                predicted.cropland, truth.cropland, judged, view.wide_grid, inner=view.inner
            ),
            unpredicted=int(np.count_nonzero(known[own] & ~judged[own])),
        )
        self._overlaps[method].add(predicted.parcels, truth.parcels, judged[own], view.own)
        self._scores.append(TileScore(self.pair.name, name, view.own, method, score))

    def _asked(self, view: View) -> Flags:
        """Where the question is put at all: in the area, and where the image holds something."""
        asked = np.ones(view.wide_grid.shape, dtype=np.bool_)
        if self._area is not None:
            area = self._area.tile(view)
            asked &= area.cropland & area.known
        if self.scene is not None:
            image = scene_on(self.scene, view.wide_grid)
            asked &= image.valid if image is not None else False
        return asked


def error_codes(mask: Flags, truth: Flags, judged: Flags) -> Codes:
    """What each pixel is: right, missed, false or not judged, uint8 (rows, columns)."""
    codes = np.where(
        truth, np.where(mask, RIGHT_CROPLAND, MISSED), np.where(mask, FALSE, RIGHT_REST)
    )
    codes[~judged] = NOT_JUDGED
    return codes.astype(np.uint8)


def cut(grid: Grid, size: int) -> dict[str, Window]:
    """A grid cut into equal tiles of about ``size`` pixels, in reading order, by name."""
    rows, columns = _edges(grid.height, size), _edges(grid.width, size)
    return {
        f"r{r}c{c}": Window(left, top, right - left, bottom - top)
        for r, (top, bottom) in enumerate(pairwise(rows))
        for c, (left, right) in enumerate(pairwise(columns))
    }


def _edges(length: int, size: int) -> list[int]:
    parts = max(1, round(length / size))
    return [length * part // parts for part in range(parts + 1)]


def _grid(pair: Pair, scene: Scene | None) -> Grid:
    """The grid of the prediction; of polygons, the scene's or else the truth's."""
    if not is_polygons(pair.prediction):
        return MaskLabels(pair.prediction, "prediction").grid
    if scene is not None:
        return scene.grid
    if not is_polygons(pair.truth):
        return NumberedLabels(pair.truth, "truth").grid
    raise InputError(
        f"{pair.prediction.name} and {pair.truth.name} are both polygons, which have no pixels to "
        "compare.",
        remedy=Remedy.NAME_SCENE,
    )
