"""What a CRS says: whether its datum is known, which one it may be, and how a file is told of it.

Every writer asks :func:`ways_to_say` and takes the first way that its format holds, as reading the
file back shows, so that all files of one run say the same place.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError, ProjError

from core.grid import WGS84_GEOD, WorldCoordinates, transform_coordinates

WGS84 = CRS.from_epsg(4326)

_UNNAMED = re.compile(
    r"(d_)?(unknown|unnamed|unspecified|not[ _]specified|undefined|user[ _-]?defined|custom"
    r"|none)(?![a-z])",
    re.IGNORECASE,
)
"""How PROJ, GDAL and Esri begin the name of a datum that nobody named."""

_MODERN_AXIS_M = 6378137.0
_MODERN_FLATTENING = 298.2572
_MOST_ANSWERS = 4
_SAME_M = 0.05


@dataclass(frozen=True, slots=True)
class SaidCrs:
    """One way to say where coordinates lie.

    Parameters
    ----------
    crs : CRS
        In which the file's coordinates have to be.
    text : str
        What the format is told: a code, or WKT where no code says exactly this.
    note : str
        A sentence with ``{file}``, for the case that this way is taken; empty where it is the
        scene's own CRS.
    """

    crs: CRS
    text: str
    note: str = ""


def understood_crs(text: str | None) -> CRS | None:
    """The horizontal CRS that a text says; None for none, and for one that lies nowhere on Earth.

    Nor for a formula that PROJ does not have: nobody could say where the coordinates are.

    Heights, of compound and three-dimensional CRSs, are left out: rasters and parcels have none.
    """
    if not text:
        return None
    try:
        crs = horizontal(CRS.from_user_input(text))
    except CRSError:
        return None
    held = (crs.is_geographic or crs.is_projected) and _leads_to_earth(crs.to_wkt())
    return crs if held else None


def horizontal(crs: CRS) -> CRS:
    """A CRS without its heights, and with what GDAL would pass over spelt out.

    GDAL drops a transformation of its own (``TOWGS84``) where it knows the datum's name.  So one
    that is the same as PROJ's goes, and under any other the datum loses its name: what the file
    says counts, in everything that is made of it.
    """
    if crs.is_compound:
        return horizontal(crs.sub_crs_list[0])
    if crs.is_bound:
        return _plain_bound(crs.to_wkt())
    return crs.to_2d() if len(crs.axis_info) > 2 else crs


def names_no_datum(crs: CRS) -> bool:
    """Whether a CRS leaves open by a hundred metres and more where it lies.

    A sphere has no datum by its nature (MODIS), and an ellipsoid of today's satellites leaves no
    more open than its datums differ, a metre or two; a transformation in the CRS itself says it.
    """
    if crs.is_bound or crs.geodetic_crs is None or crs.geodetic_crs.datum is None:
        return False
    ellipsoid = crs.ellipsoid
    if ellipsoid is None or ellipsoid.inverse_flattening == 0:
        return False
    modern = (
        abs(ellipsoid.semi_major_metre - _MODERN_AXIS_M) < 1.0
        and abs(ellipsoid.inverse_flattening - _MODERN_FLATTENING) < 0.01
    )
    return not modern and _UNNAMED.match(crs.geodetic_crs.datum.name) is not None


def likely_answers(crs: CRS, at: WorldCoordinates) -> tuple[str, ...]:
    """Which CRSs with a datum a CRS without one may be, as ``EPSG:27700 (OSGB36 / ...)``.

    Parameters
    ----------
    at : WorldCoordinates
        The middle of the raster, in ``crs``: candidates are used there, and have the same
        ellipsoid and the same projection.  The smallest area of use comes first.
    """
    place = transform_coordinates(at, crs, WGS84)
    x, y = float(place.x[0]), float(place.y[0])
    if not (math.isfinite(x) and math.isfinite(y)):
        return ()
    x = (x + 180.0) % 360.0 - 180.0
    kind = PJType.PROJECTED_CRS if crs.is_projected else PJType.GEOGRAPHIC_2D_CRS
    area = AreaOfInterest(x, y, x, y)
    found = []
    for info in query_crs_info("EPSG", kind, area_of_interest=area, contains=True):
        candidate = CRS.from_authority(info.auth_name, info.code)
        bounds = info.area_of_use
        if bounds is None or _UNNAMED.match(info.name) is not None:
            continue
        if _same_formula(candidate, crs):
            size = (bounds.east - bounds.west) % 360.0 * (bounds.north - bounds.south)
            found.append((size, f"EPSG:{info.code} ({info.name})"))
    return tuple(title for _, title in sorted(found)[:_MOST_ANSWERS])


def no_datum(crs: CRS, at: WorldCoordinates) -> str:
    """What a file with a CRS without a datum lacks, the likely answers named.

    Parameters
    ----------
    at : WorldCoordinates
        A place in the file, in ``crs``.

    Returns
    -------
    str
        The end of a sentence that begins with the file's name.
    """
    datum = crs.geodetic_crs.datum.name if crs.geodetic_crs and crs.geodetic_crs.datum else ""
    answers = likely_answers(crs, at)
    named = f" By its numbers it may be {' or '.join(answers)}." if answers else ""
    return (
        f"does not name the datum of its CRS ({datum}), so it may lie a hundred metres off.{named}"
    )


def ways_to_say(crs: CRS) -> list[SaidCrs]:
    """The ways to say a CRS, best first: itself, and WGS 84 for formats that cannot hold it."""
    plain = horizontal(crs)
    ways = [SaidCrs(plain, crs_text(plain))]
    if not plain.equals(WGS84):
        ways.append(_other_way(WGS84))
    return ways


def crs_text(crs: CRS) -> str:
    """A CRS in a word where one says exactly this (``EPSG:32633``), in WKT otherwise.

    Never a guess: a code of the same name, or of the same formula on the same named datum.
    """
    code = None if crs.is_bound else _exact_code(crs.to_wkt())
    return crs.to_wkt() if code is None else code


def through_wgs84(coordinates: WorldCoordinates, source: CRS, target: CRS) -> WorldCoordinates:
    """Coordinates in another CRS, by way of WGS 84; infinite where one of them cannot hold them."""
    return transform_coordinates(transform_coordinates(coordinates, source, WGS84), WGS84, target)


def same_place(one: CRS, other: CRS | None, at: WorldCoordinates, tolerance_m: float) -> bool:
    """Whether coordinates read in two CRSs are the same places on Earth.

    Parameters
    ----------
    at : WorldCoordinates
        Those that the first CRS cannot hold do not count.
    tolerance_m : float
        Metres along the ground.
    """
    if other is None:
        return False
    if one == other:
        return True
    try:
        first = transform_coordinates(at, one, WGS84)
        second = transform_coordinates(at, other, WGS84)
    except ProjError:
        return False
    known = np.isfinite(first.x) & np.isfinite(first.y)
    if not (np.isfinite(second.x[known]).all() and np.isfinite(second.y[known]).all()):
        return False
    if (np.abs(second.y[known]) > 90.0).any():
        return False
    metres = WGS84_GEOD.inv(first.x[known], first.y[known], second.x[known], second.y[known])[2]
    return bool((np.asarray(metres) <= tolerance_m).all())


@lru_cache(maxsize=64)
def _exact_code(wkt: str) -> str | None:
    crs = CRS.from_wkt(wkt)
    datum = _datum_name(crs)
    if "id" not in crs.to_json_dict() and (datum is None or _UNNAMED.match(datum)):
        # No code says it; PROJ would look for seconds.
        return None
    sure = crs.to_authority(min_confidence=100)
    if sure is not None:
        return f"{sure[0]}:{sure[1]}"
    found = crs.to_authority()
    if found is None:
        return None
    candidate = CRS.from_authority(*found)
    same = _datum_name(candidate) == datum and _same_formula(candidate, crs)
    return f"{found[0]}:{found[1]}" if same else None


def _datum_name(crs: CRS) -> str | None:
    """A datum's name without what Esri, PROJ and the EPSG write differently; None for none."""
    datum = None if crs.geodetic_crs is None else crs.geodetic_crs.datum
    if datum is None:
        return None
    words = re.sub(r"[^a-z0-9]+", " ", datum.name.lower()).split()
    return " ".join(word for word in words if word not in ("d", "ensemble"))


@lru_cache(maxsize=64)
def _plain_bound(wkt: str) -> CRS:
    crs = CRS.from_wkt(wkt)
    base = crs.source_crs
    if base is None or base.geodetic_crs is None:
        return crs
    base = horizontal(base)
    datum = _datum_name(base)
    if datum is None or _UNNAMED.match(datum):
        return crs
    if _same_without_shift(crs, base):
        return base
    plain = crs.to_json_dict()
    said = base.to_json_dict()
    _forget_name(said, f"{base.name} with a transformation of its own")
    plain["source_crs"] = said
    return CRS.from_json_dict(plain)


def _same_without_shift(crs: CRS, base: CRS) -> bool:
    """Whether a CRS with a transformation and the one under it are one place where it is used."""
    code = _exact_code(base.to_wkt())
    area = None if code is None else CRS.from_user_input(code).area_of_use
    if area is None:
        return False
    width = (area.east - area.west) % 360.0 or 360.0
    share = np.array([0.5, 0.25, 0.75, 0.25, 0.75])
    longitudes = area.west + share * width
    latitudes = area.south + share[[0, 1, 1, 2, 2]] * (area.north - area.south)
    at = transform_coordinates(WorldCoordinates(longitudes, latitudes), WGS84, base)
    return same_place(crs, base, at, _SAME_M)


def _forget_name(said: dict[str, Any], name: str) -> None:
    """Take the names by which a datum is known out of a projected or geographic CRS."""
    said["name"] = name
    geographic = said.get("base_crs", said)
    geographic["name"] = name
    for part in (said, geographic):
        for key in ("id", "ids"):
            part.pop(key, None)
    old = geographic.pop("datum_ensemble", None) or geographic.pop("datum")
    kept = {key: old[key] for key in ("ellipsoid", "prime_meridian") if key in old}
    ellipsoid = kept["ellipsoid"].get("name", "its own")
    title = f"Unknown based on {ellipsoid} ellipsoid"
    geographic["datum"] = {"type": "GeodeticReferenceFrame", "name": title, **kept}


def _other_way(crs: CRS) -> SaidCrs:
    note = (
        "{file} cannot hold this CRS, so its coordinates are in "
        f"{crs.name} instead: the same places."
    )
    return SaidCrs(crs, crs_text(crs), note)


def _same_formula(one: CRS, other: CRS) -> bool:
    """Whether two CRSs turn longitude and latitude on their ellipsoids into the same numbers."""
    a, b = one.ellipsoid, other.ellipsoid
    if (
        a is None
        or b is None
        or not math.isclose(a.semi_major_metre, b.semi_major_metre, rel_tol=1e-9)
    ):
        return False
    if not math.isclose(a.inverse_flattening, b.inverse_flattening, rel_tol=1e-7):
        return False
    return _formula(one) == _formula(other)


def _formula(crs: CRS) -> tuple[object, ...]:
    operation = crs.coordinate_operation if crs.is_projected else None
    meridian = crs.prime_meridian
    turned = (
        0.0
        if meridian is None
        else float(meridian.longitude) * float(meridian.unit_conversion_factor)
    )
    unit = float(crs.axis_info[0].unit_conversion_factor) if crs.is_projected else 0.0
    if operation is None:
        return (round(turned, 9), round(unit, 9))
    values = {
        (param.name, round(float(param.value) * float(param.unit_conversion_factor), 9))
        for param in operation.params
        # Zones and codes that only repeat the other parameters have no unit.
        if isinstance(param.value, float | int)
    }
    return (round(turned, 9), round(unit, 9), frozenset(values))


@lru_cache(maxsize=64)
def _leads_to_earth(wkt: str) -> bool:
    try:
        Transformer.from_crs(wkt, WGS84, always_xy=True)
    except ProjError:
        return False
    return True
