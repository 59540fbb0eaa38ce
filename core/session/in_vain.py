"""Clicks and boxes that find nothing: they are refused, so that no step stands for nothing.

What the model answers is asked for anyway once the step is stored, and it is asked once only.  The
first answer says most; where it finds nothing, the final one has to say so as well.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

import shapely

from core.edit_record import NewEdit
from core.errors import BusyError, CropMapError
from core.imagery.frame import Frame
from core.label.answers import Field
from core.label.drawn_corrections import AreaRemove, ParcelDelete
from core.label.field_cut import FieldGround
from core.label.prompt_edits import BoxSet, PointSet
from core.label.work import Work
from core.parcels.overlay import Overlay, Shape
from core.predict.predict_options import AUTO
from core.project import TileLog
from core.session.asker import Asker
from core.session.asking import Snapshot
from core.session.foreseeing import with_edits
from core.session.place import TilePlace

_log = logging.getLogger(__name__)

_SPECK_PIXELS = 4.0
"""Of the working grid: nobody sees that a field of fewer was found."""

_WAYS = (False, True)
"""Closely or not: the first answer is the quicker one."""


class FindsNothingError(CropMapError):
    """A click or a box that would change nothing."""


def refuse_what_finds_nothing(
    place: TilePlace,
    log: TileLog,
    edits: Sequence[NewEdit],
    seen: Snapshot,
    ground: FieldGround,
    asker: Asker,
) -> None:
    """Nothing, where every click and box of some edits finds something.

    Parameters
    ----------
    log : TileLog
        What they are to be appended to.
    ground : FieldGround
        The label of that log, before its corrections.
    asker : Asker
        Who waits for it.

    Raises
    ------
    FindsNothingError
        One does not.
    """
    before = place.work(log)
    for count, edit in enumerate(edits, start=1):
        after = place.work(with_edits(log, edits[:count], ""))
        found = not asks_model(edit) or any(
            _finds(seen, before, after, ground, place.frame, asker, closely=c) for c in _WAYS
        )
        if not found:
            raise _in_vain(edit)
        before = after


def asks_model(edit: NewEdit) -> bool:
    """Whether the model is asked what an edit is about."""
    named = str(edit.data.get("id", ""))
    return edit.kind in (PointSet.kind, BoxSet.kind) and not named.startswith(AUTO)


def _in_vain(edit: NewEdit) -> FindsNothingError:
    if edit.data.get("label") == 0:
        return FindsNothingError(
            "There is no field there to take away, and nothing was changed.",
            "Click inside a parcel.",
        )
    return FindsNothingError(
        "No field was found there, and nothing was changed.",
        "Click elsewhere in it, or draw it with Add area.",
    )


def _finds(
    seen: Snapshot,
    before: Work,
    after: Work,
    ground: FieldGround,
    frame: Frame,
    asker: Asker,
    *,
    closely: bool,
) -> bool:
    try:
        asked = partial(seen.fields, asker=asker, closely=closely)
        known = {field.prompt_id: field for field in asked(before)[0]}
        fields, _ = asked(after)
    except BusyError:
        return True  # nobody waits for long to be told no
    except Exception:  # noqa: BLE001  (what cannot be asked is no reason to refuse: it is told later)
        _log.warning("what a click finds could not be asked", exc_info=True)
        return True
    if len(fields) < len(known):
        return True  # one that was somewhere else is there no more
    for one in fields:
        same = known.get(one.prompt_id)
        if same is not None and same.area is one.area and same.adds == one.adds:
            continue
        if same is not None or _changes(one, after, ground, frame):
            return True
    return False


def _changes(one: Field, work: Work, ground: FieldGround, frame: Frame) -> bool:
    """Whether a new field changes anything that a person sees."""
    land = ground.land_of(one)
    if land is None:
        return False
    drawn = [signed.correction for signed in work.corrections]
    if any(isinstance(it, ParcelDelete) and land.contains(it.point) for it in drawn):
        return False
    cut = [it.drawn for it in drawn if isinstance(it, AreaRemove) and it.drawn.intersects(land)]
    # Corrections come after all prompts: what they cut out stays out.
    clicks = [shapely.Point(click.column, click.row) for click in one.clicks]
    if one.adds and any(hole.contains(click) for hole in cut for click in clicks):
        return False
    left = _without(land, cut) if one.adds else land.area
    return left > max(ground.least, _SPECK_PIXELS * frame.native_per_tile_pixel**2)


def _without(land: Shape, cut: Sequence[Shape]) -> float:
    if not cut:
        return float(land.area)
    with_all: list[shapely.Geometry] = [land, *cut]
    overlay = Overlay.around(with_all)
    return float(overlay.difference(land, overlay.union(list(cut))).area)
