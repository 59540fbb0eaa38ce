"""``run.json``: everything that a result came from, in one file beside it."""

from __future__ import annotations

import json
import textwrap
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
from core.mapping.map_tiles import MappedScene
from core.mapping.tile_task import MapRun, prediction_of
from core.sam.protocol import Segmenter
from core.sam.registry import known_models
from core.versions import software

FORMAT = 1

_TILES = "the tiles, one after the other"


def write_run_record(
    path: Path,
    run: MapRun,
    mapped: MappedScene,
    written: LabelFiles,
    seconds: dict[str, float],
    *,
    warnings: Sequence[str],
) -> None:
    """Write ``run.json`` with inputs, options, prompts in world coordinates, hashes, versions.

    Parameters
    ----------
    warnings : sequence of str
        What a person should know of the inputs, a sentence each.
    """
    record = {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "scene": run.scene.to_json(),
        "crs": crs_text(run.scene.grid.crs),
        "notes": list(written.notes),
        "land_cover": _landcover(run.landcover, mapped.covered),
        "warnings": list(warnings),
        "options": {**asdict(run.options), "strategy": run.options.chosen_strategy},
        "model": None if run.segmenter is None else _model(run.segmenter),
        "tiles": _TILES,
        "parcels": len(mapped.labelled.parcels),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "files": {file.name: sha256_of(file) for file in written.files},
        "versions": software(),
    }
    # The prompts of all tiles together may be more than memory holds.
    before, after = json.dumps(record, indent=1).split(json.dumps(_TILES))
    with replacing(path) as aside, aside.open("w", encoding="utf-8") as file:
        file.write(f"{before}[")
        for number, tile in enumerate(run.tiles):
            row = _tile_row(run, tile, blank=tile.name in mapped.blank)
            file.write(",\n" if number else "\n")
            file.write(textwrap.indent(json.dumps(row, indent=1), "  "))
        file.write(f"\n ]{after}\n")


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


def _tile_row(run: MapRun, tile: Tile, *, blank: bool) -> dict[str, Any]:
    window = tile.window
    placed = () if blank else prediction_of(run, tile).prompts
    prompts = [
        {"x": prompt.world.x, "y": prompt.world.y, "label": prompt.label, "source": prompt.source}
        for prompt in placed
    ]
    return {
        "name": tile.name,
        "window": [window.column, window.row, window.width, window.height],
        "prompts": prompts,
    }
