"""Accepted parcels under lock: what an edit would change of them, told before it is stored.

A click inside an accepted parcel, or a drawing that changes one, is refused.  A click beside one
whose field would reach into it leaves it as it is: the edit goes to the log together with the steps
that give the accepted parcels their land back, so that the log alone says what happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import shapely

from core.edit_record import NewEdit
from core.errors import CropMapError
from core.label.answers import Answer
from core.label.choices_change import ChoicesChange
from core.label.correction_types import FillAttributes, Judge, Restore
from core.label.edit_units import EditUnits
from core.label.edits import Edit, edit_from_json, edit_to_json
from core.label.prompt_edits import BoxSet, PointSet
from core.label.tile_label import Label
from core.parcels.overlay import Overlay, polygons_of, shape_of
from core.parcels.parcel import Parcel
from core.project import TileLog
from core.session.foreseeing import with_edits
from core.session.place import TilePlace

Foresee = Callable[[TileLog], Label | None]
"""The label that a log would give; None where that cannot be told at once."""


class LockedError(CropMapError):
    """An edit that would change a parcel that somebody accepted."""


@dataclass(frozen=True, slots=True, eq=False)
class Lock:
    """The accepted parcels of a label.

    Parameters
    ----------
    label : Label
        As the person sees it.
    foresee : callable
        Makes the label of another log, with first answers of the model.
    """

    place: TilePlace
    log: TileLog
    label: Label
    foresee: Foresee

    def kept(self, edits: Sequence[NewEdit], author: str) -> list[NewEdit]:
        """The edits, and behind them what gives accepted parcels their land back.

        Raises
        ------
        LockedError
            One of them would change an accepted parcel, and is meant for it.
        """
        accepted = accepted_parcels(self.label)
        units = EditUnits.stored(self.place.frame)
        read = [edit_from_json(edit.kind, edit.data, units) for edit in edits]
        # Verdicts are given on purpose, settings are for the whole tile, attributes touch no shape.
        free = (Judge, ChoicesChange, FillAttributes)
        bound = [new for new, edit in zip(edits, read, strict=True) if not isinstance(edit, free)]
        if not accepted or not bound:
            return list(edits)
        for edit in read:
            self._check_place(edit, accepted)
        foreseen = self.foresee(with_edits(self.log, bound, author))
        if foreseen is None:
            return list(edits)
        lost = _lost(accepted, foreseen)
        if lost and not all(isinstance(edit, (*free, PointSet, BoxSet)) for edit in read):
            raise _locked(lost)
        back = [Restore(parcel.polygon.representative_point()) for parcel in lost]
        return [*edits, *(edit_to_json(edit, units) for edit in back)]

    @staticmethod
    def _check_place(edit: Edit, accepted: Sequence[Parcel]) -> None:
        """Refuse a click inside an accepted parcel."""
        if not isinstance(edit, PointSet):
            return
        point = shapely.Point(edit.point.column, edit.point.row)
        under = [parcel for parcel in accepted if parcel.polygon.intersects(point)]
        if under:
            raise _locked(under)


def beside_accepted(answer: Answer, label: Label) -> Answer:
    """A click's answer without the land of accepted parcels."""
    if answer.area is None:
        return answer
    shapes = [parcel.polygon for parcel in accepted_parcels(label)]
    near = [shape for shape in shapes if shape.intersects(answer.area)]
    if not near:
        return answer
    overlay = Overlay.around([answer.area, *near])
    left = polygons_of(overlay.difference(answer.area, overlay.union(near)))
    return replace(answer, area=shape_of(left) if left else None)


def accepted_parcels(label: Label) -> list[Parcel]:
    """The parcels of a label whose acceptance stands."""
    return [parcel for parcel in label.parcels if parcel.state == "accepted"]


def _lost(accepted: Sequence[Parcel], label: Label) -> list[Parcel]:
    """The accepted parcels of which another label does not say any more that they are."""
    still = Counter(_signed(parcel) for parcel in accepted_parcels(label))
    before = Counter(_signed(parcel) for parcel in accepted)
    fewer = before - still
    shapes = {parcel.polygon.wkb for parcel in accepted_parcels(label)}
    return [one for one in accepted if fewer[_signed(one)] and one.polygon.wkb not in shapes]


def _signed(parcel: Parcel) -> tuple[str, datetime | None]:
    return parcel.reviewer, parcel.reviewed_at


def _locked(parcels: Sequence[Parcel]) -> LockedError:
    names = sorted({parcel.reviewer for parcel in parcels if parcel.reviewer})
    who = " and ".join(names) if 0 < len(names) <= 2 else "somebody"
    what = "a parcel" if len(parcels) == 1 else f"{len(parcels):,} parcels"
    return LockedError(
        f"This would change {what} that {who} accepted.",
        "Accepted parcels are locked.",
    )
