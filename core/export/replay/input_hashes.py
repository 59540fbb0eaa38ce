"""Hashes of what goes into a tile, and names of files without the folders they lie in."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

import numpy as np

from core.files import sha256_of
from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile


def file_name(path: str) -> str:
    """The name alone: no folder, and of an address no query, which may hold a password."""
    if "://" in path:
        return PurePosixPath(urlsplit(path).path).name
    return PureWindowsPath(path).name if "\\" in path else Path(path).name


def file_sha256(path: str) -> str | None:
    """SHA-256 of a file; None for an address."""
    return None if "://" in path else sha256_of(Path(path))


def pixels_sha256(image: SceneImage) -> str:
    """SHA-256 over a tile's stretched pixels and their validity: what a model sees."""
    digest = hashlib.sha256(repr(image.rgb.shape).encode())
    digest.update(np.ascontiguousarray(image.rgb).tobytes())
    digest.update(np.ascontiguousarray(image.valid).tobytes())
    return digest.hexdigest()


def landcover_sha256(landcover: LandCoverTile | None) -> str | None:
    """SHA-256 over the land cover on a tile's grid; None where there is none."""
    if landcover is None:
        return None
    digest = hashlib.sha256(landcover.product.key.encode())
    for part in (landcover.classes, landcover.cropland_fraction, landcover.valid):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
