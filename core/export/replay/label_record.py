"""What a label came from: image, land cover, model, what people did, and what came out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import CancelledError, ConflictError
from core.export.replay.bundle_file import (
    FORMAT,
    Bundle,
    EditFacts,
    LandCoverFacts,
    ModelFacts,
    Record,
    SceneFacts,
    TileFacts,
    VerdictFacts,
)
from core.export.replay.canonical import TileLines, label_bytes, tile_lines
from core.export.replay.input_hashes import (
    file_name,
    file_sha256,
    landcover_sha256,
    pixels_sha256,
    prompts_in_force,
)
from core.label.tile_label import Label
from core.label.work import Work, replay
from core.predict.kept import AutoPrompt
from core.project import Project, TileLog
from core.project.paths import with_paths
from core.sam.registry import get_model
from core.session.automatic import TileMemory
from core.session.opened import OpenedScene, open_scene
from core.session.preparation import Preparation, TilePlace
from core.session.workspace import default_choices, label_version, stands_on
from core.session.workspaces import Workspaces
from core.settings import get_settings
from core.task import Cancelled, Progress
from core.versions import machine, software

STAGE = "Recording tiles"

_MOST_TRIES = 5


def record_label(
    project: Project,
    scene_id: str,
    tiles: Sequence[str],
    workspaces: Workspaces,
    progress: Progress,
    cancelled: Cancelled,
) -> Bundle:
    """The label of these tiles, made where it is not there yet, and all that it came from.

    Raises
    ------
    CancelledError
        ``cancelled`` said so.
    ConflictError
        A tile was edited all the time.
    CropMapError
        A label cannot be made, or the image or the land cover cannot be read any more.
    """
    opened = open_scene(project, scene_id)
    recorded: list[tuple[TileFacts, TileLines]] = []
    for done, name in enumerate(tiles):
        if cancelled():
            raise CancelledError("Recording the label was cancelled.", "Start again to do it.")
        progress(STAGE, done, len(tiles))
        recorded.append(_tile(TilePlace(project, opened, name), workspaces))
    progress(STAGE, len(tiles), len(tiles))
    label = label_bytes((lines for _, lines in recorded), opened.scene.grid.crs)
    return Bundle(_record(project, opened, [facts for facts, _ in recorded], label), label)


def _tile(place: TilePlace, own: Workspaces) -> tuple[TileFacts, TileLines]:
    opened, name = place.opened, place.tile
    frame = opened.frame(name)
    label, log, work = _at_one_moment(place, own)
    lines = tile_lines(name, label, frame)
    verdict = place.project.tile(opened.record.id, name).verdict
    window = opened.tile(name).window
    facts = TileFacts(
        name=name,
        window=(window.column, window.row, window.width, window.height),
        pixels_sha256=pixels_sha256(opened, name),
        landcover_sha256=landcover_sha256(opened, frame.tile_grid),
        choices=asdict(work.choices),
        prompts=prompts_in_force(_placed(place, work, own), work, frame),
        edits=tuple(
            EditFacts(kind=e.kind, data=_without_folders(e.data), author=e.author, at=e.at)
            for e in log.edits
        ),
        verdict=VerdictFacts(
            verdict=verdict.verdict,
            reviewer=verdict.reviewer,
            comment=verdict.comment,
            at=verdict.at,
        ),
        parcels=len(lines.lines),
        label_sha256=lines.sha256,
    )
    return facts, lines


def _at_one_moment(place: TilePlace, own: Workspaces) -> tuple[Label, TileLog, Work]:
    """A tile's label and the log that it came from, though others may be editing it."""
    scene_id, frame = place.opened.record.id, place.opened.frame(place.tile)
    for _ in range(_MOST_TRIES):
        log = place.project.log(scene_id, place.tile)
        work = replay(log.edits, frame, default_choices(place.opened))
        label = own.get(place.project, scene_id, place.tile).finished()
        if label.version == label_version(stands_on(place, work), log, work):
            return label, log, work
    raise ConflictError(
        f"Somebody is editing tile {place.tile} all the time.", "Make the bundle a little later."
    )


def _placed(place: TilePlace, work: Work, own: Workspaces) -> tuple[AutoPrompt, ...]:
    base = place.kept(work)
    if base is None and not work.needs_prediction:
        return ()
    if base is None:  # somebody cleared the folder: the label was kept, its prediction was not
        service = own.models.service(place.model_key)
        base = Preparation(place, work, service, TileMemory(), place.key(work)).run()
    return base.prompts


def _without_folders(data: dict[str, Any]) -> dict[str, Any]:
    """An edit's data in which files are named by their name alone."""
    plain: dict[str, Any] = with_paths(data, lambda path, _: file_name(path), Path())
    return plain


def _record(
    project: Project, opened: OpenedScene, tiles: Sequence[TileFacts], label: bytes
) -> Record:
    settings = get_settings()
    return Record(
        format=FORMAT,
        made=datetime.now(UTC),
        project=project.name,
        scene=_scene(opened),
        landcover=_landcover(opened),
        model=_model(TilePlace.model_of(opened)),
        settings=asdict(default_choices(opened)),
        tile_size=settings.tile_size,
        tile_halo=settings.tile_halo,
        tiles=tuple(tiles),
        label_sha256=hashlib.sha256(label).hexdigest(),
        software=software(),
        machine=machine(),
    )


def _scene(opened: OpenedScene) -> SceneFacts:
    scene = opened.scene
    t = scene.grid.transform
    return SceneFacts(
        name=opened.record.name,
        file=file_name(scene.path),
        fingerprint=scene.fingerprint,
        crs=scene.grid.crs.to_wkt(),
        crs_source=scene.crs_source,
        transform=(t.a, t.b, t.c, t.d, t.e, t.f),
        width=scene.grid.width,
        height=scene.grid.height,
        working_factor=scene.working_factor,
        bands=scene.bands,
        stretch_low=scene.stretch.low,
        stretch_high=scene.stretch.high,
    )


def _landcover(opened: OpenedScene) -> LandCoverFacts | None:
    if opened.landcover_error is not None:
        raise opened.landcover_error
    landcover, stored = opened.landcover, opened.record.landcover
    if landcover is None:
        return None
    return LandCoverFacts(
        file=file_name(landcover.path),
        product=landcover.product.key,
        title=landcover.title,
        crs=stored.get("crs") if stored else None,
        fingerprint=landcover.fingerprint,
        sha256=file_sha256(landcover.path),
    )


def _model(key: str | None) -> ModelFacts | None:
    if key is None:
        return None
    # torch takes seconds to import: only where a model is part of the record.
    from core.sam.load import usual_runtime  # noqa: PLC0415

    runtime, device = usual_runtime()
    return ModelFacts(key=key, sha256=get_model(key).sha256, runtime=runtime, device=device)
