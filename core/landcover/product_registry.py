"""All land cover products that the application knows, by key; each is a file in ``products``.

Each ``source`` names the document that codes, names and colours come from.  What counts as cropland
is the product's own cropland classes; mosaics (half crops, half natural) do not count, because a
prompt placed there is wrong as often as right.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import LandCoverError
from core.landcover.product import LandCoverClass, Product

_KEYS = (
    # The more specific name comes first: both WorldCover versions have one legend.
    "worldcover_v100",
    "worldcover_v200",
    "esri_lulc",
    "dynamic_world",
    "cgls_lc100",
    "glad_cropland",
    "mcd12q1_igbp",
    "from_glc10",
    "globeland30",
    "usda_cdl",
    "usda_cultivated",
    "clcd",
    "corine",
    "corine_grid",
)
"""Products in the order in which they are tried and shown."""

_Text = Annotated[str, Field(min_length=1)]
_Code = Annotated[int, Field(ge=0, lt=65535)]
"""65535 stands for nodata while a product is aligned."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ClassRow(_Strict):
    code: _Code
    name: _Text
    colour: str = Field(pattern=r"^#[0-9a-f]{6}$")


class _ProductFile(_Strict):
    """What a file in ``products`` holds; ``note`` is for people who read it."""

    key: _Text
    title: _Text
    publisher: _Text
    years: _Text
    resolution_m: float = Field(gt=0)
    crs: _Text
    licence: _Text
    citation: _Text
    source: _Text
    url: _Text
    note: str
    name_patterns: tuple[_Text, ...] = Field(min_length=1)
    nodata: tuple[_Code, ...]
    cropland: tuple[_Code, ...] = Field(min_length=1)
    classes: tuple[_ClassRow, ...] = Field(min_length=2)


def parse_product(text: str, key: str) -> Product:
    """The product in the text of a file.

    Raises
    ------
    ValueError
        The text is no product of this key: a mistake of whoever wrote the file.
    """
    try:
        found = _ProductFile.model_validate_json(text)
    except ValidationError as error:
        raise ValueError(f"{key}.json describes no product: {error}") from error
    codes = [row.code for row in found.classes]
    wrong = {
        f"it has the key {found.key}": found.key != key,
        "a code has two classes": len(set(codes)) < len(codes),
        "a code is a class and nodata": not set(codes).isdisjoint(found.nodata),
        "a cropland code has no class": not set(found.cropland) <= set(codes),
    }
    if any(wrong.values()):
        raise ValueError(f"{key}.json: {', '.join(why for why, is_so in wrong.items() if is_so)}")
    classes = tuple(
        LandCoverClass(row.code, row.name, row.colour, row.code in found.cropland)
        for row in found.classes
    )
    facts = found.model_dump(exclude={"note", "cropland", "classes"})
    return Product(**facts, classes=classes)


def _load(key: str) -> Product:
    path = files("core.landcover").joinpath("products", f"{key}.json")
    return parse_product(path.read_text(encoding="utf-8"), key)


PRODUCTS: dict[str, Product] = {key: _load(key) for key in _KEYS}


def get_product(key: str) -> Product:
    """The product with this key.

    Raises
    ------
    LandCoverError
        There is none; the hint lists the keys.
    """
    try:
        return PRODUCTS[key]
    except KeyError:
        raise LandCoverError(
            f"There is no land cover product '{key}'.", f"Known are: {', '.join(PRODUCTS)}."
        ) from None
