"""The work of an experiment in cells: each is done once, kept on disk, and never done again.

A cell is the smallest piece whose result is worth keeping: one training, one method on one image.
It is known by everything that decides on its result, so a run that was cancelled, or repeated with
more settings, does only what is missing.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.files import read_checked, write_checked
from core.fingerprint import LABEL, result_hash
from core.study.experiments.samples import Sample
from core.study.metrics.boundaries import compare_boundaries
from core.study.metrics.pixels import compare
from core.study.metrics.scores import Score

FORMAT = 3
_DECIDING = (
    *LABEL,
    "core.existing",
    "core.mapping",
    "core.study.experiments",
    "core.study.metrics",
)
"""What decides on the result of a cell."""

_SHOWING = tuple(
    f"core.study.experiments.{name}"
    for name in (
        *("experiment_page", "experiment_record", "experiment_report", "figures", "marks"),
        *("plots", "sheets", "styles", "tables"),
    )
)
"""Modules that only show results."""

Label = str | int | float
Facts = dict[str, Any]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TileResult:
    """What a cell found on one tile.

    Parameters
    ----------
    image, tile : str
    score : Score
        Pixels and boundaries; parcels are not judged, because most methods draw none.
    mask : bool (rows, columns), optional
        The prediction, where pictures of mistakes will be wanted.
    labels : mapping
        Its place in the tables beside the cell's own, where one cell yields several rows because
        they share most of the work (:func:`labels_of`).
    """

    image: str
    tile: str
    score: Score
    mask: Flags | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CellResult:
    """Results of a cell, and facts about it for the record (steps taken, a curve).

    Parameters
    ----------
    tiles : tuple of TileResult
    facts : dict
        Plain values.
    seconds : float
        That it took when it was done.
    """

    tiles: tuple[TileResult, ...]
    facts: Facts = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Context:
    """What a cell's work is given.

    Parameters
    ----------
    folder : Path
        For files that cells share, such as trained networks; names are up to the work, and must
        say everything that decides on the content (:func:`digest`).
    step : callable
        Called with the share done, 0 to 1, between steps; raises ``CancelledError``.
    """

    folder: Path
    step: Callable[[float], None]


Work = Callable[[Any, Context], CellResult]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One piece of work.

    Parameters
    ----------
    labels : mapping
        Its place in the tables, by column.
    work : callable
        A function of a module, so that another process can be asked.
    task : Any
        Its argument: a frozen dataclass of plain values, regions and images.
    cost : float
        How long it takes beside other cells, about, for the progress.
    """

    labels: Mapping[str, Label]
    work: Work
    task: Any
    cost: float = 1.0

    @property
    def key(self) -> str:
        """SHA-256 of what is done; the labels have no say in it."""
        return digest(f"{self.work.__module__}.{self.work.__qualname__}", self.task)


def digest(*facts: Any) -> str:
    """SHA-256 of the code, plain values, dataclasses, and whatever has a ``fingerprint``."""
    code = result_hash(*_DECIDING, without=_SHOWING)
    text = json.dumps([FORMAT, code, [_plain(one) for one in facts]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def labels_of(cell: Cell, tile: TileResult) -> dict[str, Label]:
    """Where a tile's result stands in the tables: the cell's labels, and the tile's own."""
    return {**cell.labels, **tile.labels}


def judge(mask: Flags, sample: Sample, *, keep: bool = False, **labels: Label) -> TileResult:
    """Compare a prediction with the truth where that is known; ``labels`` are the tile's own."""
    score = Score(
        compare(mask, sample.truth, sample.known),
        compare_boundaries(mask, sample.truth, sample.known, sample.image.grid),
    )
    return TileResult(sample.name, sample.tile, score, mask if keep else None, labels)


def done(cell: Cell, folder: Path) -> CellResult | None:
    """The kept result, masks left out; None where there is none, or a mask of it is gone."""
    body = read_checked(folder / cell.key)
    if body is None:
        return None
    record = json.loads(body)
    found = tuple(
        TileResult(row["image"], row["tile"], Score.of_sums(row["sums"]), None, row["labels"])
        for row in record["tiles"]
    )
    kept = [tile for tile, row in zip(found, record["tiles"], strict=True) if row["mask"]]
    if any(read_checked(_mask_path(cell, tile, folder)) is None for tile in kept):
        return None
    return CellResult(found, record["facts"], record["seconds"])


def do(cell: Cell, context: Context) -> None:
    """Do a cell's work and keep it."""
    started = time.perf_counter()
    result = cell.work(cell.task, context)
    seconds = time.perf_counter() - started
    for tile in result.tiles:
        if tile.mask is not None:
            write_checked(_mask_path(cell, tile, context.folder), _packed(tile.mask))
    rows = [
        {
            "image": tile.image,
            "tile": tile.tile,
            "labels": dict(tile.labels),
            "sums": tile.score.sums(),
            "mask": tile.mask is not None,
        }
        for tile in result.tiles
    ]
    record = {"tiles": rows, "facts": result.facts, "seconds": seconds}
    # Last, so that a kept result always has its masks.
    write_checked(context.folder / cell.key, json.dumps(record).encode())


def kept_mask(cell: Cell, tile: TileResult, folder: Path) -> Flags | None:
    """The prediction of a tile, bool (rows, columns); None where it was not kept."""
    body = read_checked(_mask_path(cell, tile, folder))
    if body is None:
        return None
    with Image.open(io.BytesIO(body)) as picture:
        return np.asarray(picture.convert("1"), dtype=np.bool_)


def _mask_path(cell: Cell, tile: TileResult, folder: Path) -> Path:
    own = json.dumps([tile.image, tile.tile, dict(tile.labels)], sort_keys=True)
    place = hashlib.sha256(own.encode()).hexdigest()[:16]
    return folder / f"{cell.key}.{place}"


def _packed(mask: Flags) -> bytes:
    body = io.BytesIO()
    Image.fromarray(mask).save(body, "PNG", optimize=True)
    return body.getvalue()


def _plain(value: Any) -> Any:
    fingerprint = getattr(value, "fingerprint", None)
    if isinstance(fingerprint, str) and fingerprint:
        return fingerprint
    if is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
        return {type(value).__name__: own}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} is no plain value")
