"""``cropmap evaluate``: pairs compared, and everything about it written into one folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from core.csv_file import to_csv
from core.errors import CancelledError, InputError
from core.files import folder_lock, prepare_folder, safe_name, sha256_of, together
from core.grid import Window
from core.imagery.maptiles import scene_on
from core.imagery.open import open_raster, read_bands
from core.imagery.write_raster import Codes, write_codes
from core.record_files import record_to_json, set_aside_unreadable
from core.study.metrics.bootstrap import DRAWS, LEVEL, Interval, mean_of_tiles, pooled
from core.study.metrics.compare import METHOD, PREDICTION, PairComparison
from core.study.metrics.error_map import COLOURS, ERROR_WORDS, error_picture
from core.study.metrics.evaluation_page import evaluation_page
from core.study.metrics.figures import FIGURES, HEADLINE, PARCELS, PIXELS, SUMS, TileFigures
from core.study.metrics.markdown import shown
from core.study.metrics.pairs import Pair
from core.study.metrics.pixels import Confusion
from core.task import Cancelled, Progress, never, silent
from core.versions import software

SUMMARY, TILES, PAGE, WORST = "summary.json", "tiles.csv", "summary.md", "worst"
PLACE = ("column", "row", "width", "height")
"""Columns of ``tiles.csv`` that say where a tile lies on the prediction's grid."""

_STAGE = "Tiles compared"
_COUNTS = {
    **{name: name for name in (*PIXELS, "unpredicted")},
    **{f"parcels_{name}": name for name in PARCELS[:3]},
}
"""Names of the sums that are told as counts, by what tables call them."""


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
    area_layer : str, optional
        Of the area, where its file has several.
    """

    tile_size: int = 1024
    seed: int = 0
    worst: int = 12
    area: Path | None = None
    numbered_truth: bool = False
    area_layer: str | None = None

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
class MethodSummary:
    """One method over its tiles.

    Parameters
    ----------
    tiles : int
    counts : dict
        Sums over all tiles that are whole numbers.
    pooled : dict
        Each figure of those sums: large tiles and tiles with many parcels weigh more.
    mean_of_tiles : dict
        Mean of each figure over the tiles in which it is defined.
    """

    method: str
    tiles: int
    counts: dict[str, int]
    pooled: dict[str, Interval]
    mean_of_tiles: dict[str, Interval]

    @property
    def pixels(self) -> Confusion:
        """Pixels of all tiles."""
        return Confusion(*(self.counts[name] for name in PIXELS))


@dataclass(frozen=True, slots=True)
class MethodDifference:
    """The prediction's pooled figures less those of another method, over the tiles of both."""

    other: str
    tiles: int
    pooled: dict[str, Interval]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was found: every method, the prediction first, and its differences from the others.

    Parameters
    ----------
    made : str
        ISO 8601, UTC.
    interval : dict
        Level, draws and seed of the intervals.
    pairs : list of dict
        Files with their SHA-256, what was taken for cropland in each, and what should be known
        of the image and the land cover.
    """

    FORMAT: ClassVar[int] = 1

    made: str
    options: dict[str, Any]
    interval: dict[str, float]
    methods: tuple[MethodSummary, ...]
    differences: tuple[MethodDifference, ...]
    pairs: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found, and the files that say so."""

    tiles: tuple[TileFigures, ...]
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
    with folder_lock(out):
        set_aside_unreadable(out / SUMMARY, Summary)
        with together(out, leaving=("errors/*.tif", f"{WORST}/[0-9][0-9]_*.png")) as new:
            made = _evaluate(pairs, options, new, progress, cancelled)
    return replace(made, files=tuple(out / path.relative_to(new) for path in made.files))


def _evaluate(
    pairs: list[Pair],
    options: EvaluateOptions,
    out: Path,
    progress: Progress,
    cancelled: Cancelled,
) -> Evaluation:
    """As :func:`evaluate`, into an empty folder."""
    prepare_folder(out / "errors")
    comparisons = [
        PairComparison(
            pair,
            options.tile_size,
            options.area,
            numbered_truth=options.numbered_truth,
            area_layer=options.area_layer,
        )
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

    tiles: list[TileFigures] = []
    maps: dict[str, Path] = {}
    for comparison, name in zip(comparisons, _file_names(pairs), strict=True):
        path = maps[comparison.pair.name] = out / "errors" / f"{name}.tif"
        tiles += _compared(comparison, path, step)
    progress(_STAGE, total, total)
    pictures = _pictures(comparisons, tiles, maps, options.worst, out)
    summary = summarise(tiles, options, comparisons)
    page, record, table = out / PAGE, out / SUMMARY, out / TILES
    table.write_bytes(_tiles_csv(tiles))
    record.write_bytes(record_to_json(summary))
    page.write_text(evaluation_page(summary, worst_first(tiles), pictures), encoding="utf-8")
    files = (page, record, table, *maps.values(), *(out / name for name in pictures.values()))
    return Evaluation(tuple(tiles), summary, files)


def summarise(
    tiles: list[TileFigures], options: EvaluateOptions, comparisons: list[PairComparison]
) -> Summary:
    """Figures of all methods; the same tiles and the same seed give the same summary."""
    names = list(dict.fromkeys(str(tile.labels[METHOD]) for tile in tiles))
    sums = {
        name: {(t.image, t.tile): t.sums for t in tiles if t.labels[METHOD] == name}
        for name in names
    }
    methods, differences = [], []
    for name, own in sums.items():
        stack = np.array(list(own.values()))
        whole = dict(zip(SUMS, stack.sum(axis=0), strict=True))
        counts = {title: round(whole[key]) for title, key in _COUNTS.items()}
        figures = pooled(stack[None], tuple(FIGURES), seed=options.seed)
        means = mean_of_tiles(stack, tuple(FIGURES), seed=options.seed)
        methods.append(MethodSummary(name, len(own), counts, figures, means))
        if name != PREDICTION:
            both = [place for place in sums[PREDICTION] if place in own]
            ours, theirs = (np.array([[one[p] for p in both]]) for one in (sums[PREDICTION], own))
            less = pooled(ours, HEADLINE, seed=options.seed, less=theirs)
            differences.append(MethodDifference(name, len(both), less))
    asked = {
        "tile_size": options.tile_size,
        "seed": options.seed,
        "numbered_truth": options.numbered_truth,
        "area": None if options.area is None else str(options.area),
        "area_layer": options.area_layer,
    }
    return Summary(
        datetime.now(UTC).isoformat(timespec="seconds"),
        asked,
        {"level": LEVEL, "draws": DRAWS, "seed": options.seed},
        tuple(methods),
        tuple(differences),
        [
            {**_inputs(one.pair), "cropland": one.says, "notes": list(one.notes)}
            for one in comparisons
        ],
        software(),
    )


def worst_first(tiles: list[TileFigures]) -> list[TileFigures]:
    """The prediction's tiles, from the lowest mean IoU to the highest; those without one last."""

    def key(tile: TileFigures) -> tuple[float, str, str]:
        value = tile.figure("mean_iou")
        return (2.0 if value is None else value, tile.image, tile.tile)

    return sorted((tile for tile in tiles if tile.labels[METHOD] == PREDICTION), key=key)


def _compared(
    comparison: PairComparison, path: Path, step: Callable[[], None]
) -> list[TileFigures]:
    """Results of one pair; its error map is written on the way, tile by tile."""
    pair = comparison.pair
    tags = {"prediction": pair.prediction.name, "truth": pair.truth.name}
    write_codes(path, comparison.codes(step), comparison.grid, tags, Codes(ERROR_WORDS, COLOURS))
    results = comparison.results()
    if not any(tile.pixels for tile in results):
        raise InputError(
            f"No pixel of {pair.name} can be judged: nowhere are the prediction and the truth "
            "both known.",
            "Check the nodata values of both, and that the image and the area are of this place.",
        )
    return results


def _tiles_csv(tiles: list[TileFigures]) -> bytes:
    """A row for each tile and method, the worst tiles first; what is not defined is empty."""
    order = {(t.image, t.tile): rank for rank, t in enumerate(worst_first(tiles))}
    ranked = sorted(tiles, key=lambda tile: order.get((tile.image, tile.tile), len(order)))
    rows = []
    for tile in ranked:
        window = tile.window or Window(0, 0, 0, 0)
        rows.append(
            {
                **{"image": tile.image, "tile": tile.tile, **tile.labels},
                **{name: getattr(window, name) for name in PLACE},
                **{key: rounded(tile.figure(key)) for key in FIGURES},
                **{title: tile.count(key) for title, key in _COUNTS.items()},
            }
        )
    return to_csv(rows, ["image", "tile", METHOD, *PLACE, *FIGURES, *_COUNTS])


def rounded(value: float | None) -> float | None:
    """As tables have figures: six digits are more than any of them means."""
    return None if value is None else round(value, 6)


def _pictures(
    comparisons: list[PairComparison],
    tiles: list[TileFigures],
    maps: dict[str, Path],
    count: int,
    out: Path,
) -> dict[tuple[str, str], str]:
    """Pictures of the tiles with the lowest mean IoU, by image and tile: paths below ``out``."""
    prepare_folder(out / WORST)
    by_name = {comparison.pair.name: comparison for comparison in comparisons}
    made = {}
    for rank, tile in enumerate(worst_first(tiles)[:count], start=1):
        comparison, errors = by_name[tile.image], maps[tile.image]
        window = tile.window or comparison.grid.extent
        with open_raster(errors, what="error map") as dataset:
            codes = read_bands(dataset, [1], window=window)[0].astype(np.uint8)
        image = None
        if comparison.scene is not None:
            image = scene_on(comparison.scene, comparison.grid.window_grid(window))
        title = f"{tile.image} {tile.tile}: mean IoU {shown(tile.figure('mean_iou'))}"
        name = f"{WORST}/{rank:02d}_{errors.stem}_{tile.tile}.png"
        error_picture(codes, None if image is None else image.rgb, title).save(out / name)
        made[tile.image, tile.tile] = name
    return made


def _inputs(pair: Pair) -> dict[str, Any]:
    names = ("prediction", "truth", "parcels", "scene", "landcover")
    paths = {name: path for name in names if (path := getattr(pair, name)) is not None}
    files = {name: {"path": str(p), "sha256": sha256_of(p)} for name, p in paths.items()}
    return {"name": pair.name, "product": pair.product, **files}


def _file_names(pairs: list[Pair]) -> list[str]:
    """A file name for each pair: its name without what a file system may not take."""
    safe = [safe_name(pair.name, "image") for pair in pairs]
    return [
        name if safe.count(name) == 1 else f"{name}_{index}"
        for index, name in enumerate(safe, start=1)
    ]
