"""``run.json``: everything that a result came from, in one file beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.crs import crs_text
from core.export.write_export import LabelFiles
from core.files import replacing, sha256_of
from core.imagery.tile_plan import Tile
from core.landcover.source import LandCover
from core.mapping.tile_task import MapRun, prediction_of
from core.sam.protocol import Segmenter
from core.sam.registry import known_models
from core.versions import software

FORMAT = 1


def write_run_record(
    path: Path,
    run: MapRun,
    written: LabelFiles,
    seconds: dict[str, float],
    parcels: int,
    *,
    covered: float,
    warnings: Sequence[str],
) -> None:
    """Write ``run.json`` with inputs, options, prompts in world coordinates, hashes, versions.

    Parameters
    ----------
    covered : float
        Share of the scene's valid pixels of which the land cover says anything.
    warnings : sequence of str
        What a person should know of the inputs, a sentence each.
    """
    record = {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "scene": run.scene.to_json(),
        "crs": crs_text(run.scene.grid.crs),
        "notes": list(written.notes),
        "land_cover": _landcover(run.landcover, covered),
        "warnings": list(warnings),
        "options": {**asdict(run.options), "strategy": run.options.chosen_strategy},
        "model": None if run.segmenter is None else _model(run.segmenter),
        "tiles": [_tile_row(run, tile) for tile in run.tiles],
        "parcels": parcels,
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "files": {file.name: sha256_of(file) for file in written.files},
        "versions": software(),
    }
    with replacing(path) as aside:
        aside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _landcover(landcover: LandCover | None, covered: float) -> dict[str, Any] | None:
    """Where the prompts come from; None where the field map alone tells cropland."""
    if landcover is None:
        return None
    return {
        "path": landcover.path,
        "product": landcover.product.key,
        "title": landcover.title,
        "recognised_by": landcover.recognised_by,
        "simulated": landcover.simulated,
        "unknown_codes": {str(code): cells for code, cells in landcover.unknown_codes},
        "cells_looked_at": landcover.cells_looked_at,
        "licence": landcover.product.licence,
        "citation": landcover.product.citation,
        "fingerprint": landcover.fingerprint,
        "file_fingerprint": landcover.file_fingerprint,
        "unknown": landcover.unknown.to_json(),
        "covered": round(covered, 6),
    }


def _model(segmenter: Segmenter) -> dict[str, str]:
    """The model's name and weights; of a checkpoint of somebody's own also what it is."""
    facts = {"name": segmenter.name, "weights_sha256": segmenter.weights_hash}
    spec = known_models().get(segmenter.name)
    if spec is not None and spec.own:
        facts |= {"architecture": spec.architecture, "file": spec.source_name}
    return facts


def _tile_row(run: MapRun, tile: Tile) -> dict[str, Any]:
    window = tile.window
    prompts = [
        {"x": prompt.world.x, "y": prompt.world.y, "label": prompt.label, "source": prompt.source}
        for prompt in prediction_of(run, tile).prompts
    ]
    return {
        "name": tile.name,
        "window": [window.column, window.row, window.width, window.height],
        "prompts": prompts,
    }
