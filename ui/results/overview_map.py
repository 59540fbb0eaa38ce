"""The overview map of the results: the app's own warped tiles, and parcels with their facts.

Everything comes from this server: Leaflet from its static folder, pixels from its tile routes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import folium
import streamlit as st
from pyproj import CRS
from streamlit_folium import st_folium

from core.grid import Bounds
from core.session import open_project_scene
from ui.shared import area_words
from ui.shared.browser_session import Place, token
from ui.shared.text import escape

MOST_PARCELS = 3000
"""More are shown as pixels of the label layer only."""

_CHANGING = ("label", "accepted")
"""Layers that an edit or a verdict changes."""

_HEIGHT = 470
_ORANGE = "#e69f00"
_WHOLE_LIST = (
    "<style>.leaflet-control-layers-scrollbar "
    "{height: auto !important; overflow: visible; padding-right: 0}</style>"
)
"""Leaflet measures the map before it has its height, and cuts the list of layers to that."""


def show(place: Place, parcels: Path | None, *, accepted_only: bool = False) -> None:
    """Draw the map; ``parcels`` is an exported GeoJSON file where there is one."""
    if place.scene is None:
        return
    st_folium(
        build(place, parcels, accepted_only=accepted_only),
        key=f"overview {place.scene.id} {accepted_only}",
        height=_HEIGHT,
        use_container_width=True,
        returned_objects=[],
    )


def build(place: Place, parcels: Path | None, *, accepted_only: bool = False) -> folium.Map:
    """The map of a place's scene; with ``accepted_only``, the label of accepted tiles alone."""
    if place.scene is None:
        raise ValueError("a place without a scene has no map")
    use_own_leaflet()
    opened = open_project_scene(place.project, place.scene.id)
    bounds = opened.scene.grid.bounds_in(CRS.from_epsg(4326))
    # Without the wheel: it scrolls the page.
    chart = folium.Map(
        tiles=None, control_scale=True, max_zoom=22, zoom_snap=0.25, scroll_wheel_zoom=False
    )
    chart.fit_bounds(_corners(bounds))
    _layer(chart, place, "imagery", "Imagery", bounds, base=True)
    if opened.landcover is not None:
        credit = opened.landcover.product.title
        _layer(
            chart, place, "landcover", "Land cover", bounds, shown=False, opacity=0.6, credit=credit
        )
    features = load_parcels(parcels)
    label = "accepted" if accepted_only else "label"
    _layer(chart, place, label, "Cropland", bounds, shown=features is None, opacity=0.55)
    if features is not None:
        _parcels(chart, features)
    folium.LayerControl(collapsed=False).add_to(chart)
    figure = chart.get_root()
    assert isinstance(figure, folium.Figure)  # noqa: S101  (folium puts a map into one)
    figure.header.add_child(folium.Element(_WHOLE_LIST))
    return chart


def use_own_leaflet() -> None:
    """Point folium at the Leaflet of the app itself, and at nothing else."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    folder = f"{'/' + base if base else ''}/app/static/leaflet"
    folium.Map.default_js = [("leaflet", f"{folder}/leaflet.js")]
    folium.Map.default_css = [("leaflet_css", f"{folder}/leaflet.css")]


def load_parcels(path: Path | None) -> list[dict[str, Any]] | None:
    """Features whose texts are escaped; None where there are none, or too many to draw."""
    if path is None:
        return None
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
    except (OSError, ValueError, KeyError):
        return None
    if not 0 < len(features) <= MOST_PARCELS:
        return None
    return [
        {
            "type": "Feature",
            "geometry": feature["geometry"],
            "properties": _shown(feature.get("properties") or {}),
        }
        for feature in features
    ]


def _shown(properties: dict[str, Any]) -> dict[str, str]:
    """The facts of a parcel as its tooltip shows them; folium puts them into HTML as they are."""
    area = properties.get("area_ha")
    return {
        "parcel": escape(properties.get("field_id", "")),
        "area": escape(area_words.area(float(area)) if isinstance(area, int | float) else ""),
        "state": escape(properties.get("status", "")),
        "reviewer": escape(properties.get("reviewer") or "–"),
    }


def _parcels(chart: folium.Map, features: list[dict[str, Any]]) -> None:
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name="Parcels",
        style_function=lambda _: {"color": _ORANGE, "weight": 2, "fillOpacity": 0.15},
        highlight_function=lambda _: {"weight": 4, "fillOpacity": 0.35},
        tooltip=folium.GeoJsonTooltip(
            ["parcel", "area", "state", "reviewer"],
            aliases=["Parcel", "Area", "State", "Reviewer"],
        ),
    ).add_to(chart)


def _layer(
    chart: folium.Map,
    place: Place,
    layer: str,
    title: str,
    bounds: Bounds,
    *,
    base: bool = False,
    shown: bool = True,
    opacity: float = 1.0,
    credit: str = "cropmap",
) -> None:
    scene = place.scene
    if scene is None:
        return
    version = f"{scene.version}-{place.project.revision()}" if layer in _CHANGING else scene.version
    folium.TileLayer(
        tiles=f"/cropmap/{token(place.project)}/warped/{scene.id}/{layer}/{{z}}/{{x}}/{{y}}.png"
        f"?v={version}",
        attr=escape(credit),
        name=title,
        overlay=not base,
        control=not base,
        show=shown,
        opacity=opacity,
        max_zoom=22,
        bounds=_corners(bounds),
    ).add_to(chart)


def _corners(bounds: Bounds) -> list[list[float]]:
    return [[bounds.bottom, bounds.left], [bounds.top, bounds.right]]
