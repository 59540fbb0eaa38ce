"""The automatic prediction of a tile as a value, and as a file that is checked when it is read."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.errors import storage_error
from core.files import name_in_folder, read_checked, write_checked
from core.grid import WorldPoint
from core.predict.field_hierarchy import NO_JOINS

UNKNOWN = 255
_STEPS = 250.0

_log = logging.getLogger(__name__)

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class WorldPrompt:
    """A point prompt in the scene's CRS.

    Parameters
    ----------
    id : str
        One that was placed automatically has a name that says where it lies, so that the name
        outlives another placement.
    label : int
        1 cropland, 0 not.
    source : {"auto", "person"}
    """

    id: str
    world: WorldPoint
    label: int
    source: Literal["auto", "person"] = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The automatic prediction of a tile, before anything that a person did.

    Parameters
    ----------
    probability, uncertainty : uint8 (rows, columns)
        On the tile's grid; 0 to 250 stands for 0 to 1, 255 for unknown.
    valid : bool (rows, columns)
        Where the image holds something.
    instances : int32 (rows, columns) or None
        Parcel numbers, or basins that join to parcels, where somebody tells fields apart.
    prompts : tuple of WorldPrompt
        What the model was asked with.
    landcover_ha : float or None
        Cropland of the land cover inside the tile's core; None without land cover.
    disagreement : float or None
        Share of the core where prediction (at 0.5) and land cover differ.
    joins : float32 (joins, 3)
        Which basins join, as :func:`core.predict.field_hierarchy.cut_fields` takes them.
    """

    probability: Bytes
    uncertainty: Bytes
    valid: Flags
    instances: npt.NDArray[np.int32] | None
    prompts: tuple[WorldPrompt, ...]
    landcover_ha: float | None
    disagreement: float | None
    joins: npt.NDArray[np.float32] = field(default_factory=lambda: NO_JOINS)

    @property
    def known(self) -> Flags:
        """Where the prediction says anything, bool (rows, columns)."""
        return np.asarray(self.probability != UNKNOWN, dtype=np.bool_)


def to_bytes(values: npt.NDArray[np.float32]) -> Bytes:
    """Values from 0 to 1 in 251 steps; NaN becomes 255."""
    known = np.isfinite(values)
    steps = np.rint(np.clip(np.nan_to_num(values), 0.0, 1.0) * _STEPS).astype(np.uint8)
    return np.where(known, steps, np.uint8(UNKNOWN))


def from_bytes(steps: Bytes) -> npt.NDArray[np.float32]:
    """The inverse of :func:`to_bytes`."""
    values = (steps / np.float32(_STEPS)).astype(np.float32)
    values[steps == UNKNOWN] = np.nan
    return values


def save_prediction(path: Path, prediction: Prediction, key: str) -> None:
    """Keep a prediction in place of an earlier one.

    Parameters
    ----------
    key : str
        SHA-256 over all that it depends on (:func:`core.predict.key.prediction_key`).

    Raises
    ------
    OutputError
        The disk is full or the folder cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {
        "probability": prediction.probability,
        "uncertainty": prediction.uncertainty,
        "valid": prediction.valid,
        "facts": np.frombuffer(json.dumps(_facts(prediction, key)).encode(), dtype=np.uint8),
    }
    if prediction.instances is not None:
        arrays["instances"] = prediction.instances
        arrays["joins"] = prediction.joins
    body = io.BytesIO()
    np.savez_compressed(body, allow_pickle=False, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    write_checked(path, body.getvalue(), name_in_folder(path))


def load_prediction(path: Path, key: str | None = None) -> Prediction | None:
    """The kept prediction; None where there is none, or (with ``key``) one of other inputs."""
    body = read_kept(path)
    if body is None:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        if key is not None and facts["key"] != key:
            return None
        probability = arrays["probability"]
        return Prediction(
            probability,
            arrays["uncertainty"],
            # A file of an earlier version does not tell what the image held.
            arrays.get("valid", probability != UNKNOWN),
            arrays.get("instances"),
            tuple(WorldPrompt(i, WorldPoint(x, y), n) for i, x, y, n in facts["prompts"]),
            facts["landcover_ha"],
            facts["disagreement"],
            arrays.get("joins", NO_JOINS),
        )


def read_kept(path: Path) -> bytes | None:
    """A kept file; None where it is missing, damaged, another's, or cannot be read.

    It is made again then.
    """
    try:
        return read_checked(path, name_in_folder(path))
    except OSError as error:
        _log.warning("%s cannot be read: %s", path.name, error)
        return None


def _facts(prediction: Prediction, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "prompts": [(p.id, p.world.x, p.world.y, p.label) for p in prediction.prompts],
        "landcover_ha": prediction.landcover_ha,
        "disagreement": prediction.disagreement,
    }
