"""What the process that reads labels does, and the plain files in which it hands them over."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS

from core.errors import UnreadableLabelsError
from core.existing.geojson import read_geojson
from core.existing.geometry import cleaned
from core.existing.labels_file import LabelsFile, Skipped
from core.existing.unpack import beside, is_zip, kind_of, layers_in_zip, unpacked
from core.existing.vector_formats import Features, area_layers, read_layer
from core.grid import Bounds, Grid, full_turn
from core.parcels.outlines import Geometries
from core.parcels.wkb import read_wkbs
from core.task import ShareProgress

MOST_FEATURES = 200_000
"""Taken at once; of a larger file, those that the scene shows."""

_SHAPES, _FACTS = "shapes.npz", "facts.json"


def hand_over(order: dict[str, Any], tell: ShareProgress) -> dict[str, Any]:
    """Read the file ``source`` and write plain polygons and attributes into ``work``."""
    work, name = Path(order["work"]), str(order["name"])
    found = _found(Path(order["source"]), work, name, order["layer"])
    tell(0.1)
    features = _features(found, name, _grid(order["grid"]))
    tell(0.5)
    clean = cleaned(features.geometries, features.unreadable)
    tell(0.8)
    counts = {**asdict(clean.skipped), "beyond": features.beyond}
    _write_shapes(work / _SHAPES, clean.shapes)
    facts = {
        "kind": found.kind,
        "layer": found.layer,
        "layers": found.layers,
        "crs": features.crs.to_wkt() if features.crs else None,
        "features": features.total,
        "skipped": counts,
        "columns": {
            name: [values[place] for place in clean.places.tolist()]
            for name, values in features.columns.items()
        },
    }
    # Surrogates, which a broken text may hold, go to the file as escapes.
    (work / _FACTS).write_text(json.dumps(facts), encoding="ascii")
    return {}


def taken_over(work: Path, name: str) -> LabelsFile:
    """What :func:`hand_over` wrote."""
    facts = json.loads((work / _FACTS).read_text(encoding="ascii"))
    return LabelsFile(
        name,
        facts["kind"],
        facts["layer"],
        tuple(facts["layers"]),
        CRS.from_wkt(facts["crs"]) if facts["crs"] else None,
        facts["features"],
        _read_shapes(work / _SHAPES),
        {_readable(title): values for title, values in facts["columns"].items()},
        Skipped(**facts["skipped"]),
    )


class _Found:
    """A layer on the disk, under a name that GDAL may see."""

    def __init__(self, kind: Any, path: Path, layers: list[str], layer: str) -> None:
        self.kind, self.path, self.layers, self.layer = kind, path, layers, layer


def _found(source: Path, work: Path, name: str, wanted: str | None) -> _Found:
    if is_zip(source):
        members = layers_in_zip(source, name)
        layer = _chosen(list(members), wanted, name)
        path = unpacked(source, members[layer], work, name)
        if kind_of(path, name) != "shapefile":
            raise UnreadableLabelsError(
                f"What {name} holds as .shp is no shapefile.", "Zip the shapefile again."
            )
        return _Found("shapefile", path, list(members), layer)
    kind = kind_of(source, name)
    if kind == "shapefile":
        return _Found(kind, beside(source, work), [source.stem], source.stem)
    if kind == "geopackage":
        link = work / "labels.gpkg"
        link.symlink_to(source.resolve())
        layers = area_layers(link, name)
        return _Found(kind, link, layers, _chosen(layers, wanted, name))
    return _Found(kind, source, [source.stem], source.stem)


def _chosen(layers: list[str], wanted: str | None, name: str) -> str:
    if not layers:
        raise UnreadableLabelsError(f"{name} holds no layer of areas.", "Choose another file.")
    return wanted if wanted in layers else layers[0]


def _features(found: _Found, name: str, grid: Grid) -> Features:
    if found.kind == "geojson":
        return read_geojson(found.path, name, MOST_FEATURES)
    if found.kind == "geopackage":
        return _layer(found, found.layer, name, grid, None)
    if found.path.with_suffix(".cpg").exists():
        return _layer(found, None, name, grid, None)
    try:
        return _layer(found, None, name, grid, "UTF-8")
    except UnicodeDecodeError:
        return _layer(found, None, name, grid, "ISO-8859-1")


def _layer(
    found: _Found, layer: str | None, name: str, grid: Grid, encoding: str | None
) -> Features:
    def bounds_in(crs: CRS) -> Bounds:
        bounds, turn = grid.bounds_in(crs), full_turn(crs)
        if turn is None or (-turn / 2 <= bounds.left and bounds.right <= turn / 2):
            return bounds
        # The same places may be said by longitudes a turn away.
        return Bounds(-2 * turn, bounds.bottom, 2 * turn, bounds.top)

    return read_layer(found.path, layer, name, bounds_in, MOST_FEATURES, encoding)


def _grid(stated: dict[str, Any]) -> Grid:
    crs = CRS.from_wkt(stated["crs"])
    return Grid(crs, Affine(*stated["transform"]), stated["width"], stated["height"])


def _write_shapes(path: Path, shapes: Geometries) -> None:
    wkb = [bytes(entry) for entry in shapely.to_wkb(shapes)]
    np.savez(
        path,
        allow_pickle=False,
        sizes=np.array([len(entry) for entry in wkb], dtype=np.int64),
        wkb=np.frombuffer(b"".join(wkb), dtype=np.uint8),
    )


def _read_shapes(path: Path) -> Geometries:
    with np.load(path, allow_pickle=False) as arrays:
        sizes = arrays["sizes"]
        blob = arrays["wkb"].tobytes()
    ends = np.cumsum(sizes)
    pieces = [blob[s:e] for s, e in zip((ends - sizes).tolist(), ends.tolist(), strict=True)]
    return read_wkbs(pieces)


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
