"""Experiment 1: how many automatic points say what is true, by their distance from a class border.

Each image's land cover places points as the strategies do: once as published (``apt``, ``joint``),
and in the seeded draws of ``apt_plus``.  The image's own classifier then cleans them, as
``apt_plus`` has it done.  No model is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path

from core.errors import CancelledError, InputError
from core.files import prepare_folder, read_checked, sha256_of, write_checked
from core.fingerprint import PREDICTION, result_hash
from core.imagery.scene import read_window
from core.landcover.alignment import align
from core.landcover.source import LandCover
from core.predict.apt_plus import MIN_SPACING_M, draw_seeds
from core.predict.classifier import classify
from core.predict.prediction import StrategyOptions
from core.prompts.auto import PromptOptions, border_depth, place_prompts
from core.prompts.clean import clean_prompts
from core.study.experiments.region import Region, StudyImage, open_truth, said_print
from core.study.metrics.compare import cut_tiles
from core.study.metrics.truth_labels import LabelView
from core.task import Cancelled, Progress, never, silent

FORMAT = 1
PUBLISHED, SPREAD = "published", "spread"
_STAGE = "Images"


@dataclass(frozen=True, slots=True)
class PromptCheckOptions:
    """How points are placed: by default as the strategies do.

    Parameters
    ----------
    draws : int
        Seeded draws of ``spread``; ``published`` has no chance in it.
    tile_size : int
        Side in pixels, about, of the tiles in which points are placed.
    """

    seed: int = 0
    draws: int = StrategyOptions().draws
    points_per_class: int = StrategyOptions().points_per_class
    min_border_distance_m: float = StrategyOptions().min_border_distance_m
    tile_size: int = 1024

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32 // 1000:
            raise InputError(
                f"The seed {self.seed} cannot be used.", f"Take a number from 0 to {2**32 // 1000}."
            )
        if not 1 <= self.draws <= 100:
            raise InputError(f"{self.draws} draws cannot be made.", "Take 1 to 100.")


@dataclass(frozen=True, slots=True)
class PlacedPoint:
    """One point that land cover placed.

    Parameters
    ----------
    method : str
        ``published`` or ``spread``.
    draw : int
    column, row : float
        On the image's working grid, in pixels.
    label : int
        1 says cropland, 0 says something else.
    border_m : float or None
        Metres to the nearest pixel of the other class in the land cover; None where it has one
        class alone.
    right : bool
        Whether the truth says the same.
    kept : bool
        Whether cleaning left it.
    """

    method: str
    draw: int
    column: float
    row: float
    label: int
    border_m: float | None
    right: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """The points of one image; those where the truth is unknown are left out.

    ``nodata`` is what somebody says of the image's values, as in ``open_scene``.
    """

    name: str
    product: str
    scene: Path
    points: tuple[PlacedPoint, ...]
    nodata: tuple[float, ...] | None = None


def check_regions(
    regions: Sequence[Region],
    options: PromptCheckOptions,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> list[CheckedImage]:
    """Check the points of all images of all regions; errors as for :func:`check_prompts`.

    Nothing here learns from the truth, so images to learn from are judged as well.  A region's
    name stands before its product's, because tables go by product.
    """
    images = [(region, image) for region in regions for image in (*region.train, *region.test)]
    checked = check_prompts(
        [image for _, image in images], options, out, progress=progress, cancelled=cancelled
    )
    return [
        replace(one, product=f"{region.name}: {one.product}")
        for (region, _), one in zip(images, checked, strict=True)
    ]


def check_prompts(
    images: Sequence[StudyImage],
    options: PromptCheckOptions,
    out: Path,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> list[CheckedImage]:
    """Place, check and clean the points of each image.

    Finished images are kept in ``out/.images`` and taken from there when the same command runs
    again.

    Raises
    ------
    InputError
        A file that cannot be used.
    CancelledError
        ``cancelled`` said so.
    """
    kept = prepare_folder(out / ".images")
    checked = []
    for number, image in enumerate(images):
        if cancelled():
            raise CancelledError("Finished images are kept; the same command goes on.")
        progress(_STAGE, number, len(images))
        landcover = image.open_landcover()
        facts = (FORMAT, result_hash(*PREDICTION, __name__), asdict(options), landcover.product.key)
        prints = (image.open_scene().fingerprint, landcover.fingerprint)
        text = json.dumps([facts, (*prints, sha256_of(image.truth), *said_print(image))])
        path = kept / hashlib.sha256(text.encode()).hexdigest()
        body = read_checked(path, path.name)
        if body is None:
            rows = [astuple(point) for point in _points(image, landcover, options)]
            body = json.dumps(rows).encode()
            write_checked(path, body, path.name)
        points = tuple(PlacedPoint(*row) for row in json.loads(body))
        checked.append(
            CheckedImage(image.name, landcover.title, image.scene, points, image.nodata.scene)
        )
    progress(_STAGE, len(images), len(images))
    return checked


def _points(
    image: StudyImage, landcover: LandCover, options: PromptCheckOptions
) -> Iterator[PlacedPoint]:
    scene = image.open_scene()
    grid = scene.working_grid
    truth = open_truth(image, grid)
    published = PromptOptions("published", options.points_per_class)
    spread = PromptOptions(
        "spread", options.points_per_class, options.min_border_distance_m, MIN_SPACING_M
    )
    placings = [(PUBLISHED, 0, published)]
    placings += [(SPREAD, draw, spread) for draw in draw_seeds(options.seed, options.draws)]
    for window in cut_tiles(grid, options.tile_size).values():
        label = truth.tile(LabelView(grid, window, window))
        pixels = read_window(scene, window)
        tile = align(landcover, pixels.grid)
        depths = {
            1: border_depth(tile.cropland) * tile.grid.gsd_m,
            0: border_depth(tile.valid & ~tile.cropland) * tile.grid.gsd_m,
        }
        own = classify(pixels, tile, options.seed).probability
        for method, draw, placing in placings:
            prompts = place_prompts(tile, placing, seed=draw)
            left = set(clean_prompts(prompts, own).points)
            for point in prompts.points:
                row, column = int(point.point.row), int(point.point.column)
                if label.known[row, column] and pixels.valid[row, column]:
                    depth = float(depths[point.label][row, column])
                    yield PlacedPoint(
                        *(method, draw),
                        *(point.point.column + window.column, point.point.row + window.row),
                        *(point.label, depth if depth != float("inf") else None),
                        bool(label.cropland[row, column]) == (point.label == 1),
                        point in left,
                    )
