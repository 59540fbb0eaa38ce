"""World files: six numbers beside a JPEG, PNG or TIFF that say where it lies.

Source: the ESRI world file format, https://support.esri.com/en-us/knowledge-base/000002860.
The last two numbers are the position of the *centre* of the upper left pixel.
"""

from __future__ import annotations

import math
from pathlib import Path

from affine import Affine
from pyproj import CRS

from core.crs import understood_crs
from core.errors import MissingCrsError


def find_world_file(image: Path) -> Path | None:
    """The world file beside ``image``: ``x.pgw``, ``x.pngw`` or ``x.wld`` for ``x.png``."""
    suffix = image.suffix.lstrip(".").lower()
    if not suffix:
        return None
    short = f".{suffix[0]}{suffix[-1]}w"
    for ending in (short, f".{suffix}w", ".wld"):
        for candidate in (image.with_suffix(ending), image.with_suffix(ending.upper())):
            if candidate.is_file():
                return candidate
    return None


def read_world_file(path: Path) -> Affine:
    """Transform of pixel corners (column, row) to world coordinates.

    Raises
    ------
    MissingCrsError
        The file does not hold six numbers that make a transform.
    """
    try:
        numbers = [
            float(word.replace(",", ".")) for word in path.read_text("utf-8-sig").split()[:6]
        ]
    except (ValueError, OSError):
        numbers = []
    if len(numbers) != 6 or not all(map(math.isfinite, numbers)):
        raise MissingCrsError(
            f"The world file {path.name} does not hold six numbers.",
            "Save the image again with its world file, or as a GeoTIFF.",
        )
    a, d, b, e, c, f = numbers
    if a * e - b * d == 0:
        raise MissingCrsError(
            f"The world file {path.name} gives pixels without an area.",
            "Save the image again with its world file, or as a GeoTIFF.",
        )
    return Affine(a, b, c, d, e, f) @ Affine.translation(-0.5, -0.5)


def projection_file(image: Path) -> Path:
    """Where the ``.prj`` file of ``image`` lies, if it has one."""
    return image.with_suffix(".prj")


def read_projection_file(image: Path) -> CRS | None:
    """The CRS in the ``.prj`` file beside ``image``, None where there is no usable one."""
    path = projection_file(image)
    if not path.is_file():
        return None
    try:
        return understood_crs(path.read_text("utf-8-sig", errors="replace"))
    except OSError:
        return None
