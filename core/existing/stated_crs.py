"""The CRS that a file states in any of the ways of GeoJSON and its kin; nothing is fetched.

Sources: the GeoJSON of 2008 (``crs``) and its drafts (objects of the kind ``EPSG``), OGC Features
and Geometries JSON (``coordRefSys``), OGC names of CRSs (URN and URL), PROJ text, WKT, PROJJSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

_LONGEST = 20_000

_AUTHORITY = r"(?P<authority>EPSG|OGC|ESRI|IAU_\d{4})"
_CODE = r"(?P<code>[A-Za-z0-9]+)"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_AUTHORITY}:(?:[0-9.]*:)?{_CODE}",
        rf"urn:(?:x-)?ogc:def:crs:{_AUTHORITY}:[0-9.]*:{_CODE}",
        rf"urn:(?:x-)?ogc:def:crs:{_AUTHORITY}:{_CODE}",
        rf"https?://(?:www\.)?opengis\.net/def/crs/{_AUTHORITY}/[0-9.]+/{_CODE}/?",
        rf"https?://(?:www\.)?opengis\.net/gml/srs/(?P<authority>epsg)\.xml#{_CODE}",
        rf"https?://(?:www\.)?spatialreference\.org/ref/{_AUTHORITY}/{_CODE}(?:/.*)?",
        rf"https?://(?:www\.)?epsg\.io/(?:(?P<authority>EPSG):)?{_CODE}(?:\.\w+)?",
        rf"\[{_AUTHORITY}:{_CODE}\]",
        rf"\+init=(?P<authority>epsg|esri):{_CODE}\b.*",
        r"(?P<authority>)(?P<code>\d{4,6})",
        r"(?P<authority>OGC)?:?(?P<code>CRS84h?)",
    )
)
_NAMES = {"WGS84": "EPSG:4326", "WGS 84": "EPSG:4326", "WGS_1984": "EPSG:4326"}

_AUTHORITIES = frozenset({"EPSG", "OGC", "ESRI"})
_KEYS = ("name", "wkt", "proj4", "href", "url", "urn", "code")
"""Members that may state it, the first that does."""

_BY_GRID = re.compile(r"grids?\s*=(?!\s*@?null\b)|\+step|\+proj=pipeline", re.IGNORECASE)
"""PROJ would look for the named file."""


def crs_of_member(member: Any) -> CRS | None:
    """The CRS of a ``crs`` or ``coordRefSys`` member; None where it cannot be told.

    A name, a number, an object of the kinds ``name``, ``EPSG``, ``OGC`` and ``proj4``, PROJJSON,
    or a link whose address itself names the CRS: no address is ever asked.
    """
    if isinstance(member, str | int) and not isinstance(member, bool):
        return crs_of_text(str(member))
    if not isinstance(member, Mapping):
        return None
    if "$schema" in member or str(member.get("type", "")).endswith("CRS"):
        return _crs(json.dumps(member))
    properties = member.get("properties", member)
    if not isinstance(properties, Mapping):
        return crs_of_member(properties)
    texts = [str(properties[key]) for key in _KEYS if isinstance(properties.get(key), str | int)]
    kind = str(member.get("type", "")).upper()
    if kind in _AUTHORITIES and isinstance(properties.get("code"), str | int):
        code = str(properties["code"])
        texts.insert(0, code if ":" in code else f"{kind}:{code}")
    return next((crs for crs in map(crs_of_text, texts) if crs is not None), None)


def crs_of_text(text: str) -> CRS | None:
    """The CRS of a code, a name of OGC's, PROJ text or WKT; None where it cannot be told."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    for form in _FORMS:
        match = form.fullmatch(text)
        if match:
            authority = (match.group("authority") or "").upper()
            code = match.group("code").upper().replace("CRS84H", "CRS84h")
            return _by_code(authority or ("OGC" if code.startswith("CRS") else "EPSG"), code)
    if text.upper() in _NAMES:
        return _crs(_NAMES[text.upper()])
    plain_proj = text.startswith("+proj=") or text.startswith("proj=")
    wkt = re.match(r"[A-Z_]{5,}\s*[\[(]", text) is not None
    if (plain_proj or wkt) and not _BY_GRID.search(text):
        return _crs(text)
    return None


def _by_code(authority: str, code: str) -> CRS | None:
    try:
        return CRS.from_authority(authority, code)
    except CRSError:
        return None


def _crs(text: str) -> CRS | None:
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        return None
    return None if crs.is_engineering else crs
