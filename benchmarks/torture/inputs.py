"""The sound files that are mutated: made farmland, its labels, a project and a bundle."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import shapely

from core.farmland import write_scene
from core.imagery.scene import open_scene
from core.project import NewEdit, Project
from core.session.adding_scenes import add_scene

_SIDE = 300
BUNDLE = Path("tests/export/replay/made_before_the_spine.zip")
EDITS = 12


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where everything lies."""

    scene: Path
    landcover: Path
    project: Path
    vectors: tuple[Path, ...]
    bundle: Path


def make_inputs(folder: Path) -> Inputs:
    """Write all of them into a folder."""
    files = write_scene(folder, seed=3, size=_SIDE)
    project = Project.create(folder / "farm.cropmap", "Farm")
    record = add_scene(project, files.scene, landcover_path=files.landcover)
    tile = project.tiles(record.id)[0].name
    for number in range(EDITS):
        edit = NewEdit("prompt_delete", {"id": f"auto-{number}"})
        project.append(record.id, tile, [edit], author="Ada", expected_version=number)
    project.set_verdict(record.id, tile, "fix", comment="?", reviewer="Bo", expected_version=0)
    project.close()
    return Inputs(files.scene, files.landcover, project.path, _vectors(folder, files.scene), BUNDLE)


def found_inputs(folder: Path) -> Inputs:
    """Those that :func:`make_inputs` has written."""
    vectors = tuple(folder / name for name in ("fields.geojson", "fields.gpkg", "fields.zip"))
    names = ("scene.tif", "landcover_simulated.tif", "farm.cropmap")
    scene, landcover, project = (folder / name for name in names)
    return Inputs(scene, landcover, project, vectors, BUNDLE)


def _vectors(folder: Path, scene: Path) -> tuple[Path, ...]:
    grid = open_scene(scene).grid
    left, top = grid.transform.c, grid.transform.f
    squares = [
        shapely.box(left + 60 * x, top - 60 * y - 50, left + 60 * x + 50, top - 60 * y)
        for x in range(4)
        for y in range(4)
    ]
    table = geopandas.GeoDataFrame(
        {"class": np.array(["crop", "wood"] * 8)}, geometry=squares, crs=grid.crs.to_wkt()
    )
    geojson, package, archive = (folder / f"fields.{end}" for end in ("geojson", "gpkg", "zip"))
    document = json.loads(table.to_json())
    name = f"EPSG:{grid.crs.to_epsg()}"
    document["crs"] = {"type": "name", "properties": {"name": name}}
    geojson.write_text(json.dumps(document))
    table.to_file(package, engine="pyogrio")
    table.to_file(folder / "fields.shp", engine="pyogrio")
    with zipfile.ZipFile(archive, "w") as packed:
        for end in ("shp", "shx", "dbf", "prj"):
            packed.write(folder / f"fields.{end}", f"fields.{end}")
    return geojson, package, archive
