"""``cropmap evaluate``: pairs compared, and everything about it written into one folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.errors import CancelledError, InputError
from core.files import prepare_folder, replacing, safe_name
from core.grid import Window
from core.imagery.maptiles import scene_on
from core.imagery.open import open_raster, read_bands
from core.imagery.write_raster import write_codes
from core.study.metrics.compare import PREDICTION, PairComparison, TileScore
from core.study.metrics.evaluation_report import write_markdown, write_summary, write_table
from core.study.metrics.pairs import Pair
from core.study.metrics.pictures import ERROR_CODES, paint_errors, titled
from core.study.metrics.pixels import shown
from core.study.metrics.scores import metric
from core.study.metrics.summary import Summary, summarise, worst_first
from core.task import Cancelled, Progress, never, silent

_STAGE = "Tiles compared"
_LONGEST_SIDE = 1024


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """How pairs are compared.

    Parameters
    ----------
    tile_size : int
        Side in pixels of the tiles into which images are cut, about.
    seed : int
        Of the intervals.
    worst : int
        Pictures that are made, of the tiles with the lowest mean IoU.
    area : Path, optional
        Where truth is known at all: polygons or a mask.
    numbered_truth : bool
        Whether rasters of the truth number their parcels instead of being masks.
    """

    tile_size: int = 1024
    seed: int = 0
    worst: int = 12
    area: Path | None = None
    numbered_truth: bool = False

    def __post_init__(self) -> None:
        if not 16 <= self.tile_size <= 8192:
            raise InputError(
                f"Tiles of {self.tile_size} pixels cannot be compared.", "Take 16 to 8192."
            )
        if not 0 <= self.seed < 2**32:
            raise InputError(
                f"The seed {self.seed} cannot be used.", "Take a number from 0 to 4294967295."
            )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found, and the files that say so."""

    tiles: tuple[TileScore, ...]
    summary: Summary
    files: tuple[Path, ...]


def evaluate(
    pairs: list[Pair],
    options: EvaluateOptions,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Evaluation:
    """Compare predictions with their truth and write the result into ``out``.

    Returns
    -------
    Evaluation
        With the files ``summary.md`` (one page), ``summary.json``, ``tiles.csv`` (a row for each
        tile and method, the worst tiles first), ``errors/NAME.tif`` (a COG of error codes for
        each image) and ``worst/NN_NAME.png``.

    Raises
    ------
    InputError
        A file that cannot be used, or pairs without a pixel to judge.
    OutputError
        ``out`` cannot be written.
    CancelledError
        ``cancelled`` said so.
    """
    prepare_folder(out)
    prepare_folder(out / "errors")
    comparisons = [
        PairComparison(pair, options.tile_size, options.area, numbered_truth=options.numbered_truth)
        for pair in pairs
    ]
    total = sum(len(comparison.tiles) for comparison in comparisons)
    done = 0

    def step() -> None:
        nonlocal done
        if cancelled():
            raise CancelledError("No figures were written; the same command starts again.")
        progress(_STAGE, done, total)
        done += 1

    tiles: list[TileScore] = []
    maps: dict[str, Path] = {}
    for comparison, name in zip(comparisons, _file_names(pairs), strict=True):
        path = out / "errors" / f"{name}.tif"
        tiles += _compared(comparison, path, step)
        maps[comparison.pair.name] = path
    progress(_STAGE, total, total)
    summary = summarise(tiles, seed=options.seed)
    pictures = _pictures(comparisons, tiles, maps, options.worst, out)
    table, page, record = out / "tiles.csv", out / "summary.md", out / "summary.json"
    write_table(table, tiles)
    says = [comparison.says for comparison in comparisons]
    write_summary(record, summary, pairs, says, _plain(options))
    write_markdown(page, summary, tiles, pairs, says, pictures)
    files = (page, record, table, *maps.values(), *(path for _, path in pictures))
    return Evaluation(tuple(tiles), summary, files)


def _compared(comparison: PairComparison, path: Path, step: Callable[[], None]) -> list[TileScore]:
    """Scores of one pair; its error map is written on the way, tile by tile."""
    pair = comparison.pair
    tags = {"prediction": pair.prediction.name, "truth": pair.truth.name}
    write_codes(path, comparison.codes(step), comparison.grid, tags, ERROR_CODES)
    scores = comparison.scores()
    if not any(tile.score.pixels.pixels for tile in scores):
        raise InputError(
            f"No pixel of {pair.name} can be judged: nowhere are the prediction and the truth "
            "both known.",
            "Check the nodata values of both, and that the image and the area are of this place.",
        )
    return scores


def _pictures(
    comparisons: list[PairComparison],
    tiles: list[TileScore],
    maps: dict[str, Path],
    count: int,
    out: Path,
) -> list[tuple[TileScore, Path]]:
    """Pictures of the tiles with the lowest mean IoU, the worst first."""
    folder = prepare_folder(out / "worst")
    for old in folder.glob("[0-9][0-9]_*.png"):
        old.unlink()
    by_name = {comparison.pair.name: comparison for comparison in comparisons}
    predictions = [tile for tile in tiles if tile.method == PREDICTION]
    made = []
    for rank, tile in enumerate(worst_first(predictions)[:count], start=1):
        title = f"{tile.image} {tile.tile}: mean IoU {shown(metric('mean_iou').of(tile.score))}"
        picture = _picture(by_name[tile.image], maps[tile.image], tile.window)
        path = folder / f"{rank:02d}_{maps[tile.image].stem}_{tile.tile}.png"
        with replacing(path) as aside:
            titled(picture, title).save(aside)
        made.append((tile, path))
    return made


def _picture(comparison: PairComparison, errors: Path, window: Window) -> Any:
    with open_raster(errors, what="error map") as dataset:
        codes = read_bands(dataset, [1], window=window)[0].astype(np.uint8)
    image = None
    if comparison.scene is not None:
        image = scene_on(comparison.scene, comparison.grid.window_grid(window))
    picture = Image.fromarray(paint_errors(codes, None if image is None else image.rgb))
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return np.asarray(picture)


def _file_names(pairs: list[Pair]) -> list[str]:
    """A file name for each pair: its name without what a file system may not take."""
    safe = [safe_name(pair.name, "image") for pair in pairs]
    return [
        name if safe.count(name) == 1 else f"{name}_{index}"
        for index, name in enumerate(safe, start=1)
    ]


def _plain(options: EvaluateOptions) -> dict[str, Any]:
    return {
        "tile_size": options.tile_size,
        "seed": options.seed,
        "numbered_truth": options.numbered_truth,
        "area": None if options.area is None else str(options.area),
    }
