"""In which CRS the parcels of an export lie: the choices for a scene, each with what it means.

Areas and lengths are measured on the ellipsoid whatever is chosen, and masks stay on the scene's
pixels; GeoJSON and fiboa are in WGS 84, because their standards say so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.exceptions import ProjError

from core.crs import WGS84, crs_text, horizontal
from core.errors import InputError
from core.grid import WGS84_GEOD, Grid, PixelPoint, WorldCoordinates, transform_coordinates
from core.imagery.georeference import parse_crs

SCENE, UTM = "scene", "utm"
"""Words for the CRS of the scene, and for the UTM zone in which its middle lies."""

AS_IT_FITS = ""
"""The choice of who chooses nothing; see :func:`usual_choice`."""

_COMES_BACK_M = 0.001
_FAR_DEGREES = 10.0
"""From where a CRS is meant to be used: two zones of UTM further is no slip of the finger."""


@dataclass(frozen=True, slots=True)
class CrsChoice:
    """A CRS as a person is offered it.

    Parameters
    ----------
    key : str
        What :func:`chosen_crs` takes: ``SCENE``, ``UTM`` or a code.
    title : str
        A few words.
    meaning : str
        One short sentence.
    """

    key: str
    title: str
    meaning: str


def crs_choices(grid: Grid) -> tuple[CrsChoice, ...]:
    """What is offered for a scene, the usual choice first; beside these, any EPSG code may be said.

    Parameters
    ----------
    grid : Grid
        Of the scene.
    """
    own = horizontal(grid.crs)
    utm = fitting_utm(grid)
    choices = [CrsChoice(SCENE, f"As the image: {own.name}", _meaning(own))]
    if utm is not None and not utm.equals(own, ignore_axis_order=True):
        choices.append(CrsChoice(UTM, utm.name, _meaning(utm)))
    if not own.equals(WGS84, ignore_axis_order=True):
        choices.append(
            CrsChoice(crs_text(WGS84), "WGS 84, longitude and latitude", _meaning(WGS84))
        )
    usual = usual_choice(grid)
    return tuple(sorted(choices, key=lambda one: one.key != usual))


def usual_choice(grid: Grid) -> str:
    """``SCENE`` where the scene is projected or has no UTM zone, ``UTM`` otherwise."""
    return UTM if grid.crs.is_geographic and fitting_utm(grid) is not None else SCENE


def fitting_utm(grid: Grid) -> CRS | None:
    """The UTM zone on WGS 84 in which the middle of a scene lies; None near the poles."""
    x, y = _middle(grid)
    if not (np.isfinite(x) and np.isfinite(y)):
        return None
    found = query_utm_crs_info("WGS 84", AreaOfInterest(x, y, x, y))
    return CRS.from_authority(found[0].auth_name, found[0].code) if found else None


def chosen_crs(wanted: str, grid: Grid) -> CRS:
    """The CRS that a person means for the parcels of a scene.

    Parameters
    ----------
    wanted : str
        ``SCENE``, ``UTM``, a CRS (``EPSG:27700``, or only ``27700``), or ``AS_IT_FITS``.
    grid : Grid
        Of the scene.

    Raises
    ------
    InputError
        It is no CRS, or one that does not hold the scene's area to the millimetre.
    """
    word = wanted.strip()
    if word.lower() in (AS_IT_FITS, SCENE, UTM):
        key = word.lower() or usual_choice(grid)
        utm = fitting_utm(grid) if key == UTM else None
        if key == UTM and utm is None:
            raise InputError(
                "There is no UTM zone so near a pole.",
                "Choose the CRS of the scene, or an EPSG code.",
            )
        return horizontal(grid.crs) if utm is None else utm
    crs = parse_crs(f"EPSG:{word}" if word.isdigit() else word)
    if not _holds(crs, grid):
        raise InputError(
            f"{crs.name} is not for the place of this scene.",
            "Choose a CRS for this part of the world, such as the UTM zone.",
        )
    return crs


def _meaning(crs: CRS) -> str:
    """What a CRS means to who opens the file, in one short sentence."""
    if crs.is_geographic:
        return "Degrees; opens in QGIS in place, but distances cannot be measured in it directly."
    unit = crs.axis_info[0].unit_name if crs.axis_info else "metre"
    words = {"metre": "Metres", "US survey foot": "US survey feet", "foot": "Feet"}
    return f"{words.get(unit, unit.capitalize())}; opens in QGIS in place."


def _middle(grid: Grid) -> tuple[float, float]:
    """Longitude from -180 to 180, and latitude."""
    middle = grid.pixel_to_world(PixelPoint(grid.width / 2, grid.height / 2))
    at = WorldCoordinates(np.array([middle.x]), np.array([middle.y]))
    there = transform_coordinates(at, grid.crs, WGS84)
    return (float(there.x[0]) + 180.0) % 360.0 - 180.0, float(there.y[0])


def _holds(crs: CRS, grid: Grid) -> bool:
    """Whether a CRS is meant for about there, and the corners of a scene come back as they were."""
    longitude, latitude = _middle(grid)
    area = crs.area_of_use
    if area is not None:
        width = (area.east - area.west) % 360.0 or 360.0
        beyond = ((longitude - area.west) % 360.0) - width
        apart = min(beyond, 360.0 - width - beyond)
        if max(apart, area.south - latitude, latitude - area.north) > _FAR_DEGREES:
            return False
    corners = transform_coordinates(grid.corners, grid.crs, WGS84)
    try:
        back = transform_coordinates(transform_coordinates(corners, WGS84, crs), crs, WGS84)
    except ProjError:
        return False
    known = np.isfinite([corners.x, corners.y, back.x, back.y]).all()
    metres = WGS84_GEOD.inv(corners.x, corners.y, back.x, back.y)[2] if known else np.inf
    return bool((np.asarray(metres) < _COMES_BACK_M).all())
