"""Hashes of what goes into a tile, and names of files without the folders they lie in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

import numpy as np

from core.errors import NoOverlapError
from core.export.replay.bundle_file import PromptFacts
from core.files import sha256_of
from core.grid import Grid
from core.imagery.scene import read_window
from core.label.frame import Frame
from core.label.work import Work
from core.landcover.align import align
from core.predict.kept import AutoPrompt
from core.session.opened import OpenedScene


def file_name(path: str) -> str:
    """The name alone: no folder, and of an address no query, which may hold a password."""
    if "://" in path:
        return PurePosixPath(urlsplit(path).path).name
    return PureWindowsPath(path).name if "\\" in path else Path(path).name


def file_sha256(path: str) -> str | None:
    """SHA-256 of a file; None for an address."""
    return None if "://" in path else sha256_of(Path(path))


def pixels_sha256(opened: OpenedScene, tile: str) -> str:
    """SHA-256 over a tile's stretched pixels and their validity: what a model sees."""
    image = read_window(opened.scene, opened.tile(tile).window)
    digest = hashlib.sha256(repr(image.rgb.shape).encode())
    digest.update(np.ascontiguousarray(image.rgb).tobytes())
    digest.update(np.ascontiguousarray(image.valid).tobytes())
    return digest.hexdigest()


def landcover_sha256(opened: OpenedScene, grid: Grid) -> str | None:
    """SHA-256 over the land cover on a tile's grid; None where there is none."""
    if opened.landcover is None:
        return None
    try:
        aligned = align(opened.landcover, grid)
    except NoOverlapError:
        return None
    digest = hashlib.sha256(opened.landcover.product.key.encode())
    for part in (aligned.classes, aligned.cropland_fraction, aligned.valid):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def prompts_in_force(
    placed: Sequence[AutoPrompt], work: Work, frame: Frame
) -> tuple[PromptFacts, ...]:
    """The points that a tile's label came from, in the scene's CRS: placed, then a person's."""
    automatic = [
        PromptFacts(id=p.id, x=p.world.x, y=p.world.y, label=1 if p.label else 0, origin="auto")
        for p in placed
        if p.id not in work.denied
    ]
    own = []
    for point in work.points:
        world = frame.to_world(point.point)
        own.append(
            PromptFacts(id=point.id, x=world.x, y=world.y, label=point.label, origin="person")
        )
    return (*automatic, *own)
