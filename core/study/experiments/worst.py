"""The worst tiles of an experiment in pictures, and their errors as rasters for QGIS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from core.files import safe_name
from core.imagery.write_raster import Codes, write_codes
from core.study.experiments.cells import Cell, kept_mask
from core.study.experiments.experiment_plan import SEED, Experiment
from core.study.experiments.experiment_record import PictureRecord
from core.study.experiments.region import StudyImage
from core.study.experiments.samples import tiles
from core.study.experiments.tables import Results
from core.study.metrics.error_map import COLOURS, ERROR_WORDS, error_codes, error_picture
from core.study.metrics.figures import Label, TileFigures
from core.study.metrics.markdown import shown

FOLDER = "worst"
MOST = 24
_WANTED = 12


@dataclass(frozen=True, slots=True)
class _BadTile:
    """A tile of a row whose mistakes may be pictured: the cell's ``number``-th one."""

    cell: Cell
    number: int
    tile: TileFigures
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
    """Write ``worst/NN_NAME.png`` and ``.tif`` of the worst tiles of rows that are to be pictured.

    Parameters
    ----------
    kept : Path
        Folder of the cells, whose predictions are taken from there.
    folder : Path
        Of all results.
    step : callable
        Called with pictures done and to be done before each; may raise.
    """
    chosen = _chosen(experiment, results)
    found = []
    for rank, bad in enumerate(chosen):
        step(rank, len(chosen))
        mask, image = kept_mask(bad.cell, bad.number, kept), _image(bad.cell.task, bad.tile)
        if mask is None or image is None:
            continue
        sample = tiles(image).named(bad.tile.tile)
        (folder / FOLDER).mkdir(exist_ok=True)
        codes = error_codes(mask, sample.truth, sample.known)
        own = safe_name(f"{bad.tile.image}_{bad.tile.tile}", "tile")
        name = f"{FOLDER}/{rank + 1:02d}_{own}"
        row = ", ".join(map(str, bad.row))
        title = f"{row}: {bad.tile.image} {bad.tile.tile}, mean IoU {shown(bad.mean_iou)}"
        error_picture(codes, sample.image.rgb, title).save(folder / f"{name}.png")
        tags = {key.upper(): str(value) for key, value in bad.labels.items()}
        grid = sample.image.grid
        legend = Codes(ERROR_WORDS, COLOURS)
        write_codes(folder / f"{name}.tif", [(grid.extent, codes)], grid, tags, legend)
        counts = (bad.tile.count("false_negative"), bad.tile.count("false_positive"))
        where = (bad.labels, bad.tile.image, bad.tile.tile, bad.mean_iou)
        found.append(PictureRecord(*where, *counts, f"{name}.png", f"{name}.tif"))
    return tuple(found)


def _chosen(experiment: Experiment, results: Results) -> list[_BadTile]:
    """Of each row that the experiment names its worst tiles, the worst of all first.

    So that no bad method hides the others' mistakes, each row has as many.  A tile that several
    seeds saw counts once.
    """
    rows: dict[tuple[Label, ...], dict[tuple[str, str], _BadTile]] = {}
    for bad in sorted(_candidates(experiment, results), key=lambda one: one.mean_iou):
        rows.setdefault(bad.row, {}).setdefault((bad.tile.image, bad.tile.tile), bad)
    each = max(1, _WANTED // max(1, len(rows)))
    chosen = [bad for own in rows.values() for bad in list(own.values())[:each]]
    return sorted(chosen, key=lambda one: one.mean_iou)[:MOST]


def _candidates(experiment: Experiment, results: Results) -> Iterator[_BadTile]:
    if experiment.pictures is None:
        return
    wanted = experiment.pictures.items()
    keys = [*(column.key for column in experiment.columns), SEED]
    for cell, result in results:
        for number, tile in enumerate(result.tiles):
            labels, value = cell.labels_of(tile), tile.figure("mean_iou")
            if value is None or not all(labels.get(key) in some for key, some in wanted):
                continue
            own = {key: labels[key] for key in keys if key in labels}
            yield _BadTile(cell, number, tile, value, own)


def _image(task: Any, tile: TileFigures) -> StudyImage | None:
    """The image of a tile, wherever in a cell's task it is."""
    for image in _images(task):
        if image.name == tile.image and image.tile in ("", tile.tile):
            return image
    return None


def _images(value: Any) -> Iterator[StudyImage]:
    if isinstance(value, StudyImage):
        yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from _images(getattr(value, one.name))
    elif isinstance(value, Mapping):
        yield from _images(list(value.values()))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _images(one)
