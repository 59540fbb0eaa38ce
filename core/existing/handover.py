"""What the process that reads labels does, and the plain files in which it hands them over."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS

from core.errors import UnreadableLabelsError
from core.existing.attribute_texts import StatedTexts
from core.existing.geojson import read_geojson
from core.existing.geometry import cleaned
from core.existing.geoparquet_labels import read_geoparquet
from core.existing.kml import KmlFile
from core.existing.labels_file import Kind, LabelsFile, Skipped
from core.existing.questions import LayerQuestionError, listed
from core.existing.safe_xml import read_xml, write_without_references
from core.existing.shapefile_parts import damaged_records, prepare_index, prepare_table
from core.existing.unpack import beside, is_zip, kind_of, members_of, unpacked
from core.existing.vector_formats import Features, area_layers, read_layer, unreadable_file
from core.grid import Bounds, Grid, full_turn
from core.parcels.outlines import Geometries
from core.parcels.wkb import read_wkbs
from core.task import ShareProgress

MOST_FEATURES = 200_000
"""Taken at once; of a larger file, those that the scene shows."""

_MOST_NAMED = 5
"""Broken features that are told by their number."""

_BY_GDAL = {"geopackage": ".gpkg", "flatgeobuf": ".fgb", "gml": ".gml"}

_SHAPES, _FACTS = "shapes.npz", "facts.json"


def hand_over(order: dict[str, Any], tell: ShareProgress) -> dict[str, Any]:
    """Read the file ``source`` and write plain polygons and attributes into ``work``.

    Where it has several layers and the order names none, only their names are written.
    """
    work, name = Path(order["work"]), str(order["name"])
    try:
        found = _found(Path(order["source"]), work, name, order["layer"])
    except LayerQuestionError as question:
        _write_facts(work, {"question": list(question.layers)})
        return {}
    tell(0.1)
    features = _features(found, name, _grid(order["grid"]))
    tell(0.5)
    clean = cleaned(features.geometries, features.unreadable)
    if len(clean.broken) and len(clean.broken) == len(features.geometries):
        raise unreadable_file(name)
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
        "broken_at": _where(features, clean.broken.tolist()),
        "notes": features.notes,
    }
    _write_facts(work, facts)
    return {}


def _write_facts(work: Path, facts: dict[str, Any]) -> None:
    # Surrogates, which a broken text may hold, go to the file as escapes.
    (work / _FACTS).write_text(json.dumps(facts), encoding="ascii")


def _where(features: Features, broken: list[int]) -> list[str]:
    """The first of the broken features, as a person finds them in the file."""
    if features.beyond and features.numbers is None:
        return []
    numbers = features.numbers
    return [
        f"{features.record} {place + 1 if numbers is None else numbers[place]}"
        for place in broken[:_MOST_NAMED]
    ]


def taken_over(work: Path, name: str) -> LabelsFile:
    """What :func:`hand_over` wrote.

    Raises
    ------
    LayerQuestionError
        The file has several layers.
    """
    facts = json.loads((work / _FACTS).read_text(encoding="ascii"))
    if "question" in facts:
        raise LayerQuestionError(name, tuple(_readable(layer) for layer in facts["question"]))
    return LabelsFile(
        name,
        facts["kind"],
        _readable(facts["layer"]),
        tuple(_readable(layer) for layer in facts["layers"]),
        CRS.from_wkt(facts["crs"]) if facts["crs"] else None,
        facts["features"],
        _read_shapes(work / _SHAPES),
        {_readable(title): values for title, values in facts["columns"].items()},
        Skipped(**facts["skipped"]),
        tuple(facts["broken_at"]),
        tuple(_readable(note) for note in facts["notes"]),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A layer on the disk, under a name that GDAL may see."""

    kind: Kind
    path: Path
    layers: list[str]
    layer: str
    kml: KmlFile | None = None
    inner: str | None = None

    @property
    def own_layer(self) -> str:
        """The layer's name in the file itself, where that lies in a zip of several."""
        return self.inner or self.layer


def _found(source: Path, work: Path, name: str, wanted: str | None) -> _Found:
    if is_zip(source):
        return _found_in_zip(source, work, name, wanted)
    kind = kind_of(source, name)
    stem = Path(name).stem
    if kind == "shapefile":
        path = source if source.parent == work else beside(source, work)
        prepare_index(path)
        return _Found(kind, path, [stem], _chosen([stem], wanted, name))
    if kind == "kml":
        kml = KmlFile(source, name)
        layers = kml.layers()
        return _Found(kind, source, layers, _chosen(layers, wanted, name), kml)
    if kind not in _BY_GDAL:
        return _Found(kind, source, [stem], _chosen([stem], wanted, name))
    link = work / f"read{_BY_GDAL[kind]}"
    if kind == "gml":
        write_without_references(read_xml(source, name), name, link)
    else:
        link.symlink_to(source.resolve())
    layers = area_layers(link, name)
    if kind == "flatgeobuf":  # its layer has the name under which it was first written
        return _Found(kind, link, [stem], _chosen([stem], wanted, name))
    return _Found(kind, link, layers, _chosen(layers, wanted, name))


def _found_in_zip(source: Path, work: Path, name: str, wanted: str | None) -> _Found:
    members = members_of(source, name)
    alone = len(members) == 1
    layer = next(iter(members)) if alone else _chosen(list(members), wanted, name)
    path = unpacked(source, members[layer], work, name)
    if ".shp" in members[layer] and kind_of(path, name) != "shapefile":
        raise UnreadableLabelsError(
            f"What {name} holds as .shp is no shapefile.", "Zip the shapefile again."
        )
    if is_zip(path):
        raise UnreadableLabelsError(f"{name} is a zip in a zip.", "Unpack the outer one first.")
    inside = Path(layer).name
    try:
        found = _found(
            path, work, inside, wanted if alone and ".shp" not in members[layer] else None
        )
    except LayerQuestionError as question:
        if alone:
            raise
        raise UnreadableLabelsError(
            f"{inside} in {name} itself holds several layers.", "Take it out of the zip."
        ) from question
    if alone and ".shp" not in members[layer]:
        return found
    told = _chosen(list(members), wanted, name)
    return replace(found, layers=list(members), layer=told, inner=found.layer)


def _chosen(layers: list[str], wanted: str | None, name: str) -> str:
    if not layers:
        raise UnreadableLabelsError(f"{name} holds no layer of areas.", "Choose another file.")
    if wanted is None and len(layers) > 1:
        raise LayerQuestionError(name, tuple(layers))
    if wanted is not None and wanted not in layers:
        raise UnreadableLabelsError(
            f"{name} has no layer {wanted} of areas.", f"It has {listed(layers)}."
        )
    return wanted or layers[0]


def _features(found: _Found, name: str, grid: Grid) -> Features:
    def bounds_in(crs: CRS) -> Bounds:
        bounds, turn = grid.bounds_in(crs), full_turn(crs)
        if turn is None or (-turn / 2 <= bounds.left and bounds.right <= turn / 2):
            return bounds
        # The same places may be said by longitudes a turn away.
        return Bounds(-2 * turn, bounds.bottom, 2 * turn, bounds.top)

    if found.kml is not None:
        return found.kml.read(found.own_layer, MOST_FEATURES)
    if found.kind == "geojson":
        return read_geojson(found.path, name, MOST_FEATURES)
    if found.kind == "geoparquet":
        return read_geoparquet(found.path, name, bounds_in, MOST_FEATURES)
    if found.kind != "shapefile":
        layer = None if found.kind == "flatgeobuf" else found.own_layer
        texts = StatedTexts(mixed=True)
        return read_layer(found.path, layer, name, bounds_in, MOST_FEATURES, texts)
    table = prepare_table(found.path)
    features = read_layer(found.path, None, name, bounds_in, MOST_FEATURES, table.texts)
    unreadable = features.unreadable
    if not features.beyond:
        missing = shapely.is_missing(features.geometries) & ~unreadable
        unreadable = unreadable | damaged_records(found.path, missing)
    notes = (table.note, *features.notes) if table.note else features.notes
    return replace(features, unreadable=unreadable, notes=notes)


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
