"""Rows of a tile's parcels for the browser: made once, and what it has is not sent again."""

from __future__ import annotations

import math
import secrets

from core import wire
from core.imagery.frame import Frame
from core.label.tile_label import Label
from core.parcels.parcel import Parcel
from core.session.label_json import parts_json

_MOST_LISTS = 16
"""So many lists back a browser may be that is sent only what is new; lists share their rows."""


class RowList(list[wire.Parcel]):
    """The rows of one label, which a browser may name as those that it has.

    Attributes
    ----------
    name : str
        Of no other list, in no other process.
    """

    def __init__(self, rows: list[wire.Parcel], name: str, of: ParcelRows) -> None:
        super().__init__(rows)
        self.name = name
        self._of = of

    def since(self, have: str) -> tuple[list[wire.Parcel], wire.SameParcels] | None:
        """What a browser lacks that has the list of this name; None where that is not known."""
        return self._of.between(have, self)


class ParcelRows:
    """Rows of a tile's parcels; those of parcels that stay the same objects are made once.

    Not safe to call from several threads at once, but for :meth:`between`.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Parcel, wire.Parcel]] = {}
        self._lists: dict[str, RowList] = {}
        self._begins, self._number = secrets.token_hex(6), 0

    def of(self, label: Label, frame: Frame) -> RowList:
        """Parcels for the browser: rings in native pixels, areas in hectares.

        The same list for the same parcels.
        """
        hectares = frame.native_pixel_area_m2 / 10_000.0
        known = self._known
        # The parcel is kept beside its row, so that no other one can get its address.
        self._known = {id(p): known.get(id(p)) or (p, _row(p, hectares)) for p in label.parcels}
        rows = [row for _, row in self._known.values()]
        last = next(reversed(self._lists.values()), None)
        if last is not None and len(last) == len(rows) and all(map(_is, last, rows)):
            return last
        self._number += 1
        made = RowList(rows, f"{self._begins}-{self._number}", self)
        # Another dictionary, not a changed one: somebody may be looking.
        kept = list(self._lists.values())[-_MOST_LISTS + 1 :]
        self._lists = {one.name: one for one in [*kept, made]}
        return made

    def between(self, have: str, now: RowList) -> tuple[list[wire.Parcel], wire.SameParcels] | None:
        """Rows of ``now`` that the list of the name ``have`` lacks, and where the others are."""
        before = self._lists.get(have)
        if before is None:
            return None
        places = {id(row): place for place, row in enumerate(before)}
        fresh: list[wire.Parcel] = []
        runs: list[wire.ParcelRun] = []
        for row in now:
            place = places.get(id(row), -1)
            if place < 0:
                fresh.append(row)
            start, count = runs[-1] if runs else (-2, 0)
            if (start < 0 and place == start) or (start >= 0 and place == start + count):
                runs[-1] = (start, count + 1)
            else:
                runs.append((place, 1))
        return fresh, {"of": have, "runs": runs}


def _is(one: object, other: object) -> bool:
    return one is other


def _row(parcel: Parcel, hectares: float) -> wire.Parcel:
    parts = parts_json(parcel.polygon)
    row: wire.Parcel = {
        "id": parcel.id,
        "area_ha": round(parcel.polygon.area * hectares, 4),
        "score": None if math.isnan(parcel.score) else round(parcel.score, 3),
        "state": parcel.state,
        "land_class": parcel.land_class,
        "reason": parcel.reason,
        "reviewer": parcel.reviewer,
        "reviewed_at": parcel.reviewed_at.isoformat() if parcel.reviewed_at else None,
        "rings": parts[0],
    }
    if len(parts) > 1:
        row["more"] = parts[1:]
    if parcel.attributes:
        row["attributes"] = dict(parcel.attributes)
    return row
