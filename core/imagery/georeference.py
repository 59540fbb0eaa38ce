"""Where a raster lies: from its header, its world file, or the person; never a guess."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS
from rasterio.io import DatasetReader

from core.crs import names_no_datum, no_datum, understood_crs
from core.errors import InputError, MissingCrsError, Remedy
from core.grid import Grid, PixelCoordinates, WorldCoordinates, transform_coordinates
from core.imagery.sidecar import Sidecar, read_sidecar
from core.imagery.worldfile import find_world_file, read_projection_file, read_world_file

_SMALLEST_GSD_M = 1e-6
"""Pixels below a thousandth of a millimetre are a mistake."""

_REMEDIES = {
    "scene": Remedy.STATE_CRS,
    "mask": Remedy.STATE_CRS,
    "raster": Remedy.STATE_CRS,
    "land cover": Remedy.STATE_LANDCOVER_CRS,
}
"""For rasters of which a person can state the CRS."""


@dataclass(frozen=True, slots=True)
class Georeference:
    """CRS, transform of pixel corners to world, and who stated the CRS.

    That is the ``file``, its ``sidecar`` (auxiliary XML), or a ``person``.
    """

    crs: CRS
    transform: Affine
    source: str


def find_georeference(
    dataset: DatasetReader, path: str, stated_crs: str | None, *, what: str = "scene"
) -> Georeference:
    """The georeference of an open raster.

    Parameters
    ----------
    stated_crs : str, optional
        The CRS that the person states; used only where the file has none.

    Raises
    ------
    MissingCrsError
        The file does not say where it lies, or not in which CRS, or its CRS names no datum.
    UnreadableRasterError
        Its auxiliary XML cannot be read.
    InputError
        The stated CRS cannot be understood.
    """
    local = None if "://" in path else Path(path)
    # Where both say something the sidecar wins, as in every GIS: it corrects a file.
    beside = read_sidecar(path)
    transform = _find_transform(dataset, local, path, what, beside)
    crs, lacking = None if beside is None else beside.crs, ""
    found_in = "file" if crs is None else "sidecar"
    if crs is None:
        crs, lacking = _said(dataset, local)
    if crs is not None and names_no_datum(crs):
        middle = transform @ (dataset.width / 2, dataset.height / 2)
        at = WorldCoordinates(np.array([middle[0]]), np.array([middle[1]]))
        lacking = no_datum(crs, at)
        crs = None
    if crs is not None:
        return Georeference(crs, transform, found_in)
    if stated_crs is None:
        raise MissingCrsError(
            f"The {what} {Path(path).name} {lacking}",
            "Ask whoever made the file.",
            _REMEDIES.get(what, Remedy.SAVE_WITH_CRS),
        )
    return Georeference(parse_crs(stated_crs), transform, "person")


def parse_crs(text: str) -> CRS:
    """A CRS as a person writes it: ``EPSG:32633``, WKT, PROJ.

    Raises
    ------
    InputError
        Not a CRS, or one that is neither geographic nor projected, or one without a datum.
    """
    crs = understood_crs(text)
    if crs is None:
        raise InputError(
            f"'{text[:80]}' is not a CRS that can hold a map.",
            "Write its EPSG code, such as EPSG:32633 or EPSG:4326.",
        )
    if names_no_datum(crs):
        raise InputError(
            f"'{text[:80]}' names no datum, so it says where things lie to a hundred metres only.",
            "Write its EPSG code, such as EPSG:27700, or add +towgs84 with what you know.",
        )
    return crs


def refuse_misplaced(grid: Grid, path: str, source: str, *, what: str = "scene") -> None:
    """Raise where coordinates cannot be in the CRS that is said to be theirs.

    Parameters
    ----------
    source : str
        Who stated the CRS, as in :class:`Georeference`.

    Raises
    ------
    InputError
        The middle of the raster is nowhere on Earth, or its pixels have no size there.
    """
    middle = PixelCoordinates(np.array([grid.width / 2]), np.array([grid.height / 2]))
    place = transform_coordinates(grid.pixels_to_world(middle), grid.crs, CRS.from_epsg(4326))
    on_earth = bool(np.abs(place.x[0]) <= 360.0 and np.abs(place.y[0]) <= 90.0)
    if on_earth and math.isfinite(grid.gsd_m) and grid.gsd_m > _SMALLEST_GSD_M:
        return
    stated = "stated" if source == "person" else "in the file"
    raise InputError(
        f"The {what} {Path(path).name} does not lie on Earth in the CRS {stated}, {grid.crs.name}.",
        "Metres read as degrees look like this; find out the CRS of the coordinates.",
    )


def _said(dataset: DatasetReader, local: Path | None) -> tuple[CRS | None, str]:
    """The CRS of the header or the ``.prj`` file, and what is lacking where there is none."""
    lacking = "does not say in which CRS its coordinates are."
    if dataset.crs:
        crs = understood_crs(dataset.crs.to_wkt())
        if crs is not None:
            return crs, ""
        lacking = (
            "is in a local CRS, or one of an unknown formula: so its place on Earth is not known."
        )
    return (None if local is None else read_projection_file(local)), lacking


def _find_transform(
    dataset: DatasetReader, local: Path | None, path: str, what: str, beside: Sidecar | None
) -> Affine:
    if beside is not None and beside.transform is not None:
        return beside.transform
    transform: Affine = dataset.transform
    if not transform.is_identity:
        values = list(transform)[:6]
        if not all(map(math.isfinite, values)) or transform.is_degenerate:
            raise MissingCrsError(
                f"The {what} {Path(path).name} has a transform that gives pixels without an area.",
                "Georeference it again (in QGIS: Layer, Georeferencer).",
            )
        return transform
    world_file = find_world_file(local) if local is not None else None
    if world_file is not None:
        return read_world_file(world_file)
    if dataset.gcps[0]:
        raise MissingCrsError(
            f"The {what} {Path(path).name} has ground control points but is not rectified.",
            "Warp it first, for example: gdalwarp -tps INPUT OUTPUT.tif",
        )
    if dataset.rpcs:
        raise MissingCrsError(
            f"The {what} {Path(path).name} has rational polynomial coefficients (RPC) "
            "but is not orthorectified.",
            "Orthorectify it first, for example: gdalwarp -rpc INPUT OUTPUT.tif",
        )
    raise MissingCrsError(
        f"The {what} {Path(path).name} is not georeferenced: it does not say where on Earth it is.",
        "Put its world file next to it, or georeference it (in QGIS: Layer, Georeferencer).",
    )
