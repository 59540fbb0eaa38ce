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
from benchmarks.torture.polygons_here import read_here
from core.edit_record import EditRecord
from core.errors import CropMapError
from core.existing.label_files import read_labels
from core.existing.labels_file import LabelsFile
from core.existing.mask import read_mask
from core.export.replay.bundle_file import TileFacts, read_bundle
from core.grid import Window
from core.imagery.frame import Frame, frame_of, plan_scene
from core.imagery.scene import Scene, open_scene, read_preview, read_window
from core.label.choices import Choices
from core.label.kept_label import keep_label, load_label
from core.label.work import replay
from core.landcover.alignment import align
from core.landcover.source import open_landcover
from core.predict.kept_prediction import Prediction, load_prediction, save_prediction
from core.project import Project
from core.project.schema import metadata
from core.sam.cache import EmbeddingCache
from core.sam.protocol import Embedding

Outcome = str
READ, WRONG = "held", "silently wrong"

_REALLY_LIMITED = 0.02
"""Share of files of polygons that are read in a process of their own, which takes a second."""

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
    grid = open_scene(inputs.scene).grid
    if generator.random() < _REALLY_LIMITED:
        read_labels(path, grid)
        return READ
    found = read_here(path, grid)
    if source.suffix == ".zip" and path.read_bytes() != body:
        # A zip carries sums of what is in it: what is read is what was packed, but for a part
        # under another name, of which it is said that it is not there.
        told = any(".dbf" in note for note in found.notes)
        return READ if told or _same_shapes(found, read_here(source, grid)) else WRONG
    return READ


def _same_shapes(one: LabelsFile, other: LabelsFile) -> bool:
    return one.columns == other.columns and [s.wkb for s in one.shapes] == [
        s.wkb for s in other.shapes
    ]


def _bundle(inputs: Inputs, work: Path, generator: random.Random) -> Outcome:
    path, by_byte = work / "m.zip", generator.random() < 0.5
    if by_byte:
        path.write_bytes(mutated_bytes(inputs.bundle.read_bytes(), generator))
    else:
        _mutate_record(inputs.bundle, path, generator)
    bundle = read_bundle(path)
    if by_byte and bundle != read_bundle(inputs.bundle):
        return WRONG
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
    """Kept predictions, labels and embeddings: another file is made anew, never served."""
    values = np.random.default_rng(0).integers(0, 251, (64, 64)).astype(np.uint8)
    whole = Prediction(values, values, values > 9, None, (), 1.0, None)
    cache = EmbeddingCache(work, 2**30)
    path, label, embedding = work / "m.placed", work / "m.label", work / "m.embedding"
    save_prediction(path, whole, "k")
    keep_label(label, {"version": "1", "parcels": []})
    features = values[None, None].astype(np.float32)
    cache.put(Embedding(features, (64, 64), (64, 64), 64, "m"))
    served: dict[Path, Callable[[], object]] = {
        path: lambda: load_prediction(path, "k"),
        label: lambda: load_label(label),
        embedding: lambda: cache.get("m"),
    }
    for file, load in served.items():
        if load() is None:
            return WRONG  # the sound file must be served, or this would try nothing
        before = file.read_bytes()
        file.write_bytes(mutated_bytes(before, generator))
        if file.read_bytes() != before and load() is not None:
            return WRONG
    return READ


_KINDS = {
    "raster": _raster,
    "vector": _vector,
    "bundle": _bundle,
    "project": _project,
    "kept": _kept,
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
