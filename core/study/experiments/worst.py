"""The worst tiles of an experiment in pictures, and their errors as rasters for QGIS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.files import safe_name
from core.imagery.write_raster import write_codes
from core.study.experiments.cells import Cell, Label, TileResult, kept_mask, labels_of
from core.study.experiments.experiment import SEED, Experiment
from core.study.experiments.experiment_record import PictureRecord
from core.study.experiments.samples import Sample, tiles
from core.study.experiments.sheets import Results
from core.study.metrics.compare import error_codes
from core.study.metrics.pairs import LabelledScene
from core.study.metrics.pictures import ERROR_CODES, paint_errors, titled
from core.study.metrics.pixels import shown

FOLDER = "worst"
MOST = 24
_WANTED = 12
_LONGEST_SIDE = 1024


@dataclass(frozen=True, slots=True)
class _Bad:
    """A tile of a row whose mistakes may be pictured."""

    cell: Cell
    tile: TileResult
    mean_iou: float
    labels: dict[str, Label]

    @property
    def row(self) -> tuple[Label, ...]:
        return tuple(value for key, value in self.labels.items() if key != SEED)


def write_worst(
    experiment: Experiment,
    results: Results,
    kept: Path,
    folder: Path,
    step: Callable[[int, int], None],
) -> tuple[PictureRecord, ...]:
    """Write ``worst/NN_NAME.png`` and ``.tif`` of the tiles that :func:`worst_of_rows` chooses.

    Parameters
    ----------
    kept : Path
        Folder of the cells, whose predictions are taken from there.
    folder : Path
        Of all results.
    step : callable
        Called with pictures done and to be done before each; may raise.
    """
    chosen = worst_of_rows(experiment, results)
    found = []
    for number, bad in enumerate(chosen):
        step(number, len(chosen))
        mask = kept_mask(bad.cell, bad.tile, kept)
        scene = _scene(bad.cell.task, bad.tile)
        if mask is None or scene is None:
            continue
        sample = tiles(scene).named(bad.tile.tile)
        (folder / FOLDER).mkdir(exist_ok=True)
        codes = error_codes(mask, sample.truth, sample.known)
        own = safe_name(f"{bad.tile.image}_{bad.tile.tile}", "tile")
        name = f"{FOLDER}/{number + 1:02d}_{own}"
        _draw(codes, sample, _title(bad), folder / f"{name}.png")
        tags = {key.upper(): str(value) for key, value in bad.labels.items()}
        grid = sample.image.grid
        write_codes(folder / f"{name}.tif", [(grid.extent, codes)], grid, tags, ERROR_CODES)
        found.append(_record(bad, name))
    return tuple(found)


def worst_of_rows(experiment: Experiment, results: Results) -> list[_Bad]:
    """Of each row that the experiment names its worst tiles, the worst of all first.

    So that no bad method hides the others' mistakes, each row has as many.  A tile that several
    seeds saw counts once.
    """
    if experiment.pictures is None:
        return []
    rows: dict[tuple[Label, ...], list[_Bad]] = {}
    for bad in sorted(_candidates(experiment, results), key=lambda one: one.mean_iou):
        own = rows.setdefault(bad.row, [])
        if (bad.tile.image, bad.tile.tile) not in {(o.tile.image, o.tile.tile) for o in own}:
            own.append(bad)
    each = max(1, _WANTED // max(1, len(rows)))
    chosen = [bad for own in rows.values() for bad in own[:each]]
    return sorted(chosen, key=lambda one: one.mean_iou)[:MOST]


def _candidates(experiment: Experiment, results: Results) -> Iterator[_Bad]:
    wanted = experiment.pictures or {}
    keys = [*(column.key for column in experiment.columns), SEED]
    for cell, result in results:
        for tile in result.tiles:
            said = labels_of(cell, tile)
            value = tile.score.pixels.mean_iou
            if value is None or not all(said.get(key) in some for key, some in wanted.items()):
                continue
            yield _Bad(cell, tile, value, {key: said[key] for key in keys if key in said})


def _scene(task: Any, tile: TileResult) -> LabelledScene | None:
    """The image of a tile, wherever in a cell's task it is."""
    for scene in _scenes(task):
        if scene.name == tile.image and scene.tile in ("", tile.tile):
            return scene
    return None


def _scenes(value: Any) -> Iterator[LabelledScene]:
    if isinstance(value, LabelledScene):
        yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from _scenes(getattr(value, one.name))
    elif isinstance(value, Mapping):
        yield from _scenes(list(value.values()))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _scenes(one)


def _draw(codes: Any, sample: Sample, title: str, path: Path) -> None:
    picture = Image.fromarray(paint_errors(codes, sample.image.rgb))
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    titled(np.asarray(picture), title).save(path)


def _title(bad: _Bad) -> str:
    labels = ", ".join(str(value) for key, value in bad.labels.items() if key != SEED)
    return f"{labels}: {bad.tile.image} {bad.tile.tile}, mean IoU {shown(bad.mean_iou)}"


def _record(bad: _Bad, name: str) -> PictureRecord:
    pixels = bad.tile.score.pixels
    return PictureRecord(
        bad.labels,
        bad.tile.image,
        bad.tile.tile,
        bad.mean_iou,
        pixels.false_negative,
        pixels.false_positive,
        f"{name}.png",
        f"{name}.tif",
    )
