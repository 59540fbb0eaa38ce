"""The description of a scene as a project keeps it, which a stranger may have written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pyproj import CRS
from pyproj.exceptions import CRSError

from core.errors import InputError

_Three = Field(min_length=3, max_length=3)
_Name = Annotated[str, Field(max_length=200)]
_Side = Field(gt=0, lt=2**31)


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class _Stretch(_Part):
    low: Annotated[list[float], _Three]
    high: Annotated[list[float], _Three]


class _Collar(_Part):
    value: float
    share: float = Field(ge=0, le=1)
    rows: int = Field(gt=0, le=512)
    columns: int = Field(gt=0, le=512)
    packed: str = Field(max_length=100_000)
    tolerance: float = Field(default=0.0, ge=0, le=255)


_Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class UnknownFacts(_Part):
    """What of a raster counts as unknown, as it is stored."""

    nodata: list[float] = Field(default=[], max_length=64)
    said_by: str = Field(default="", max_length=100)
    suspected: list[_Pair] = Field(default=[], max_length=64)
    collars: list[_Collar] = Field(default=[], max_length=8)
    alpha: bool = True
    tag: bool = True
    counts: bool = True


class _Description(_Part):
    path: str
    crs: str = Field(max_length=100_000)
    transform: Annotated[list[float], Field(min_length=6, max_length=6)]
    width: int = _Side
    height: int = _Side
    working_factor: int = Field(ge=1, le=10_000)
    bands: Annotated[list[Annotated[int, Field(ge=1)]], _Three]
    stretch: _Stretch
    dtype: str
    band_count: int = Field(ge=1)
    nodata: float | None
    nodata_is_nan: bool
    crs_source: str
    fingerprint: str
    file_fingerprint: str = ""
    overview_fingerprint: str = ""
    bands_source: str = Field(default="", max_length=100)
    stretch_source: str = Field(default="", max_length=100)
    band_names: Annotated[list[_Name], Field(max_length=10_000)] = []
    unknown: UnknownFacts = UnknownFacts()


def checked_scene_json(data: dict[str, Any]) -> dict[str, Any]:
    """The description, looked at.

    Raises
    ------
    InputError
        It lacks something, or means no scene.
    """
    try:
        found = _Description.model_validate(data)
        CRS.from_wkt(found.crs)
        a, b, _, d, e, _ = found.transform
        if a * e - b * d == 0:
            raise ValueError("pixels without an area")
    except (ValidationError, CRSError, ValueError) as error:
        raise InputError(
            "The description of a scene in this project is damaged.", "Add its image once more."
        ) from error
    return found.model_dump()
