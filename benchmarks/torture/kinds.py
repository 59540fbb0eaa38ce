"""What is done with one mutant of each kind; a CropMapError is the right answer to most."""

from __future__ import annotations

import json
import random
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.torture.inputs import Inputs
from benchmarks.torture.mutants import mutate_json, mutated_bytes
from core.edit_record import EditRecord
from core.errors import CropMapError
from core.existing.label_files import read_labels
from core.existing.mask import read_mask
from core.export.replay.bundle_file import TileFacts, read_bundle
from core.grid import Window
from core.imagery.frame import Frame, frame_of, plan_scene
from core.imagery.scene import Scene, open_scene, read_preview, read_window
from core.label.browser_edits import to_new_edits
from core.label.choices import Choices
from core.label.kept_label import keep_label, load_label
from core.label.work import replay
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from core.predict.kept_prediction import Prediction, load_prediction, save_prediction
from core.project import Project
from core.project.schema import metadata

Outcome = str
READ, WRONG = "read", "silently wrong"

Try = Callable[[random.Random], Outcome]


def _raster(inputs: Inputs, work: Path, generator: random.Random) -> Outcome:
    source = generator.choice((inputs.scene, inputs.landcover))
    path = work / "m.tif"
    body = source.read_bytes()
    # Half of them in the header, where a byte says most.
    if generator.random() < 0.5:
        head = min(len(body), 1200)
        path.write_bytes(mutated_bytes(body[:head], generator) + body[head:])
    else:
        path.write_bytes(mutated_bytes(body, generator))
    if source == inputs.landcover:
        if generator.random() < 0.5:
            read_mask(path)
        align(open_landcover(path, product="worldcover_v200"), open_scene(inputs.scene).grid)
        return READ
    scene = open_scene(path)
    read_preview(scene)
    read_window(scene, Window(0, 0, 256, 256))
    Scene.from_json(scene.to_json())
    return READ


def _vector(inputs: Inputs, work: Path, generator: random.Random) -> Outcome:
    source = generator.choice(inputs.vectors)
    path = work / f"m{source.suffix}"
    body = source.read_bytes()
    if source.suffix == ".geojson" and generator.random() < 0.5:
        document = json.loads(body)
        mutate_json(document, generator)
        path.write_text(json.dumps(document))
    else:
        path.write_bytes(mutated_bytes(body, generator))
    read_labels(path, open_scene(inputs.scene).grid)
    return READ


def _bundle(inputs: Inputs, work: Path, generator: random.Random) -> Outcome:
    path = work / "m.zip"
    if generator.random() < 0.5:
        path.write_bytes(mutated_bytes(inputs.bundle.read_bytes(), generator))
    else:
        _mutate_record(inputs.bundle, path, generator)
    bundle = read_bundle(path)
    scene = open_scene(inputs.scene)
    frame = frame_of(scene, plan_scene(scene)[0])
    _replay_records(bundle.record.tiles, frame)
    return READ


def _mutate_record(source: Path, path: Path, generator: random.Random) -> None:
    with zipfile.ZipFile(source) as archive:
        bodies = {name: archive.read(name) for name in archive.namelist()}
    record = json.loads(bodies["replay.json"])
    place = record["tiles"][0]["edits"] if generator.random() < 0.7 else record
    mutate_json(place, generator)
    bodies["replay.json"] = json.dumps(record).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in bodies.items():
            archive.writestr(name, body)


def _replay_records(tiles: Sequence[TileFacts], frame: Frame) -> None:
    for tile in tiles:
        records = [
            EditRecord(number, edit.kind, edit.data, edit.author, edit.at)
            for number, edit in enumerate(tile.edits, start=1)
        ]
        replay(records, frame, Choices())


def _project(inputs: Inputs, work: Path, generator: random.Random) -> Outcome:
    path = work / "m.cropmap"
    for left in work.glob("m.cropmap*"):
        left.unlink()
    if generator.random() < 0.5:
        path.write_bytes(mutated_bytes(inputs.project.read_bytes(), generator))
    else:
        path.write_bytes(inputs.project.read_bytes())
        _mutate_row(path, generator)
    return _same_work(path, inputs.project)


def _mutate_row(path: Path, generator: random.Random) -> None:
    table = generator.choice(list(metadata.tables.values()))
    column = generator.choice(list(table.columns)).name
    values = ("x", "[]", "{}", "[1", 7, -1, 2**62, 1.5, b"\x00\xff", "../../..", "[" * 900, None)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        try:
            connection.execute(f"UPDATE {table} SET {column} = ?", (generator.choice(values),))  # noqa: S608
        except sqlite3.Error:
            return
        connection.commit()


def _same_work(path: Path, sound: Path) -> Outcome:
    """Whether edits and verdicts are those of the sound project, unless damage is named."""
    found = _work_of(path)
    return READ if found is None or found == _work_of(sound) else WRONG


def _work_of(path: Path) -> list[tuple[object, ...]] | None:
    project = Project.open(path)
    try:
        rows: list[tuple[object, ...]] = []
        for scene in project.scenes():
            Scene.from_json(scene.scene)
            for tile in project.tiles(scene.id):
                log = project.log(scene.id, tile.name)
                edits = [(e.kind, json.dumps(e.data), e.author, e.at) for e in log.edits]
                rows.append((tile.name, tile.verdict, edits))
        project.history(limit=50)
        return None if project.damages() or not rows else rows
    finally:
        project.close()


def _kept(_: Inputs, work: Path, generator: random.Random) -> Outcome:
    values = np.random.default_rng(0).integers(0, 251, (64, 64)).astype(np.uint8)
    whole = Prediction(values, values, values > 9, None, (), 1.0, None)
    path, label = work / "m.placed", work / "m.label"
    save_prediction(path, whole, "k")
    keep_label(label, {"version": "1", "parcels": []})
    for file in (path, label):
        before = file.read_bytes()
        file.write_bytes(mutated_bytes(before, generator))
        if file.read_bytes() == before:
            continue
        served = load_prediction(file) if file == path else load_label(file)
        if served is not None:
            return WRONG
    return READ


def _edit(inputs: Inputs, work: Path, generator: random.Random) -> Outcome:
    scene = open_scene(inputs.scene)
    frame = frame_of(scene, plan_scene(scene)[0])
    raw = [dict(one) for one in json.loads(json.dumps(generator.sample(_DRAWINGS, 2)))]
    mutate_json(raw, generator)
    new = to_new_edits(raw, frame)
    path = work / "e.cropmap"
    for left in work.glob("e.cropmap*"):
        left.unlink()
    path.write_bytes(inputs.project.read_bytes())
    project = Project.open(path)
    try:
        scene_id = project.scenes()[0].id
        tile = project.tiles(scene_id)[0]
        log = project.append(
            scene_id, tile.name, new, author="Eve", expected_version=tile.log_version
        )
        replay(log.edits, frame, Choices())
        stored = project.log(scene_id, tile.name).edits
    finally:
        project.close()
    return READ if [e.data for e in stored[-len(new) :]] == [e.data for e in new] else WRONG


_RING = [[20, 20], [90, 20], [90, 90], [20, 90]]
_DRAWINGS = (
    {"kind": "prompt_set", "id": "p", "column": 40.0, "row": 50.0, "label": 1},
    {"kind": "box_set", "id": "b", "left": 10, "top": 10, "right": 60, "bottom": 70},
    {"kind": "prompt_delete", "id": "p"},
    {"kind": "settings", "threshold": 0.45, "min_area_m2": 300},
    {"kind": "area_add", "ring": _RING, "holes": [[[30, 30], [40, 30], [40, 40]]]},
    {"kind": "area_remove", "ring": _RING},
    {"kind": "brush", "line": [[10, 10], [60, 70]], "radius": 6, "add": True},
    {"kind": "split", "line": [[0, 50], [100, 50]]},
    {"kind": "merge", "points": [[30, 30], [60, 60]]},
    {"kind": "reshape", "point": [50, 50], "rings": [_RING]},
    {"kind": "reclassify", "point": [50, 50], "land_class": "other", "reason": "wood"},
    {"kind": "parcel_verdict", "point": [50, 50], "verdict": "unsure", "reason": "?"},
    {"kind": "smooth", "point": [50, 50], "tolerance_m": 2.0},
    {"kind": "fill_holes", "max_area_m2": 50.0},
    {"kind": "repair", "width_m": 1.0},
)

_KINDS = {
    "raster": _raster,
    "vector": _vector,
    "bundle": _bundle,
    "project": _project,
    "kept": _kept,
    "edit": _edit,
}
KINDS = tuple(_KINDS)


def trial(kind: str, inputs: Inputs, work: Path) -> Try:
    """What to do with each mutant of a kind; ``work`` is a folder of its own."""
    return partial(_KINDS[kind], inputs, work)


def outcome(attempt: Try, generator: random.Random) -> Outcome:
    """What came of one mutant: refused in a sentence, read, or wrong."""
    try:
        return attempt(generator)
    except CropMapError:
        return "refused"
