"""What people did on a tile, replayed from its log: prompts, boxes, choices and corrections."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import shapely

from core.errors import InputError
from core.grid import PixelPoint, WorldPoint
from core.imagery.frame import Frame
from core.label.choices import CHOICE_NAMES, Choices
from core.label.correction_import import LABELS_IMPORT, LabelsImport
from core.label.corrections import (
    CORRECTION_KINDS,
    AreaAdd,
    AreaRemove,
    Correction,
    Signature,
    Signed,
    brush,
    correction_from_json,
    correction_to_json,
)
from core.label.imported import native_import
from core.predict.predict_options import AUTO
from core.project import EditRecord, NewEdit

_MOST_EDITS = 1000
_MOST_POINTS = 20_000
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class PersonPrompt:
    """A point that a person set, in native pixels.

    Parameters
    ----------
    field : str, optional
        Positive points that name the same field mean one; by default each has its own, whose name
        is the point's.
    """

    id: str
    point: PixelPoint
    label: Literal[0, 1]
    field: str | None = None


@dataclass(frozen=True, slots=True)
class PersonBox:
    """A box that a person drew, in native pixels."""

    id: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Work:
    """A tile's log, replayed.

    Parameters
    ----------
    points : tuple of PersonPrompt
        In the order in which they were last set.
    denied : frozenset of str
        Automatic prompts that were changed or deleted.
    corrections : tuple of Signed
        In native pixels, in order.
    signatures : dict
        Who set a point or box last, by its id.
    imported : LabelsImport or None
        Labels taken over from a file, in native pixels; what was done before is under them.
    """

    choices: Choices
    points: tuple[PersonPrompt, ...] = ()
    boxes: tuple[PersonBox, ...] = ()
    denied: frozenset[str] = frozenset()
    corrections: tuple[Signed, ...] = ()
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    imported: LabelsImport | None = None

    @property
    def needs_prediction(self) -> bool:
        """Whether any of the automatic prediction is part of the label."""
        return self.imported is None or self.imported.area is not None

    @property
    def changes_prompts(self) -> bool:
        """Whether an automatic prompt was changed or deleted."""
        return any(name.startswith(AUTO) for name in self.denied)

    @property
    def asks_model(self) -> bool:
        """Whether a person's prompts need answers."""
        return bool(self.points or self.boxes)


@dataclass(slots=True)
class _Replay:
    frame: Frame
    choices: Choices
    points: dict[str, PersonPrompt] = field(default_factory=dict)
    boxes: dict[str, PersonBox] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    corrections: list[Signed] = field(default_factory=list)
    signatures: dict[str, Signature] = field(default_factory=dict)
    imported: LabelsImport | None = None

    def take(self, edit: EditRecord) -> None:
        data = edit.data
        signature = Signature(edit.author, edit.at)
        if edit.kind == "prompt_set":
            point = self.frame.from_world(WorldPoint(data["x"], data["y"]))
            before = self.points.pop(data["id"], None)
            # Moved or flipped, it goes on meaning the field that it meant.
            field = data.get("field", before.field if before else None)
            label: Literal[0, 1] = 1 if data["label"] else 0
            self.points[data["id"]] = PersonPrompt(data["id"], point, label, field)
            self.denied.add(data["id"])
            self.signatures[data["id"]] = signature
        elif edit.kind == "prompt_delete":
            self.points.pop(data["id"], None)
            self.boxes.pop(data["id"], None)
            self.denied.add(data["id"])
        elif edit.kind == "box_set":
            self.boxes[data["id"]] = _box_from_world(data, self.frame)
            self.signatures[data["id"]] = signature
        elif edit.kind == "prompts_clear":
            self.points.clear()
            self.boxes.clear()
        elif edit.kind == "settings":
            self.choices = self.choices.changed(data)
        elif edit.kind == LABELS_IMPORT:
            self.imported = native_import(data, self.frame)
            for earlier in (self.points, self.boxes, self.corrections):
                earlier.clear()
        else:
            moved = move_coordinates(data, lambda x, y: _to_native(self.frame, x, y))
            moved = _measures(moved, self.frame, to_native=True)
            self.corrections.append(Signed(correction_from_json(edit.kind, moved), signature))


def replay(edits: Sequence[EditRecord], frame: Frame, defaults: Choices) -> Work:
    """The work that a tile's edits amount to."""
    state = _Replay(frame, defaults)
    for edit in edits:
        state.take(edit)
    return Work(
        state.choices,
        tuple(state.points.values()),
        tuple(state.boxes.values()),
        frozenset(state.denied),
        tuple(state.corrections),
        state.signatures,
        state.imported,
    )


def to_new_edits(raw: Any, frame: Frame) -> list[NewEdit]:
    """Edits as the browser sends them (native pixels), checked and moved to world coordinates.

    Raises
    ------
    InputError
        Not edits, beside the tile, or geometry without area; none of them is taken.
    """
    _check(isinstance(raw, list) and 0 < len(raw) <= _MOST_EDITS, "No edits were sent.")
    return [_to_new_edit(one, frame) for one in raw]


def _to_new_edit(raw: Any, frame: Frame) -> NewEdit:
    _check(isinstance(raw, dict) and isinstance(raw.get("kind"), str), "That is no edit.")
    kind = raw["kind"]
    if kind == "prompt_set":
        _check(raw.get("label") in (0, 1), "A prompt says 1 (cropland) or 0 (not cropland).")
        native = PixelPoint(_coordinate(raw, "column"), _coordinate(raw, "row"))
        _check(frame.holds(native), "That point lies outside this tile; go to its own tile first.")
        world = frame.to_world(native)
        data = {"id": _id(raw), "x": world.x, "y": world.y, "label": raw["label"]}
        return NewEdit(kind, data | ({"field": _id(raw, "field")} if "field" in raw else {}))
    if kind == "prompt_delete":
        return NewEdit(kind, {"id": _id(raw)})
    if kind == "box_set":
        return NewEdit(kind, _box_to_world(raw, frame))
    if kind == "prompts_clear":
        return NewEdit(kind, {})
    if kind == "settings":
        wishes = {k: raw[k] for k in CHOICE_NAMES if k in raw}
        Choices().changed(wishes)
        return NewEdit(kind, wishes)
    return _correction_edit(kind, raw, frame)


def _correction_edit(kind: str, raw: dict[str, Any], frame: Frame) -> NewEdit:
    data = {k: v for k, v in raw.items() if k != "kind"}
    _check(_count_numbers(data) <= _MOST_POINTS, "That drawing has too many points.")
    if kind == "brush":
        correction = _stroke(data)
    else:
        _check(kind in CORRECTION_KINDS, f"There is no edit '{kind[:40]}'.")
        correction = _correction(kind, _measures(data, frame, to_native=True))
    stored_kind, native = correction_to_json(correction)
    native = _measures(native, frame, to_native=False)
    return NewEdit(stored_kind, move_coordinates(native, lambda x, y: _to_world(frame, x, y)))


def _correction(kind: str, data: dict[str, Any]) -> Correction:
    try:
        return correction_from_json(kind, data)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("That drawing could not be understood.", "Draw it again.") from error


def _stroke(data: dict[str, Any]) -> Correction:
    radius = data.get("radius")
    _check(_number(radius, 0.1, 10_000), "The brush has no size.")
    try:
        points = [(float(x), float(y)) for x, y in data["line"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("That stroke could not be understood.", "Draw it again.") from error
    _check(bool(points) and all(map(math.isfinite, sum(points, ()))), "That stroke is empty.")
    # A stroke that never moved is a dot.
    line = shapely.LineString(points if len(points) > 1 else points * 2)
    area = brush(line, float(radius or 0.0))
    return AreaAdd(area) if data.get("add", True) else AreaRemove(area)


def move_coordinates(data: Any, move: Callable[[float, float], list[float]]) -> Any:
    """Every ``[x, y]`` inside plain JSON, moved; everything else as it is."""
    if isinstance(data, dict):
        return {key: move_coordinates(value, move) for key, value in data.items()}
    if isinstance(data, list | tuple):
        if len(data) == 2 and all(_is_number(value) for value in data):
            return move(float(data[0]), float(data[1]))
        return [move_coordinates(value, move) for value in data]
    return data


_MEASURES = {"tolerance": 1, "width": 1, "max_area": 2}
"""Lengths (1) and areas (2) of corrections; with "_m" and "_m2" behind them, on the ground."""


def _measures(data: dict[str, Any], frame: Frame, *, to_native: bool) -> dict[str, Any]:
    """Lengths and areas in metres and square metres as native pixels, or the other way round."""
    moved = dict(data)
    for name, power in _MEASURES.items():
        ground = f"{name}_m" if power == 1 else f"{name}_m2"
        source, target = (ground, name) if to_native else (name, ground)
        if source in moved:
            value = moved.pop(source)
            scale = frame.native_pixel_area_m2 ** (power / 2)
            factor = 1 / scale if to_native else scale
            moved[target] = value * factor if _is_number(value) else value
    return moved


def _to_native(frame: Frame, x: float, y: float) -> list[float]:
    native = frame.from_world(WorldPoint(x, y))
    return [native.column, native.row]


def _to_world(frame: Frame, column: float, row: float) -> list[float]:
    world = frame.to_world(PixelPoint(column, row))
    return [world.x, world.y]


def _box_to_world(raw: dict[str, Any], frame: Frame) -> dict[str, Any]:
    left, right = sorted((_coordinate(raw, "left"), _coordinate(raw, "right")))
    top, bottom = sorted((_coordinate(raw, "top"), _coordinate(raw, "bottom")))
    _check(right - left >= 1 and bottom - top >= 1, "That box is empty.")
    # Two opposite corners in world coordinates are the box, whatever the grid's rotation.
    first, last = _to_world(frame, left, top), _to_world(frame, right, bottom)
    return {"id": _id(raw), "first": first, "last": last}


def _box_from_world(data: dict[str, Any], frame: Frame) -> PersonBox:
    left, top = _to_native(frame, *data["first"])
    right, bottom = _to_native(frame, *data["last"])
    return PersonBox(data["id"], left, top, right, bottom)


def _id(raw: dict[str, Any], key: str = "id") -> str:
    value = raw.get(key)
    _check(isinstance(value, str) and 0 < len(value) <= _LONGEST_ID, "The prompt has no name.")
    return str(value)


def _coordinate(raw: dict[str, Any], name: str) -> float:
    _check(_number(raw.get(name), -1e9, 1e9), "A coordinate is missing.")
    return float(raw[name])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: Any, least: float, most: float) -> bool:
    return _is_number(value) and least <= value <= most


def _count_numbers(data: Any) -> int:
    if isinstance(data, dict):
        return sum(map(_count_numbers, data.values()))
    if isinstance(data, list | tuple):
        return sum(map(_count_numbers, data))
    return 1


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise InputError(otherwise, "Nothing was changed.")
