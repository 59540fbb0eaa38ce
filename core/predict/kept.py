"""Automatic predictions of tiles on disk: small, checked, and never served for other inputs."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import OutputError, storage_error
from core.files import read_checked, write_checked
from core.grid import WorldPoint

UNKNOWN = 255
_STEPS = 250.0

_log = logging.getLogger(__name__)

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AutoPrompt:
    """A point that auto-prompting placed, in the scene's CRS."""

    id: str
    world: WorldPoint
    label: int


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """The automatic prediction of a tile, before anything that a person did.

    Parameters
    ----------
    key : str
        SHA-256 over all that it depends on.
    probability, uncertainty : uint8 (rows, columns)
        On the tile's grid; 0 to 250 stands for 0 to 1, 255 for unknown.
    instances : int32 (rows, columns) or None
        Parcel numbers where the strategy tells fields apart.
    prompts : tuple of AutoPrompt
    landcover_ha : float or None
        Cropland of the land cover inside the tile's core; None without land cover.
    disagreement : float or None
        Share of the core where prediction (at 0.5) and land cover differ.
    """

    key: str
    probability: Bytes
    uncertainty: Bytes
    instances: npt.NDArray[np.int32] | None
    prompts: tuple[AutoPrompt, ...]
    landcover_ha: float | None
    disagreement: float | None


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


def save_base(path: Path, base: Base) -> None:
    """Keep a prediction in place of an earlier one.

    Raises
    ------
    OutputError
        The disk is full or the folder cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {
        "probability": base.probability,
        "uncertainty": base.uncertainty,
        "facts": np.frombuffer(json.dumps(_facts(base)).encode(), dtype=np.uint8),
    }
    if base.instances is not None:
        arrays["instances"] = base.instances
    body = io.BytesIO()
    np.savez_compressed(body, allow_pickle=False, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    write_checked(path, body.getvalue())


def load_base(path: Path, key: str | None = None) -> Base | None:
    """The kept prediction; None where there is none, or (with ``key``) one of other inputs."""
    body = _read(path)
    if body is None:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        if key is not None and facts["key"] != key:
            return None
        return Base(
            facts["key"],
            arrays["probability"],
            arrays["uncertainty"],
            arrays.get("instances"),
            tuple(AutoPrompt(i, WorldPoint(x, y), n) for i, x, y, n in facts["prompts"]),
            facts["landcover_ha"],
            facts["disagreement"],
        )


def _facts(base: Base) -> dict[str, Any]:
    return {
        "key": base.key,
        "prompts": [(p.id, p.world.x, p.world.y, p.label) for p in base.prompts],
        "landcover_ha": base.landcover_ha,
        "disagreement": base.disagreement,
    }


def keep_label(path: Path, label: dict[str, Any]) -> None:
    """Keep a tile's label (plain JSON) for the maps that show the whole scene.

    It can always be made again, so a full disk costs the picture and nothing else.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_checked(path, json.dumps(label).encode())
    except (OutputError, OSError) as error:
        _log.warning("A label was not kept: %s", error)


def load_label(path: Path) -> dict[str, Any] | None:
    """What :func:`keep_label` kept; None where there is none, or a damaged one."""
    body = _read(path)
    if body is None:
        return None
    label: dict[str, Any] = json.loads(body)
    return label


def _read(path: Path) -> bytes | None:
    """A kept file; None where it is missing, damaged, or cannot be read: it is made again then."""
    try:
        return read_checked(path)
    except OSError as error:
        _log.warning("%s cannot be read: %s", path.name, error)
        return None
