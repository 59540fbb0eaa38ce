"""Existing labels: how long a file of many parcels takes from the disk into the tiles' labels.

.venv/bin/python -m benchmarks.existing_labels [--parcels 10000]

Processor seconds, children included, so that a busy machine tells the same; and each step's share.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import shapely

from core.existing.class_choice import ClassChoice
from core.existing.label_files import read_labels
from core.existing.scene_labels import VectorLabels
from core.farmland import write_scene
from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.opened import open_project_scene
from core.session.taking_over import stake_of, take_over
from core.session.workspaces import Workspaces

_SIDE = 3000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--parcels", type=int, default=10_000)
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), arguments.parse_args().parcels)


def _measure(folder: Path, parcels: int) -> None:
    project = Project.create(folder / "p.cropmap", "P")
    scene_id = add_scene(project, write_scene(folder, seed=1, size=_SIDE).scene).id
    grid = open_project_scene(project, scene_id).scene.grid
    across = int(np.ceil(parcels**0.5))
    cell = _SIDE / across
    places = [divmod(number, across) for number in range(parcels)]
    shapes = [
        shapely.Point(grid.bounds.left + (c + 0.5) * cell, grid.bounds.top - (r + 0.5) * cell)
        .buffer(0.45 * cell, quad_segs=8)
        for r, c in places
    ]  # fmt: skip
    path = folder / "many.gpkg"
    table = geopandas.GeoDataFrame({"n": range(parcels)}, geometry=shapes, crs=grid.crs)
    pyogrio.write_dataframe(table.to_crs(4326), path)

    marks = [_processor_seconds()]
    file = read_labels(path, grid)
    marks.append(_processor_seconds())
    labels = VectorLabels(file, ClassChoice(), grid, file.crs or grid.crs)
    stake = stake_of(project, scene_id, labels)
    marks.append(_processor_seconds())
    done = take_over(
        project, scene_id, labels, stake, author="", replace_work=False, empty_beside=False
    )
    marks.append(_processor_seconds())
    workspaces = Workspaces()
    for name in done.tiles:
        workspaces.get(project, scene_id, name).finished()
    marks.append(_processor_seconds())
    steps = ("read the file", "lay it on the scene", "store the edits", "make the labels")
    print(f"{parcels:,} parcels of 33 vertices on {len(done.tiles)} tiles")
    for name, seconds in zip(steps, np.diff(marks), strict=True):
        print(f"{name:22}{seconds:6.2f} s {seconds / (marks[-1] - marks[0]):5.0%}")
    print(f"{'together':22}{marks[-1] - marks[0]:6.2f} s")


def _processor_seconds() -> float:
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
