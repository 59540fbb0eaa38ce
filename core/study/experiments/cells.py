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
from dataclasses import astuple, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.files import read_checked, write_checked
from core.fingerprint import LABEL, result_hash
from core.study.experiments.samples import Sample
from core.study.metrics.boundaries import compare_boundaries
from core.study.metrics.figures import Label, TileFigures, to_sums
from core.study.metrics.pixels import compare_pixels

FORMAT = 4
_DECIDING = (
    *LABEL,
    "core.existing",
    "core.mapping",
    "core.study.experiments",
    "core.study.metrics",
)
"""What decides on the result of a cell."""

_SHOWING = (
    *("core.study.metrics.evaluation", "core.study.metrics.evaluation_page"),
    *("core.study.metrics.error_map", "core.study.metrics.markdown"),
    *(
        f"core.study.experiments.{name}"
        for name in (
            *("experiment_page", "experiment_record", "experiment_report", "plots"),
            *("prompt_page", "experiment_kinds", "tables", "worst"),
        )
    ),
)
"""Modules that only show results."""

_RECORD = "record"
Facts = dict[str, Any]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CellResult:
    """Results of a cell, and facts about it for the record (steps taken, a curve).

    Parameters
    ----------
    tiles : tuple of TileFigures
        Their labels are what tells them apart beside the cell's own, where one cell yields several
        rows because they share most of the work.  Of the sums those of parcels are nought, because
        most methods draw none.
    facts : dict
        Plain values.
    seconds : float
        That it took when it was done.
    """

    tiles: tuple[TileFigures, ...]
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
    work: Callable[[Any, Context], CellResult]
    task: Any
    cost: float = 1.0

    @property
    def key(self) -> str:
        """SHA-256 of what is done; the labels have no say in it."""
        return digest(f"{self.work.__module__}.{self.work.__qualname__}", self.task)

    def labels_of(self, tile: TileFigures) -> dict[str, Label]:
        """Where a tile's result stands in the tables: the cell's labels, and the tile's own."""
        return {**self.labels, **tile.labels}


def digest(*facts: Any) -> str:
    """SHA-256 of the code, plain values, dataclasses, and whatever has a ``fingerprint``."""
    code = result_hash(*_DECIDING, without=_SHOWING)
    text = json.dumps([FORMAT, code, [_plain(one) for one in facts]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def compare_with_truth(
    mask: Flags, sample: Sample, *, keep: bool = False, **labels: Label
) -> TileFigures:
    """Compare a prediction with the truth where that is known; ``labels`` are the tile's own."""
    sums = to_sums(
        astuple(compare_pixels(mask, sample.truth, sample.known)),
        compare_boundaries(mask, sample.truth, sample.known, sample.image.grid),
    )
    return TileFigures(sample.name, sample.tile, sums, mask if keep else None, labels)


def run_cell(cell: Cell, context: Context) -> None:
    """Do a cell's work and keep it, with the masks that it gives, in one file."""
    started = time.perf_counter()
    result = cell.work(cell.task, context)
    seconds = time.perf_counter() - started
    rows = [[tile.image, tile.tile, dict(tile.labels), tile.sums.tolist()] for tile in result.tiles]
    text = json.dumps({"tiles": rows, "facts": result.facts, "seconds": seconds})
    masks = {str(n): t.mask for n, t in enumerate(result.tiles) if t.mask is not None}
    body = io.BytesIO()
    np.savez_compressed(body, **{_RECORD: np.array(text)}, **masks)  # type: ignore[arg-type]
    write_checked(context.folder / cell.key, body.getvalue(), cell.key)


def kept_result(cell: Cell, folder: Path) -> CellResult | None:
    """The kept result, masks left out; None where there is none, or it is damaged."""
    body = read_checked(folder / cell.key, cell.key)
    if body is None:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        record = json.loads(str(arrays[_RECORD]))
    tiles = (
        TileFigures(image, tile, np.array(sums), None, labels)
        for image, tile, labels, sums in record["tiles"]
    )
    return CellResult(tuple(tiles), record["facts"], record["seconds"])


def kept_mask(cell: Cell, number: int, folder: Path) -> Flags | None:
    """The prediction of a cell's tile, bool (rows, columns); None where it was not kept."""
    body = read_checked(folder / cell.key, cell.key)
    if body is None:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return np.asarray(arrays[str(number)]) if str(number) in arrays else None


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
