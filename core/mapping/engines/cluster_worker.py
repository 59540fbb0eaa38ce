"""What the processes of a cluster do: look around once, and map tiles one after the other."""

from __future__ import annotations

import os
import platform
import threading
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from core.errors import CropMapError
from core.fingerprint import LABEL, result_hash
from core.imagery.tile_plan import Tile
from core.mapping.engines.tile_order import TileOrder, is_seen, sendable
from core.mapping.tile_task import MapRun, TileResult, map_one, map_unkept
from core.predict.kept_prediction import Prediction
from core.predict.tile import TileInputs
from core.processors import use_at_most

TOKEN = "seen"  # noqa: S105  (a file's name)
"""File beside the finished tiles by which a worker knows that it is the same folder."""

_lock = threading.Lock()
_begun: dict[str, MapRun] = {}
"""The run that this process works at, by the order's name: its model is loaded once."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one worker sees.

    Parameters
    ----------
    host : str
        Its machine.
    cropmap, code : str
        The version, and what decides on a label there.
    files : tuple of bool
        Of image and land cover, whether each is there.
    folder : bool
        Whether the folder of finished tiles is the one of whoever asks.
    """

    host: str
    cropmap: str
    code: str
    files: tuple[bool, ...]
    folder: bool


@dataclass(frozen=True, slots=True, eq=False)
class ClusterTask:
    """One tile for a worker of a cluster.

    Parameters
    ----------
    name : str
        That of the run; workers that know it have its model loaded.
    keeping : bool
        Whether the worker keeps the prediction; else it is sent back.
    inputs : TileInputs or None
        The tile's pixels, where the worker cannot read them.
    """

    name: str
    order: TileOrder
    tile: Tile
    keeping: bool
    inputs: TileInputs | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ClusterAnswer:
    """A tile's result, and its prediction where the worker does not keep it."""

    result: TileResult
    prediction: Prediction | None = None


def look_around(paths: tuple[str, ...], folder: str, token: str) -> Sight:
    """What this worker sees of a run's files.

    Parameters
    ----------
    token : str
        What the file :data:`TOKEN` in ``folder`` holds.
    """
    try:
        same = (Path(folder) / TOKEN).read_text() == token and os.access(folder, os.W_OK)
    except OSError:
        same = False
    return Sight(
        platform.node(),
        version("cropmap"),
        result_hash(*LABEL),
        tuple(is_seen(path) for path in paths),
        same,
    )


def map_for_cluster(task: ClusterTask) -> ClusterAnswer | CropMapError:
    """Map one tile; what is wrong with it comes back as a value, for trying again would not help.

    Raises
    ------
    RuntimeError
        What nobody foresaw; the cluster tries it again elsewhere.
    """
    try:
        run = _run(task)
        if task.keeping:
            return ClusterAnswer(map_one(run, task.tile))
        return ClusterAnswer(*map_unkept(run, task.tile, task.inputs))
    except Exception as error:  # noqa: BLE001  (what it means is decided where it is sent)
        told = sendable(error)
        if isinstance(told, CropMapError):
            return told
        raise told from None


def _run(task: ClusterTask) -> MapRun:
    with _lock:
        if task.name not in _begun:
            use_at_most(1)
            run = task.order.begin(reading=task.inputs is None)
            _begun.clear()
            _begun[task.name] = run
        return _begun[task.name]
