"""Labels one after the other, each from the parts of the one before.

A label is the automatic (or imported) parcels, then the fields of the person's prompts, then their
corrections: a row of steps.  Most edits add one step at the end, or take one away, so what the
steps before came to is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from core.imagery.frame import Frame
from core.label.acceptance import Acceptance, Settling, within_land
from core.label.answers import Field
from core.label.choices import Choices
from core.label.correction_import import LabelsImport
from core.label.correction_layer import Layer, ParcelChange
from core.label.corrections import (
    Signature,
    Signed,
    apply_to_layer,
    correction_change,
    looks_around_itself,
)
from core.label.field_cut import FieldCuts, FieldGround, largest_first, put_field, rim_width
from core.label.looked_at import Changes, Looks
from core.label.tile_label import Label
from core.label.work import Work
from core.parcels.overlay import Overlay
from core.parcels.parcel import Parcel
from core.parcels.topology import Checked, recheck

_PROBLEM_PIXELS = 1.0
"""Of the working grid: what is narrower was not seen by the model, nor meant by a person."""

_SNAP_PIXELS = 0.5
_LEAST_LEFT_M2 = 400.0
_KEPT_STEPS = 32
"""So many undos are answered at once; layers share their parcels, so one costs little."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What the steps stand on; the same objects as long as nothing changed."""

    automatic: Sequence[Parcel]
    imported: LabelsImport | None
    accepted_before: tuple[Acceptance, ...]
    frame: Frame
    least: float
    smallest: float

    def is_that(self, other: _Ground) -> bool:
        """Whether the same steps on both give the same parcels."""
        same = self.automatic is other.automatic and self.imported is other.imported
        sizes = self.least == other.least and self.smallest == other.smallest
        return same and sizes and self.frame == other.frame


@dataclass(frozen=True, slots=True)
class _FieldStep:
    """A field that a prompt gave; told by the object of its area, which answers keep."""

    area: int
    field: Field
    signature: Signature

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _FieldStep):
            return NotImplemented
        return self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[object, ...]:
        own = self.field
        return self.area, own.adds, own.prompt_id, own.clicks, own.tidy, self.signature


_Step = _FieldStep | Signed


def problem_width(frame: Frame) -> float:
    """Native pixels: gaps and parcels narrower than this are told as problems."""
    return _PROBLEM_PIXELS * frame.native_per_tile_pixel


def snap_length(frame: Frame) -> float:
    """Native pixels: a length that means nothing to a person."""
    return _SNAP_PIXELS * frame.native_per_tile_pixel


def least_left(choices: Choices, frame: Frame) -> float:
    """Native pixels: what a field leaves of a parcel and nobody would call one goes."""
    return min(choices.min_area_m2, _LEAST_LEFT_M2) / frame.native_pixel_area_m2


class LabelMaker:
    """Makes a tile's labels; not safe to call from several threads at once."""

    def __init__(self) -> None:
        self._ground: _Ground | None = None
        self._steps: list[_Step] = []
        self._fields = 0
        self._layers: dict[int, Layer] = {}
        self._checked: Checked | None = None
        self._cut: dict[int, tuple[Parcel, Parcel | None]] = {}
        self._settling = Settling()
        self._cuts = FieldCuts()
        self._changes = Changes()

    def make(
        self,
        version: str,
        automatic: Sequence[Parcel],
        fields: Sequence[Field],
        work: Work,
        frame: Frame,
        *,
        checked: bool = True,
    ) -> Label:
        """The label.

        Parameters
        ----------
        version : str
            Names it.
        automatic : sequence of Parcel
            Of the prediction, in native pixels; the same object as long as they are the same.
        fields : sequence of Field
            The answers to the person's prompts.
        work : Work
            Its choices, corrections and imported labels count, and who set which prompt.
        checked : bool
            False leaves the problems as they were last: for a label that is shown for a moment.

        Raises
        ------
        InputError
            GEOS cannot compute a correction.  None is known that does this.
        """
        least = least_left(work.choices, frame)
        smallest = work.choices.min_area_m2 / frame.native_pixel_area_m2
        ground = _Ground(automatic, work.imported, work.accepted_before, frame, least, smallest)
        steps: list[_Step] = [
            _FieldStep(id(f.area), f, work.signatures.get(f.prompt_id, Signature())) for f in fields
        ]
        self._fields = len(steps)
        layer = self._walked(ground, [*steps, *work.corrections])
        settled = self._settling.settle(self._inside(layer, frame), layer.acceptances)
        parcels, changed = settled.parcels, settled.changed
        if not checked:
            problems = self._checked.problems if self._checked else ()
            return Label(version, parcels, problems, changed)
        self._checked = recheck(self._checked, list(parcels), problem_width(frame))
        return Label(version, self._checked.parcels, self._checked.problems, changed)

    @property
    def layer(self) -> Layer:
        """The parcels of the label that was made last, not cut at the tile's core."""
        return self._layers[len(self._steps)]

    @property
    def field_ground(self) -> FieldGround:
        """What another prompt's field would act on: the label made last before its corrections."""
        ground = self._ground
        if ground is None:
            raise ValueError("no label was made")
        layer, rim = self._layers[self._fields], rim_width(ground.frame)
        return FieldGround(layer, ground.least, rim, self._cuts)

    def _walked(self, ground: _Ground, steps: list[_Step]) -> Layer:
        """The layer after all steps, from the last kept one that they have in common."""
        if self._ground is None or not ground.is_that(self._ground):
            self._ground, self._steps = ground, []
            start = ground.automatic
            if ground.imported is not None:
                start = ground.imported.over(ground.automatic)
            self._layers = {0: _first_layer(start, ground.accepted_before, ground.frame)}
        known = max(count for count in self._layers if count <= self._in_common(steps))
        layer = self._layers[known]
        sizes = _Sizes(
            snap_length(ground.frame), ground.least, ground.smallest, rim_width(ground.frame)
        )
        walked = {count: kept for count, kept in self._layers.items() if count <= known}
        for count, step in enumerate(steps[known:], start=known + 1):
            layer = walked[count] = self._after(layer, step, sizes)
        self._steps = steps
        self._changes.keep_only((step, sizes) for step in steps)
        # The first is always kept: from it all can be walked again; prompts go on the fields.
        always = (0, self._fields)
        self._layers = {n: walked[n] for n in walked if n in always or n > len(steps) - _KEPT_STEPS}
        return layer

    def _after(self, layer: Layer, step: _Step, sizes: _Sizes) -> Layer:
        if isinstance(step, Signed) and not looks_around_itself(step.correction):
            return apply_to_layer(layer, step, sizes.snap, sizes.smallest)

        def compute(looks: Looks) -> ParcelChange | None:
            if isinstance(step, Signed):
                return correction_change(layer.watched(looks), step, sizes.snap, sizes.smallest)
            cut = self._cuts.of(layer, step.field, sizes.least, sizes.rim)
            looks.take_over(cut.looks)
            return put_field(layer, step.field, cut).signed(step.signature)

        change = self._changes.of(layer, (step, sizes), compute)
        return layer if change is None else layer.after(change)

    def _in_common(self, steps: list[_Step]) -> int:
        """How many steps, from the first, are those of the label before."""
        same = 0
        for one, other in zip(steps, self._steps, strict=False):
            if one != other:
                break
            same += 1
        return same

    def _inside(self, layer: Layer, frame: Frame) -> list[Parcel]:
        """Parcels cut at the tile's core: what lies beyond belongs to the neighbour."""
        core = _core(frame)
        left, top, right, bottom = core.bounds
        bounds = shapely.bounds(layer.geometries)
        low, high = np.array([left, top]), np.array([right, bottom])
        whole = (bounds[:, :2] >= low).all(axis=1) & (bounds[:, 2:] <= high).all(axis=1)
        beyond = [layer.parcels[place] for place in np.flatnonzero(~whole)]
        # Cut once: the same object as before need not be checked or told again.
        self._cut = {id(p): self._cut.get(id(p)) or (p, _cut(p, core)) for p in beyond}
        if not beyond:
            return layer.parcels
        kept = (self._cut[id(p)][1] if id(p) in self._cut else p for p in layer.parcels)
        return [parcel for parcel in kept if parcel is not None]


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What means nothing to a person: lengths and areas of native pixels."""

    snap: float
    least: float
    smallest: float
    rim: float


def _first_layer(parcels: Sequence[Parcel], before: tuple[Acceptance, ...], frame: Frame) -> Layer:
    """Parcels to begin with; those that came from a file as accepted are so in their shape."""
    core = _core(frame)
    brought = tuple(
        Acceptance(
            within_land(parcel.polygon, core),
            parcel.land_class,
            parcel.reason,
            Signature(parcel.reviewer, parcel.reviewed_at),
        )
        for parcel in parcels
        if parcel.state == "accepted"
    )
    return Layer(list(parcels), core, acceptances=(*before, *brought))


def _core(frame: Frame) -> shapely.Polygon:
    column, row, width, height = frame.core_bounds()
    return shapely.box(column, row, column + width, row + height)


def _cut(parcel: Parcel, core: shapely.Polygon) -> Parcel | None:
    """A parcel's part inside the core; None where it has none."""
    # On plain doubles GEOS cuts wrongly, or not at all, where the seam cut the parcel before.
    shapes = [parcel.polygon, core]
    with np.errstate(all="ignore"):  # edges of hardly any length: GEOS copes, numpy warns
        inside = Overlay.around(shapes).intersection(parcel.polygon, core)
    pieces = largest_first(inside, 0.0)
    if not pieces:
        return None
    shape = pieces[0] if len(pieces) == 1 else shapely.MultiPolygon(pieces)
    return replace(parcel, polygon=shape)
