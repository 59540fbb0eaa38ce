"""What a label came from: image, land cover, model, what people did, and what came out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.export.replay.bundle_file import (
    FORMAT,
    Bundle,
    EditFacts,
    LandCoverFacts,
    ModelFacts,
    PromptFacts,
    ReplayRecord,
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
)
from core.imagery.scene import Scene
from core.imagery.scene_json import UnknownFacts
from core.imagery.tile_plan import Tile
from core.label.choices import Choices
from core.label.make import prompts_in_force
from core.label.tile_label import Label
from core.label.work import Work
from core.landcover.source import LandCover
from core.predict.kept_prediction import Prediction, WorldPrompt
from core.predict.tile import TileInputs
from core.project import EditRecord, VerdictRecord
from core.project.paths import with_paths
from core.sam.registry import get_model
from core.settings import get_settings
from core.versions import machine, software


@dataclass(frozen=True, slots=True)
class LabelSetup:
    """What all tiles of a label have in common.

    Parameters
    ----------
    project, name : str
        Of the project and of the scene, for people.
    landcover_crs : str or None
        As a person stated it, for a land cover that has none.
    landcover_nodata : list of float or None
        As a person stated it.
    model : str or None
        Key of the model at hand.
    choices : Choices
        What each tile starts with.
    """

    project: str
    name: str
    scene: Scene
    landcover: LandCover | None
    landcover_crs: str | None
    landcover_nodata: list[float] | None
    model: str | None
    choices: Choices


@dataclass(frozen=True, slots=True, eq=False)
class RecordedTile:
    """One tile: what went in, and what came out."""

    facts: TileFacts
    lines: TileLines


def record_tile(
    tile: Tile,
    inputs: TileInputs,
    label: Label,
    prediction: Prediction | None,
    work: Work,
    edits: Sequence[EditRecord],
    verdict: VerdictRecord,
) -> RecordedTile:
    """What a tile's label came from, and the label as lines."""
    frame, window = inputs.frame, tile.window
    lines = tile_lines(tile.name, label, frame)
    facts = TileFacts(
        name=tile.name,
        window=(window.column, window.row, window.width, window.height),
        pixels_sha256=pixels_sha256(inputs.image),
        landcover_sha256=landcover_sha256(inputs.landcover),
        choices=work.choices.to_json(),
        prompts=tuple(map(_prompt, prompts_in_force(prediction, work, frame))),
        edits=tuple(
            EditFacts(kind=e.kind, data=_without_folders(e.data), author=e.author, at=e.at)
            for e in edits
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
    return RecordedTile(facts, lines)


def record_label(setup: LabelSetup, tiles: Sequence[RecordedTile]) -> Bundle:
    """A label and all that it came from, as a bundle."""
    settings = get_settings()
    label = label_bytes((tile.lines for tile in tiles), setup.scene.grid.crs)
    record = ReplayRecord(
        format=FORMAT,
        made=datetime.now(UTC),
        project=setup.project,
        scene=_scene(setup.scene, setup.name),
        landcover=_landcover(setup),
        model=model_facts(setup.model),
        settings=dict(setup.choices.to_json()),
        tile_size=settings.tile_size,
        tile_halo=settings.tile_halo,
        tiles=tuple(tile.facts for tile in tiles),
        label_sha256=hashlib.sha256(label).hexdigest(),
        software=software(),
        machine=machine(),
    )
    return Bundle(record, label)


def _prompt(prompt: WorldPrompt) -> PromptFacts:
    return PromptFacts(
        id=prompt.id,
        x=prompt.world.x,
        y=prompt.world.y,
        label=1 if prompt.label else 0,
        origin=prompt.source,
    )


def _without_folders(data: dict[str, Any]) -> dict[str, Any]:
    """An edit's data in which files are named by their name alone."""
    plain: dict[str, Any] = with_paths(data, lambda path, _: file_name(path), Path())
    return plain


def _scene(scene: Scene, name: str) -> SceneFacts:
    t = scene.grid.transform
    return SceneFacts(
        name=name,
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
        unknown=UnknownFacts.model_validate(scene.unknown.to_json()),
    )


def _landcover(setup: LabelSetup) -> LandCoverFacts | None:
    landcover = setup.landcover
    if landcover is None:
        return None
    return LandCoverFacts(
        file=file_name(landcover.path),
        product=landcover.product.key,
        title=landcover.title,
        crs=setup.landcover_crs,
        nodata=setup.landcover_nodata,
        fingerprint=landcover.fingerprint,
        sha256=file_sha256(landcover.path),
    )


def model_facts(key: str | None) -> ModelFacts | None:
    """What a bundle says of a model; None without one."""
    if key is None:
        return None
    # torch takes seconds to import: only where a model is part of the record.
    from core.sam.load import usual_runtime  # noqa: PLC0415

    runtime, device = usual_runtime()
    spec = get_model(key)
    facts = ModelFacts(key=key, sha256=spec.sha256, runtime=runtime, device=device)
    if not spec.own:
        return facts
    own = {"architecture": spec.architecture, "file": spec.source_name}
    return facts.model_copy(update=own)
