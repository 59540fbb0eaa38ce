"""Shapes found by place: right answers, from many threads, and by no other way."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from core.parcels.geometry_index import GeometryIndex, covers_each, meets_each

ROOT = Path(__file__).resolve().parents[2]
OWNER = ROOT / "core" / "parcels" / "geometry_index.py"
PREPARING = re.compile(
    r"^shapely\b.*\b(STRtree|prepare|prepared|prep|contains_xy|intersects_xy)\b"
    r"|\.(sindex|sjoin|sjoin_nearest)$"
)

# Every round shares new shapes: what has been prepared once is not prepared again.
_TWO_THREADS = """
import sys, threading, time
import numpy as np, shapely
from core.label.correction_index import ShapeIndex
from core.parcels.geometry_index import meets_each

places = np.random.default_rng(1).uniform(0, 100, (60, 2))
until = time.monotonic() + float(sys.argv[1])
shared = {}

def new_round():
    shapes = shapely.buffer(shapely.points(places), 8.0, quad_segs=64)
    shared.update(shapes=shapes, index=ShapeIndex(shapes), go_on=time.monotonic() < until)

barrier = threading.Barrier(4, new_round)

def ask():
    while True:
        barrier.wait()
        if not shared["go_on"]:
            return
        for shape in shared["shapes"]:
            shared["index"].query(shape, "intersects")
            shared["index"].query(shape, "dwithin", 3.0)
            meets_each(shape, shared["shapes"])

threads = [threading.Thread(target=ask) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all came back")
"""


@pytest.fixture(scope="module")
def shapes() -> np.ndarray:
    places = np.random.default_rng(7).uniform(0, 50, (80, 2))
    return shapely.buffer(shapely.points(places), 3.0)


def test_the_answers_are_those_of_looking_through_all(shapes) -> None:
    index = GeometryIndex(shapes)
    one = shapes[3]
    assert (
        sorted(index.query(one, "intersects"))
        == np.flatnonzero(shapely.intersects(one, shapes)).tolist()
    )
    assert (
        sorted(index.query(one, "dwithin", 2.0))
        == np.flatnonzero(shapely.dwithin(one, shapes, 2.0)).tolist()
    )
    several, found = index.query(shapes[:5], "intersects")
    pairs = np.argwhere(shapely.intersects(shapes[:5, None], shapes[None]))
    assert sorted(zip(several.tolist(), found.tolist(), strict=True)) == list(
        map(tuple, pairs.tolist())
    )
    assert meets_each(one, shapes).tolist() == shapely.intersects(one, shapes).tolist()
    large = shapely.box(0, 0, 30, 30)
    assert covers_each(large, shapes).tolist() == shapely.covers(large, shapes).tolist()


def test_nothing_that_was_given_is_prepared(shapes) -> None:
    index = GeometryIndex(shapes)
    index.query(shapes, "intersects")
    index.query(shapes[0], "dwithin", 1.0)
    meets_each(shapes[0], shapes)
    covers_each(shapes[1], shapes)
    assert not shapely.is_prepared(shapes).any()


def test_threads_share_shapes() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _TWO_THREADS, "4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "all came back" in ended.stdout


def test_no_other_module_prepares_geometries() -> None:
    found = []
    for folder in ("core", "ui", "benchmarks", "training", "scripts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path == OWNER or "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute):
                    name = ast.unparse(node)
                elif isinstance(node, ast.ImportFrom):
                    name = f"{node.module}.{[alias.name for alias in node.names]}"
                else:
                    continue
                if PREPARING.search(name):
                    found.append(f"{path.relative_to(ROOT)}: {name}")
    assert not found
