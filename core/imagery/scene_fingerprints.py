"""Fingerprints of a scene: over all of its file, and as earlier versions took it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader

from core.grid import Grid


def _header(dataset: DatasetReader, grid: Grid, **more: object) -> bytes:
    header = {
        "crs": grid.crs.to_wkt(),
        "transform": list(grid.transform)[:6],
        "size": [grid.width, grid.height],
        "dtypes": list(dataset.dtypes),
        "nodata": repr(dataset.nodata),
        **more,
    }
    return json.dumps(header, sort_keys=True).encode()


def scene_fingerprint(dataset: DatasetReader, grid: Grid, content: str) -> str:
    """SHA-256 over a raster's header and the fingerprint of its content."""
    return _digest(_header(dataset, grid), content.encode())


def overview_fingerprint(
    dataset: DatasetReader,
    grid: Grid,
    preview: tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]],
    path: str,
) -> str:
    """What earlier versions took for the fingerprint of a scene: some pixels may change unseen.

    Parameters
    ----------
    preview : (3, rows, columns), bool (rows, columns)
        Values and validity of an overview of at most 1024 x 1024 pixels.
    """
    size = Path(path).stat().st_size if "://" not in path else None
    pixels = (np.ascontiguousarray(part).tobytes() for part in preview)
    return _digest(_header(dataset, grid, bytes=size), *pixels)


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
