"""A tile's state as plain values for the browser: ``core.wire.TileState``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from core import wire
from core.errors import CropMapError
from core.grid import PixelPoint
from core.imagery.frame import Frame
from core.label.choices import Choices
from core.label.notes import PinnedNote
from core.label.own_steps import count_steps
from core.label.tile_label import Label
from core.label.withdrawal import counting
from core.label.work import PersonBox, Work
from core.predict.kept_prediction import Prediction
from core.project import Project, TileLog, VerdictRecord
from core.session.label_json import changed_json, problems_json
from core.session.opened import replacement
from core.session.parcel_counts import parcel_counts
from core.session.parcel_rows import ParcelRows, RowList
from core.session.place import TilePlace
from core.session.preparation import Preparation

Complain = Callable[[CropMapError], wire.Complaint]
"""Words an error for the person."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """All that a tile's state is made of, at one moment."""

    place: TilePlace
    frame: Frame
    log: TileLog
    work: Work
    label: Label
    final: bool
    refining: bool
    rows: ParcelRows
    prediction: Prediction | None
    preparing: Preparation | None
    error: CropMapError | None
    note: wire.Complaint | None
    verdict: VerdictRecord

    @property
    def stamp(self) -> str:
        """Changes with all that people can change of the tile."""
        return stamp(self.place.opened.record.version, self.log.version, self.verdict.version)


def cropland_ha(label: Label, frame: Frame) -> float:
    """Cropland of a label, in hectares."""
    return round(label.cropland_pixels * frame.native_pixel_area_m2 / 10_000.0, 4)


def figures_of(
    label: Label, frame: Frame, work: Work, prediction: Prediction | None
) -> dict[str, float]:
    """What lists of tiles show and sort by: areas, counts of parcels and notes, disagreement."""
    figures = {"cropland_ha": cropland_ha(label, frame), **parcel_counts(label)}
    figures["notes_open"] = float(sum(note.done is None for note in work.notes))
    for name in ("landcover_ha", "disagreement"):
        if (value := getattr(prediction, name, None)) is not None:
            figures[name] = float(value)
    return figures


def stamp(scene_version: int, log_version: int, verdict_version: int) -> str:
    """Names a state of what people can change of a tile: equal stamps need no asking again."""
    return f"{scene_version}.{log_version}.{verdict_version}"


def to_json(now: Moment, complain: Complain) -> wire.TileState:
    """The state with all parcels; every position in native pixels."""
    parcels = now.rows.of(now.label, now.frame)
    names = list(now.place.opened.tiles)
    index = names.index(now.place.tile)
    preparing, error, prediction = now.preparing, now.error, now.prediction
    return {
        **in_file(now.place.project, complain),
        "scene": now.place.opened.record.id,
        "name": now.place.tile,
        "window": now.frame.core_bounds(),
        "index": index + 1,
        "count": len(names),
        "previous": names[index - 1] if index else None,
        "next": names[index + 1] if index + 1 < len(names) else None,
        "status": "working" if preparing else "ready",
        "stage": preparing.stage if preparing else "",
        "progress": preparing.share if preparing else None,
        "error": complain(error) if error else None,
        "note": now.note,
        "version": now.log.version,
        "stamp": now.stamp,
        "final": now.final,
        "refining": now.refining,
        "can_undo": now.log.can_undo,
        "can_redo": now.log.can_redo,
        "edit_count": len(counting(now.log.edits)),
        "step_count": count_steps(now.log.edits, now.log.steps),
        "settings": _settings(now.work.choices),
        "prompts": _prompts(now.prediction, now.work, now.frame),
        "boxes": [_box(box) for box in now.work.boxes],
        "parcels": parcels,
        "rows": parcels.name,
        "same": None,
        "changed": changed_json(now.label, now.frame),
        "problems": problems_json(now.label, now.frame),
        "mask_version": now.label.version,
        "cropland_ha": cropland_ha(now.label, now.frame),
        "landcover_ha": prediction.landcover_ha if prediction else None,
        "disagreement": prediction.disagreement if prediction else None,
        "verdict": verdict_json(now.verdict),
        "notes": [_note(one) for one in now.work.notes],
        "second_look": False,
    }


def for_browser_with(state: wire.TileState, have: str) -> wire.TileState:
    """The state without the parcels that a browser has, which names its list of them."""
    parcels = state["parcels"]
    lacking = parcels.since(have) if isinstance(parcels, RowList) else None
    if lacking is None:
        return state
    return {**state, "parcels": lacking[0], "same": lacking[1]}


def in_file(project: Project, complain: Complain) -> wire.InFile:
    """The file that a project is in, and what happened to the one that was there before."""
    error = replacement(project)
    return {
        "file": project.file_stamp,
        "file_replaced": None if error is None else complain(error),
    }


def plain_complaint(error: CropMapError) -> wire.Complaint:
    """An error without what its remedy says, which is for those to word who show it."""
    return {"message": error.message, "hint": error.hint}


def verdict_json(verdict: VerdictRecord) -> wire.VerdictState:
    """A verdict as plain values."""
    return {
        "verdict": verdict_name(verdict),
        "reviewer": verdict.reviewer,
        "comment": verdict.comment,
        "at": verdict.at.isoformat() if verdict.at else None,
        "version": verdict.version,
    }


def verdict_name(verdict: VerdictRecord) -> wire.Verdict:
    """What was said; the store takes nothing else."""
    return cast(wire.Verdict, verdict.verdict)


def _note(pinned: PinnedNote) -> wire.PinnedNote:
    note, by, done = pinned.note, pinned.by, pinned.done
    return {
        "id": note.id,
        "column": round(note.point.x, 3),
        "row": round(note.point.y, 3),
        "text": note.text,
        "author": by.author,
        "at": by.at.isoformat() if by.at else None,
        "done_by": (done.author or "somebody") if done else "",
        "done_at": done.at.isoformat() if done and done.at else None,
    }


def _settings(choices: Choices) -> wire.Settings:
    return {
        # Choices take no other name.
        "strategy": cast(wire.Strategy, choices.strategy),
        "threshold": choices.threshold,
        "points_per_class": choices.points_per_class,
        "min_area_m2": choices.min_area_m2,
        "simplify_px": choices.simplify_px,
        "field_size": choices.field_size,
        "seed": choices.seed,
        "published_scale": choices.published_scale,
    }


def _box(box: PersonBox) -> wire.Box:
    return {
        "id": box.id,
        "left": box.left,
        "top": box.top,
        "right": box.right,
        "bottom": box.bottom,
        "source": "person",
    }


def _prompts(prediction: Prediction | None, work: Work, frame: Frame) -> list[wire.Prompt]:
    rows = [
        _prompt(prompt.id, frame.from_world(prompt.world), prompt.label, "auto")
        for prompt in (prediction.prompts if prediction else ())
        if prompt.id not in work.denied
    ]
    for own in work.points:
        row = _prompt(own.id, own.point, own.label, "person")
        if own.field is not None:
            row["field"] = own.field
        rows.append(row)
    return rows


def _prompt(name: str, native: PixelPoint, label: int, source: wire.Source) -> wire.Prompt:
    return {
        "id": name,
        "column": round(native.column, 3),
        "row": round(native.row, 3),
        "label": 1 if label else 0,
        "source": source,
    }
