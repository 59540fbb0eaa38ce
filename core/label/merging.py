"""Whether edits that two people made on one label can both be done: where they do not touch.

An edit reaches over what is drawn, the parcels that this meets, and what lies between them.  Edits
that reach one another on one side count as one.  A prompt reaches over what the model answers to
it alone.  What cannot be known from the label at hand is in doubt, and edits in doubt touch
everything: prompts that are moved or mean a field of other prompts, choices, imports, and what
concerns all parcels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import GeometryCollection, Point
from shapely.geometry.base import BaseGeometry

from core.grid import PixelPoint
from core.label.choices_change import ChoicesChange
from core.label.correction_edits import new_id
from core.label.correction_import import LabelsImport
from core.label.correction_layer import Layer
from core.label.correction_types import (
    CORRECTIONS,
    FillAttributes,
    FillHoles,
    Judge,
    Reclassify,
    SnapToNeighbours,
)
from core.label.drawn_corrections import (
    AreaAdd,
    AreaRemove,
    Merge,
    MoveBorder,
    ParcelDelete,
    Reshape,
    Split,
)
from core.label.edits import Edit
from core.label.notes import Note, NoteDone
from core.label.prompt_edits import BoxSet, PointSet, PromptDelete, PromptsClear
from core.parcels.overlay import Overlay, array_of
from core.parcels.shapes import lengthened
from core.predict.predict_options import AUTO

_MARGIN_SNAPS = 4.0
"""Gaps and slivers up to ``snap`` are closed on both sides of a border."""

_PROMPT_MARGIN_SNAPS = 14.0
"""Fields of both sides take rims of up to six along with them (:mod:`core.label.field_cut`)."""

_EDGE_SHARE = 0.05
"""Of a parcel, or of an earlier field: neighbours' answers share as much along a border."""

_Prompt = PointSet | BoxSet
_SILENT = (Note, NoteDone)
"""Edits that change no label."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What an edit may read or change.

    Parameters
    ----------
    land : geometry
        Convex, in native pixels.
    names : frozenset of str
        Of the parcels, up to the first full stop: F7 and F7.1 may give each other's pieces names.
    """

    land: BaseGeometry
    names: frozenset[str] = frozenset()

    def touches(self, other: Reach, margin: float) -> bool:
        """Whether both reach the same land, or parcels that are named alike."""
        return self.is_near(other, margin) or not self.names.isdisjoint(other.names)

    def is_near(self, other: Reach, margin: float) -> bool:
        """Whether both reach the same land."""
        return bool(shapely.distance(self.land, other.land) <= margin)

    def with_all(self, others: Sequence[Reach]) -> Reach:
        """Several edits as one, with what lies between them."""
        land = _hull([self.land, *(other.land for other in others)])
        return Reach(land, self.names.union(*(other.names for other in others)))


@dataclass(frozen=True, slots=True, eq=False)
class PromptGround:
    """What prompts are made on, which come before all corrections.

    Parameters
    ----------
    shapes : sequence of geometry
        Automatic parcels and fields of earlier prompts, in native pixels.
    ids : set of str
        Of the prompts that were set before.
    field_of : callable
        What the model answers to a click alone, or None where it finds nothing there.
    """

    shapes: Sequence[BaseGeometry]
    ids: frozenset[str]
    field_of: Callable[[PixelPoint], BaseGeometry | None]


def prompts_do_not_touch(
    ours: Sequence[Edit],
    theirs: Sequence[Edit],
    layer: Layer,
    snap: float,
    ground: PromptGround,
) -> bool:
    """Whether the prompts of two sides give the same label in either order; as `do_not_touch`.

    False as well where one of the edits is no prompt.
    """
    ours, theirs = ([e for e in side if not isinstance(e, _SILENT)] for side in (ours, theirs))
    if not all(isinstance(edit, _Prompt) for edit in (*ours, *theirs)):
        return False
    margin = _PROMPT_MARGIN_SNAPS * snap
    shapes = array_of([*ground.shapes, *layer.geometries])
    sides = []
    for prompts in (ours, theirs):
        reaches = [_prompt_reach(prompt, shapes, ground) for prompt in prompts]
        known = [one for one in reaches if one is not None]
        if len(known) < len(reaches):
            return False
        sides.append(known)
    return not any(one.touches(other, margin) for one in sides[0] for other in sides[1])


def _prompt_reach(
    prompt: Edit, shapes: npt.NDArray[np.object_], ground: PromptGround
) -> Reach | None:
    """The answer's own land, and the shapes of which it is, or takes, more than the edge."""
    if not isinstance(prompt, _Prompt) or prompt.id in ground.ids:
        return None
    if prompt.id.startswith(AUTO) or getattr(prompt, "field", None) is not None:
        return None
    drawn = _drawn(prompt, 0.0) or []
    held = shapely.intersects(shapes, drawn[0])
    if isinstance(prompt, PointSet) and (field := ground.field_of(prompt.point)) is not None:
        drawn.append(field)
    met = shapely.intersects(shapes, drawn[-1]).nonzero()[0]
    shared = Overlay.around(drawn).common_areas(shapes[met], drawn[-1])
    held[met[shared > _EDGE_SHARE * shapely.area(shapes[met])]] = True
    names = {prompt.id, *(f"shape {place}" for place in held.nonzero()[0].tolist())}
    return Reach(GeometryCollection(drawn), frozenset(names))


def do_not_touch(ours: Sequence[Edit], theirs: Sequence[Edit], layer: Layer, snap: float) -> bool:
    """Whether the edits of two sides give the same label in either order, for all that is known.

    The same but for the order of the parcels, and the rounding of coordinates.

    Parameters
    ----------
    ours, theirs : sequence of Edit
        In native pixels, each side made on ``layer`` without knowing of the other.
    layer : Layer
        Parcels of the label, not cut at the tile's core.
    snap : float
        As in :func:`core.label.corrections.apply_corrections`.
    """
    ours, theirs = ([e for e in side if not isinstance(e, _SILENT)] for side in (ours, theirs))
    if not _independent_kinds(ours, theirs):
        return False
    margin = _MARGIN_SNAPS * snap
    sides = []
    for edits in (ours, theirs):
        reaches = [reach(edit, layer, snap) for edit in edits]
        known = [one for one in reaches if one is not None]
        if len(known) < len(reaches):
            return False
        sides.append(_joined(known, margin))
    return not any(one.touches(other, margin) for one in sides[0] for other in sides[1])


def can_be_withdrawn(edit: Edit, later: Sequence[Edit], layer: Layer | None, snap: float) -> bool:
    """Whether an edit can be taken from under edits that were made since, which stay as they are.

    Prompts and choices can, as they can be deleted or changed back; but no correction may be left
    without the land that it was made on.

    Parameters
    ----------
    later : sequence of Edit
        In native pixels, as ``edit``.
    layer : Layer or None
        Parcels of the present label; None where it is not known.
    snap : float
        As in :func:`core.label.corrections.apply_corrections`.
    """
    if isinstance(edit, (*_SILENT, ChoicesChange)):
        return True
    corrections = [one for one in later if isinstance(one, CORRECTIONS)]
    if any(isinstance(one, LabelsImport) for one in (edit, *later)):
        return False
    if not corrections:
        return True
    # Their land is not where the label has parcels now.
    lost = isinstance(edit, ParcelDelete | Reshape | MoveBorder | PromptDelete | PromptsClear)
    if lost or layer is None:
        return False
    return do_not_touch([edit], corrections, layer, snap)


def _independent_kinds(ours: Sequence[Edit], theirs: Sequence[Edit]) -> bool:
    """Whether nothing depends on what the model answers to somebody's prompts.

    Prompts come before all corrections, whenever they are set.  So prompts of one side and
    corrections of the other may come in either order; but under corrections of both sides a prompt
    would change the parcels by an answer that is not known yet, and prompts contend for land.
    """
    prompts = [[isinstance(edit, _Prompt) for edit in edits] for edits in (ours, theirs)]
    if not any(map(any, prompts)):
        return True
    one, other = prompts
    return (all(one) and not any(other)) or (all(other) and not any(one))


def reach(edit: Edit, layer: Layer, snap: float) -> Reach | None:
    """What an edit may read or change; None where that cannot be known, or is everything.

    Parameters
    ----------
    layer : Layer
        What the edit is made on.
    snap : float
        As in :func:`core.label.corrections.apply_corrections`.
    """
    drawn = _drawn(edit, snap)
    if drawn is None:
        return None
    margin = _MARGIN_SNAPS * snap
    met = set(layer.within_reach(array_of(drawn), margin).tolist())
    if isinstance(edit, Split):
        met.update(layer.crossed(lengthened(edit.line, snap)).tolist())
    if isinstance(edit, SnapToNeighbours) and met:
        own = layer.geometries[sorted(met)]
        met.update(layer.within_reach(own, edit.tolerance + margin).tolist())
    names = {layer.parcels[place].id.partition(".")[0] for place in met}
    if isinstance(edit, AreaAdd):
        names.add(new_id(edit))
    return Reach(_hull([*drawn, *layer.geometries[sorted(met)]]), frozenset(names))


def _drawn(edit: Edit, snap: float) -> list[BaseGeometry] | None:
    """The points, lines and areas of an edit; None for edits that do not say where they are."""
    drawn: list[BaseGeometry] | None = None
    match edit:
        case AreaAdd() | AreaRemove():
            drawn = [edit.drawn]
        case Reshape(point):
            drawn = [point, edit.drawn]
        case MoveBorder(point):
            drawn = [point, edit.reached]
        case Split(line):
            drawn = [lengthened(line, snap)]
        case Merge(points):
            drawn = list(points)
        case ParcelDelete(point) | Reclassify(point) | Judge(point) | SnapToNeighbours(point):
            drawn = [point]
        case FillAttributes(point):
            drawn = [point]
        case FillHoles(Point() as point):
            drawn = [point]
        case PointSet(name, place) if not name.startswith(AUTO):
            drawn = [Point(place.column, place.row)]
        case BoxSet(name, left, top, right, bottom) if not name.startswith(AUTO):
            drawn = [shapely.box(left, top, right, bottom)]
    return drawn


def _joined(reaches: Sequence[Reach], margin: float) -> list[Reach]:
    """Reaches of one side, those that are near each other as one."""
    apart: list[Reach] = []
    for one in reaches:
        near = [other for other in apart if other.is_near(one, margin)]
        joined = one
        while near:
            apart = [other for other in apart if other not in near]
            joined = joined.with_all(near)
            near = [other for other in apart if other.is_near(joined, margin)]
        apart.append(joined)
    return apart


def _hull(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    return GeometryCollection(list(shapes)).convex_hull
