"""The data card: what an export is, where it comes from and what it may be used for.

Counts are taken from what was written, checksums from the files as they lie on the disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas

from core.attributes import AttributeSchema
from core.crs import crs_text
from core.export.attribute_columns import own_columns
from core.export.burn import CODE_NAMES
from core.export.card_details import CardDetails, NoteOnMap
from core.export.chip_plan import SPLITS
from core.export.chips import ChipReport
from core.export.parcel_table import in_utc
from core.export.table_pages import TablePages
from core.files import sha256_of
from core.imagery.identity import fingerprint_kind
from core.imagery.write_raster import PART_HEIGHT, PART_WIDTH
from core.label.labelled import LabelledScene

CARD_JSON = "data-card.json"
CARD_MARKDOWN = "data-card.md"
FORMAT = 1
_UNKNOWN = "not stated"
_COUNTED = ["class", "status", "reviewer", "area_ha"]


def write_card(
    folder: Path,
    labelled: LabelledScene,
    table: TablePages,
    chips: ChipReport | None,
    details: CardDetails,
    formats: Sequence[str],
    notes: Sequence[str],
) -> dict[str, Any]:
    """Write ``data-card.json`` and ``data-card.md`` into a folder whose other files are done.

    Parameters
    ----------
    table : TablePages
        The parcels that were written, as :func:`core.export.table_pages.table_pages` gives them.
    formats : sequence of str
        Keys of the formats.
    notes : sequence of str
        What a person should know of this export, a sentence each.

    Returns
    -------
    dict
        The card as it is in the JSON file.
    """
    schema = labelled.schema
    counted = [*_COUNTED, *(one.key for one in schema.attributes)]
    rows = pandas.concat([page[counted] for page in table])
    card = {
        "format": FORMAT,
        "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "licence": details.licence,
        "author": details.author,
        "note": details.note,
        **_origin(labelled, details),
        "formats": list(formats),
        "reviewed_ha": round(_reviewed_ha(labelled), 4),
        "parcels": _parcels(rows),
        "attributes": _attributes(rows, schema),
        "reviewers": _reviewers(rows),
        "to_mend": [_note_on_map(note) for note in details.to_mend],
        "chips": None if chips is None else _chips(chips),
        "notes": list(notes),
        "files": _files(folder),
    }
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (folder / CARD_JSON).write_text(text, encoding="utf-8")
    (folder / CARD_MARKDOWN).write_text(_markdown(card), encoding="utf-8")
    return card


def _origin(labelled: LabelledScene, details: CardDetails) -> dict[str, Any]:
    source, scene, grid = labelled.source, labelled.scene, labelled.grid
    imagery: dict[str, Any] = {
        "scene": source.scene_name,
        "file": source.image_source,
        "imaged_at": "" if details.imaged_at is None else in_utc(details.imaged_at).isoformat(),
        "crs": crs_text(grid.crs),
        "width": grid.width,
        "height": grid.height,
        "metres_per_pixel": round(grid.gsd_m, 4),
    }
    if scene is not None:
        imagery |= {
            "fingerprint_sha256": scene.fingerprint,
            "fingerprint_kind": fingerprint_kind(scene.file_fingerprint),
            "bands": list(scene.bands),
            "dtype": scene.dtype,
            "stretch": scene.stretch.to_json(),
            "native_pixels_per_pixel": scene.working_factor,
        }
    return {
        "software": source.facts()["software"],
        "imagery": imagery,
        "land_cover": source.land_cover,
        "model": {"name": source.model, "weights_sha256": details.weights_sha256},
        "strategy": source.method,
        "prompts": details.prompts,
        "corrections": details.corrections,
    }


def _reviewed_ha(labelled: LabelledScene) -> float:
    """Hectares that a person vouches for, part by part: pixels in degrees differ in size."""
    area = 0.0
    for window in labelled.grid.extent.parts(PART_WIDTH, PART_HEIGHT):
        pixels = int(np.count_nonzero(labelled.reviewed[window.slices]))
        area += pixels * labelled.grid.window_grid(window).pixel_area_m2
    return area / 10_000.0


def _parcels(table: pandas.DataFrame) -> dict[str, Any]:
    return {
        "count": len(table),
        "hectares": round(float(table["area_ha"].sum()), 4),
        "by_class": _groups(table, "class"),
        "by_state": _groups(table, "status"),
    }


def _attributes(table: pandas.DataFrame, schema: AttributeSchema) -> list[dict[str, Any]]:
    """The project's own attributes: their columns, and what is said of the cropland."""
    cropland = table[(table["class"] == "cropland") & (table["status"] != "rejected")]
    shorts = {column.name: column.short for column in own_columns(schema)}
    told = []
    for one in schema.attributes:
        said = cropland[cropland[one.key].notna() & (cropland[one.key] != "").fillna(False)]
        told.append(
            {
                "name": one.name,
                "column": one.key,
                "shapefile_column": shorts[one.key],
                "kind": one.kind,
                "required": one.required,
                "choices": {choice.code: choice.name for choice in one.choices},
                "cropland_without": len(cropland) - len(said),
                "cropland": _groups(said, one.key) if one.kind in ("choice", "yes_no") else {},
            }
        )
    return told


def _groups(table: pandas.DataFrame, column: str) -> dict[str, dict[str, float]]:
    return {
        str(name): {"count": len(rows), "hectares": round(float(rows["area_ha"].sum()), 4)}
        for name, rows in table.groupby(column)
    }


def _reviewers(table: pandas.DataFrame) -> list[dict[str, Any]]:
    counts = table.loc[table["reviewer"] != "", "reviewer"].value_counts().sort_index()
    return [{"name": str(name), "parcels": int(count)} for name, count in counts.items()]


def _note_on_map(note: NoteOnMap) -> dict[str, Any]:
    return {
        "tile": note.tile,
        "x": round(note.x, 7),
        "y": round(note.y, 7),
        "text": note.text,
        "author": note.author,
        "at": "" if note.at is None else in_utc(note.at).isoformat(),
        "done_by": note.done_by,
    }


def _chips(report: ChipReport) -> dict[str, Any]:
    options = report.options
    splits = {}
    for split in SPLITS:
        chips = report.of(split)
        pixels = np.array([chip.pixels for chip in chips]).reshape(-1, len(CODE_NAMES)).sum(axis=0)
        splits[split] = {
            "chips": len(chips),
            "pixels": {n: int(pixels[code]) for code, n in CODE_NAMES.items()},
            "coco_annotations": report.annotations.get(split, 0),
            "yolo_images": sum(chip.yolo for chip in chips),
        }
    return {
        "size": options.size,
        "overlap": options.overlap,
        "boundary_px": options.boundary_px,
        "codes": {n: code for code, n in CODE_NAMES.items()},
        "split_by": f"blocks of {report.block} x {report.block} chips, seed {options.seed}",
        "shares_asked": {s: round(share, 4) for s, share in options.shares.items()},
        "splits": splits,
        "left_out_at_borders_of_splits": report.guards,
        "left_out_without_known_pixels": report.empty,
    }


def _files(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        {
            "path": path.relative_to(folder).as_posix(),
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
        }
        for path in paths
    ]


def _markdown(card: dict[str, Any]) -> str:
    imagery = card["imagery"]
    model = card["model"]["name"]
    if card["model"]["weights_sha256"]:
        model += f", weights SHA-256 {card['model']['weights_sha256']}"
    facts = {
        "Licence": card["licence"] or _UNKNOWN,
        "Author": card["author"] or _UNKNOWN,
        "Made": f"{card['made']} with {card['software']}",
        "Image": f"{imagery['file']}, taken {imagery['imaged_at'] or _UNKNOWN}",
        "Pixels": f"{imagery['width']:,} x {imagery['height']:,}, "
        f"{imagery['metres_per_pixel']:g} m, {imagery['crs']}",
        "Land cover": card["land_cover"],
        "Model": model,
        "Strategy": card["strategy"],
        "Prompts": _or_unknown(card["prompts"]),
        "Corrections": _or_unknown(card["corrections"]),
        "Reviewers": ", ".join(f"{r['name']} ({r['parcels']:,} parcels)" for r in card["reviewers"])
        or "none",
        "Reviewed area": f"{card['reviewed_ha']:,.2f} ha",
    }
    parts = [
        f"# {_text(imagery['scene'])}: field labels",
        *([_text(card["note"])] if card["note"] else []),
        _table(["", ""], [[key, value] for key, value in facts.items()]),
        "## Parcels",
        _parcels_markdown(card["parcels"]),
        *(_attributes_markdown(card["attributes"]) if card["attributes"] else []),
        *(_to_mend_markdown(card["to_mend"]) if card["to_mend"] else []),
        *(_chips_markdown(card["chips"]) if card["chips"] else []),
        *(["## Notes", "\n".join(f"- {_text(n)}" for n in card["notes"])] if card["notes"] else []),
        "## Files",
        _files_markdown(card["files"]),
    ]
    return "\n\n".join(parts) + "\n"


def _parcels_markdown(parcels: dict[str, Any]) -> str:
    rows = [["all", "", f"{parcels['count']:,}", f"{parcels['hectares']:,.2f}"]]
    for kind, key in (("class", "by_class"), ("state", "by_state")):
        for name, group in parcels[key].items():
            rows.append([kind, name, f"{group['count']:,}", f"{group['hectares']:,.2f}"])
    return _table(["by", "", "parcels", "hectares"], rows)


def _attributes_markdown(attributes: list[dict[str, Any]]) -> list[str]:
    columns = [
        [a["name"], a["column"], a["shapefile_column"], a["kind"], f"{a['cropland_without']:,}"]
        for a in attributes
    ]
    head = ["attribute", "column", "in the shapefile", "kind", "parcels of cropland without"]
    rows = [
        [a["name"], a["choices"].get(value, value), f"{g['count']:,}", f"{g['hectares']:,.2f}"]
        for a in attributes
        for value, g in a["cropland"].items()
    ]
    sums = [_table(["cropland by", "", "parcels", "hectares"], rows)] if rows else []
    return ["## Attributes", _table(head, columns), *sums]


def _to_mend_markdown(notes: list[dict[str, Any]]) -> list[str]:
    rows = [
        [
            note["text"],
            note["author"],
            f"{note['x']:.7g}, {note['y']:.7g}",
            f"done by {note['done_by']}" if note["done_by"] else "open",
        ]
        for note in notes
    ]
    return ["## To fix", _table(["note", "by", "x, y", ""], rows)]


def _chips_markdown(chips: dict[str, Any]) -> list[str]:
    names = list(chips["codes"])
    rows = [
        [split, f"{part['chips']:,}", *(f"{part['pixels'][name]:,}" for name in names)]
        for split, part in chips["splits"].items()
    ]
    codes = ", ".join(f"{code} {name}" for name, code in chips["codes"].items())
    return [
        "## Chips",
        f"{chips['size']} x {chips['size']} pixels, overlap {chips['overlap']}, split by place in "
        f"{chips['split_by']}. Mask codes: {codes}. "
        f"Left out: {chips['left_out_at_borders_of_splits']:,} at borders of splits, "
        f"{chips['left_out_without_known_pixels']:,} without known pixels.",
        _table(["split", "chips", *(f"{name} px" for name in names)], rows),
    ]


def _files_markdown(files: list[dict[str, Any]]) -> str:
    single = [file for file in files if "/" not in file["path"]]
    rows = [[file["path"], f"{file['bytes']:,}", file["sha256"]] for file in single]
    rest = len(files) - len(single)
    more = f"\n\n{rest:,} chip files; their checksums are in {CARD_JSON}." if rest else ""
    return _table(["file", "bytes", "SHA-256"], rows) + more


def _or_unknown(count: int | None) -> str:
    return "not known" if count is None else f"{count:,}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_text(cell) for cell in line) + " |" for line in lines)


def _text(text: str) -> str:
    """Text from people as Markdown that shows it as it is, on one line."""
    plain = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in plain)
