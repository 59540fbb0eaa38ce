"""One pair compared tile by tile: the prediction and, beside it, the land cover as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InputError, Remedy
from core.existing.class_choice import ClassChoice, ReadingAnswers
from core.grid import Grid, Window
from core.imagery.maptiles import scene_on
from core.imagery.scene import Scene, open_scene
from core.landcover.coverage import landcover_sentences, sentences_of
from core.landcover.source import open_landcover
from core.study.metrics.boundaries import compare_boundaries, halo
from core.study.metrics.error_map import Codes, error_codes
from core.study.metrics.figures import Sums, TileFigures, to_sums, with_parcels
from core.study.metrics.pairs import Pair
from core.study.metrics.parcel_metrics import Overlaps
from core.study.metrics.pixels import compare_pixels
from core.study.metrics.truth_labels import (
    Labels,
    LabelTile,
    LabelView,
    LandCoverLabels,
    MaskLabels,
    NumberedLabels,
    is_polygons,
    open_labels,
)

METHOD, PREDICTION = "method", "prediction"
"""Label of a tile's result, and its value for the prediction; others are land covers' titles."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Method:
    """What is judged: its labels, their parcels, and which of those overlap the truth's."""

    labels: Labels
    parcels: Labels
    overlaps: Overlaps


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
    area_layer : str, optional
        Of the area, where its file has several.

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
        area_layer: str | None = None,
    ) -> None:
        self.pair = pair
        self.scene: Scene | None = None
        if pair.scene is not None:
            self.scene = open_scene(pair.scene, nodata=pair.nodata.scene)
        self.notes = () if self.scene is None else sentences_of(self.scene, None)
        self.grid = grid = _grid(pair, self.scene)
        self.tiles = cut_tiles(grid, tile_size)
        self._truth = open_labels(
            pair.truth, "truth", grid, numbered=numbered_truth, answers=pair.truth_answers
        )
        whole = ReadingAnswers(area_layer, ClassChoice())  # inside every polygon, whatever it is
        self._area = None if area is None else open_labels(area, "area", grid, answers=whole)
        own = open_labels(pair.prediction, "prediction", grid, answers=pair.prediction_answers)
        parcels = own if pair.parcels is None else open_labels(pair.parcels, "parcels", grid)
        self._methods = {PREDICTION: _Method(own, parcels, Overlaps())}
        if pair.landcover is not None:
            landcover = open_landcover(
                pair.landcover, product=pair.product, nodata=pair.nodata.landcover
            )
            self.notes += landcover_sentences(landcover)
            labels = LandCoverLabels(landcover, grid)
            self._methods[landcover.title] = _Method(labels, labels, Overlaps())
        self._results: list[TileFigures] = []

    @property
    def says(self) -> dict[str, str]:
        """In words, what was taken for cropland in each file."""
        methods = {name: method.labels.says for name, method in self._methods.items()}
        return {PREDICTION: methods[PREDICTION], "truth": self._truth.says, **methods}

    def codes(self, step: Callable[[], None]) -> Iterator[tuple[Window, Codes]]:
        """Compare tile by tile: windows and their error codes, uint8, of the prediction.

        ``step`` is called before each tile, and may raise.
        """
        self._results = []
        margin = halo(self.grid)
        for name, window in self.tiles.items():
            step()
            wide = window.expanded(margin).intersection(self.grid.extent) or window
            yield window, self._tile(name, LabelView(self.grid, window, wide))

    def results(self) -> list[TileFigures]:
        """Results of the tiles with anything to judge, once all codes were taken."""
        truth_as = self._truth.joined()
        windows = list(self.tiles.values())
        parcels: dict[tuple[str, str], Sums] = {}
        for name, method in self._methods.items():
            sums = method.overlaps.sums(
                self.grid, windows, predicted_as=method.parcels.joined(), truth_as=truth_as
            )
            parcels.update({(name, tile): row for tile, row in zip(self.tiles, sums, strict=True)})
        whole = [
            replace(one, sums=with_parcels(one.sums, parcels[str(one.labels[METHOD]), one.tile]))
            for one in self._results
        ]
        judged = {one.tile for one in whole if one.sums.any()}
        return [one for one in whole if one.tile in judged]

    def _tile(self, name: str, view: LabelView) -> Codes:
        truth = self._truth.tile(view)
        known = truth.known & self._asked(view)
        codes, judged = np.zeros((view.own.height, view.own.width), dtype=np.uint8), known
        for title, method in self._methods.items():
            predicted = method.labels.tile(view)
            if method.parcels is not method.labels:
                predicted = replace(predicted, parcels=method.parcels.tile(view).parcels)
            # Land cover is judged on the prediction's pixels, so that both face the same task.
            judged = judged & predicted.known
            self._add(name, title, view, truth, predicted, known, judged)
            if title == PREDICTION:
                codes = error_codes(predicted.cropland, truth.cropland, judged)[view.inner.slices]
        return codes

    def _add(
        self,
        tile: str,
        title: str,
        view: LabelView,
        truth: LabelTile,
        predicted: LabelTile,
        known: Flags,
        judged: Flags,
    ) -> None:
        own = view.inner.slices
        sums = to_sums(
            astuple(compare_pixels(predicted.cropland[own], truth.cropland[own], judged[own])),
            compare_boundaries(
                predicted.cropland, truth.cropland, judged, view.wide_grid, inner=view.inner
            ),
            unpredicted=int(np.count_nonzero(known[own] & ~judged[own])),
        )
        overlaps = self._methods[title].overlaps
        overlaps.add(predicted.parcels, truth.parcels, judged[own], view.own)
        labels = {METHOD: title}
        result = TileFigures(self.pair.name, tile, sums, labels=labels, window=view.own)
        self._results.append(result)

    def _asked(self, view: LabelView) -> Flags:
        """Where the question is put at all: in the area, and where the image holds something."""
        asked = np.ones(view.wide_grid.shape, dtype=np.bool_)
        if self._area is not None:
            area = self._area.tile(view)
            asked &= area.cropland & area.known
        if self.scene is not None:
            image = scene_on(self.scene, view.wide_grid)
            asked &= image.valid if image is not None else False
        return asked


def cut_tiles(grid: Grid, size: int) -> dict[str, Window]:
    """A grid cut into equal tiles of about ``size`` pixels, in reading order, by name."""

    def edges(length: int) -> list[int]:
        parts = max(1, round(length / size))
        return [length * part // parts for part in range(parts + 1)]

    return {
        f"r{r}c{c}": Window(left, top, right - left, bottom - top)
        for r, (top, bottom) in enumerate(pairwise(edges(grid.height)))
        for c, (left, right) in enumerate(pairwise(edges(grid.width)))
    }


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
