"""How parcels look in QGIS: by what people said of them, in the colours of the app's own map.

``ui/map/src/parcel-kind.ts`` has the same looks; a test holds the two equal.  The QML is what QGIS
3.28 and later read: a renderer of categories, of which each has a symbol of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

MM_PER_PIXEL = 25.4 / 96
_CASING = "16,32,26,128"
"""Under each outline, so that it stands out from any ground."""

_CASING_WIDTH = 3.2
_FILL_OPACITY = 45
_PATTERN_OPACITY = 200


@dataclass(frozen=True, slots=True)
class ParcelLook:
    """The look of one kind of parcels.

    Parameters
    ----------
    kind : str
        What the expression of the renderer gives.
    title : str
        For the legend.
    colour : str
        ``#rrggbb``.
    width : float
        Of the outline, screen pixels.
    dash : tuple of float
        Screen pixels drawn and left out; empty for a whole line.
    brush : str
        QGIS's word for what is inside.
    sld : str
        An OGC filter: the same parcels as ``kind``.
    """

    kind: str
    title: str
    colour: str
    width: float
    dash: tuple[float, ...] = ()
    brush: str = "solid"
    sld: str = ""


KIND = (
    "CASE WHEN \"status\" = 'rejected' THEN 'rejected' WHEN \"class\" = 'other' THEN 'other' "
    "WHEN \"class\" = 'unsure' THEN 'unsure' ELSE \"status\" END"
)
"""What a parcel is at a glance: what was said against it comes before what was said for it."""


def _is(column: str, value: str) -> str:
    return (
        f"<ogc:PropertyIsEqualTo><ogc:PropertyName>{column}</ogc:PropertyName>"
        f"<ogc:Literal>{value}</ogc:Literal></ogc:PropertyIsEqualTo>"
    )


def _cropland(status: str) -> str:
    return f"<ogc:And>{_is('status', status)}{_is('class', 'cropland')}</ogc:And>"


_NOT_REJECTED = f"<ogc:Not>{_is('status', 'rejected')}</ogc:Not>"
_OTHER = f"<ogc:And>{_NOT_REJECTED}{_is('class', 'other')}</ogc:And>"
_UNSURE = (
    f"<ogc:Or><ogc:And>{_NOT_REJECTED}{_is('class', 'unsure')}</ogc:And>"
    f"{_cropland('unsure')}</ogc:Or>"
)

LOOKS = (
    ParcelLook("auto", "Automatic", "#ffffff", 1.4, sld=_cropland("auto")),
    ParcelLook("corrected", "Corrected", "#f0e442", 1.6, sld=_cropland("corrected")),
    ParcelLook("accepted", "Accepted", "#00d69a", 2.4, sld=_cropland("accepted")),
    ParcelLook(
        "changed", "Changed since accepted", "#56b4e9", 2.4, (10, 5), sld=_cropland("changed")
    ),
    ParcelLook(
        "rejected", "Rejected", "#ff7a33", 2, (7, 5), "b_diagonal", _is("status", "rejected")
    ),
    ParcelLook("other", "Other land", "#e7a3cb", 2, (2, 4), "f_diagonal", _OTHER),
    ParcelLook("unsure", "Not sure", "#ffb733", 2, (9, 4, 2, 4), "dense6", _UNSURE),
)
"""In the order of the legend."""


def qml() -> str:
    """The style as QGIS keeps it, in a ``.qml`` file or in a GeoPackage's ``layer_styles``."""
    root = Element("qgis", version="3.28.0", styleCategories="Symbology")
    renderer = SubElement(
        root,
        "renderer-v2",
        type="categorizedSymbol",
        attr=KIND,
        symbollevels="0",
        forceraster="0",
        enableorderby="0",
        referencescale="-1",
    )
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for number, look in enumerate(LOOKS):
        SubElement(
            categories,
            "category",
            type="string",
            value=look.kind,
            label=look.title,
            render="true",
            symbol=str(number),
        )
        _add_symbol(symbols, str(number), look)
    SubElement(root, "blendMode").text = "0"
    SubElement(root, "featureBlendMode").text = "0"
    SubElement(root, "layerGeometryType").text = "2"
    indent(root, space=" ")
    text = tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{text}\n"


def sld() -> str:
    """The colours of the style for other software that reads a GeoPackage's ``layer_styles``."""
    rules = "".join(
        f"<Rule><Title>{look.title}</Title><ogc:Filter>{look.sld}</ogc:Filter><PolygonSymbolizer>"
        f'<Fill><CssParameter name="fill">{look.colour}</CssParameter>'
        f'<CssParameter name="fill-opacity">{_FILL_OPACITY / 255:.2f}</CssParameter></Fill>'
        f'<Stroke><CssParameter name="stroke">{look.colour}</CssParameter>'
        f'<CssParameter name="stroke-width">{look.width:g}</CssParameter></Stroke>'
        "</PolygonSymbolizer></Rule>"
        for look in LOOKS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" '
        'xmlns:ogc="http://www.opengis.net/ogc" version="1.0.0"><NamedLayer><Name>parcels</Name>'
        f"<UserStyle><FeatureTypeStyle>{rules}</FeatureTypeStyle></UserStyle></NamedLayer>"
        "</StyledLayerDescriptor>\n"
    )


def _add_symbol(symbols: Element, name: str, look: ParcelLook) -> None:
    symbol = SubElement(
        symbols, "symbol", type="fill", name=name, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    opacity = _FILL_OPACITY if look.brush == "solid" else _PATTERN_OPACITY
    fill = {"color": _rgba(look.colour, opacity), "style": look.brush, "outline_style": "no"}
    _add_layer(symbol, "SimpleFill", fill)
    _add_layer(symbol, "SimpleLine", _line(_CASING, _CASING_WIDTH, ()))
    _add_layer(symbol, "SimpleLine", _line(_rgba(look.colour, 255), look.width, look.dash))


def _line(colour: str, width: float, dash: tuple[float, ...]) -> dict[str, str]:
    line = {
        "line_color": colour,
        "line_style": "solid",
        "line_width": f"{width * MM_PER_PIXEL:.2f}",
        "line_width_unit": "MM",
        "joinstyle": "round",
        "capstyle": "flat",
        "use_custom_dash": "1" if dash else "0",
    }
    if dash:
        line["customdash"] = ";".join(f"{length * MM_PER_PIXEL:.2f}" for length in dash)
        line["customdash_unit"] = "MM"
    return line


def _add_layer(symbol: Element, kind: str, options: dict[str, str]) -> None:
    layer = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "pass": "0", "locked": "0"})
    mapped = SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        SubElement(mapped, "Option", type="QString", name=name, value=value)


def _rgba(colour: str, opacity: int) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"{red},{green},{blue},{opacity}"
