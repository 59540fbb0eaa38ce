"""A tile's label as it was made last: what the next one needs not compute again, and its file."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from core.label.field_cut import FieldGround
from core.label.kept_label import keep_label, load_label
from core.label.label_maker import LabelMaker
from core.label.tile_label import Label, automatic_parcels
from core.label.work import Work
from core.parcels.parcel import Parcel
from core.predict.kept_prediction import Prediction
from core.project import TileLog
from core.session.appending import Ground
from core.session.asker import Asker
from core.session.asking import Snapshot, first_version, is_final
from core.session.place import TilePlace

Later = Callable[[Callable[[], None]], None]
"""Does something small soon, in another thread, in order."""

_MOST_GROUNDS = 32
"""So far may somebody be behind whose edits are merged; layers share their parcels."""

_NO_LABEL = Label("none", ())


class LabelMemory:
    """The labels of one tile; safe to call from any thread.

    A label is what :func:`core.label.make.make_label` makes; here its parts are remembered.

    Parameters
    ----------
    path : Path
        Where the final label is kept.
    lock : RLock
        That of the tile.
    later : callable
        Takes the writing of files.
    """

    def __init__(self, path: Path, lock: threading.RLock, later: Later) -> None:
        self.path = path
        self._lock, self._later = lock, later
        self._maker = LabelMaker()
        self._making_automatic = threading.Lock()
        self._automatic: tuple[tuple[object, ...], tuple[Parcel, ...]] = ((), ())
        self._label: Label | None = None
        self._log_version = -1
        self._field_ground: FieldGround | None = None
        self._grounds: OrderedDict[int, Ground] = OrderedDict()

    def kept(self, version: str) -> Label | None:
        """The label of this version from disk, where it is there."""
        kept = load_label(self.path)
        return Label.from_json(kept) if kept is not None and kept["version"] == version else None

    def ground(self, log_version: int) -> Ground | None:
        """What edits on a version of the log stand on, where its label was made lately.

        That of first answers where there is no final one yet: it is what people saw.
        """
        with self._lock:
            return self._grounds.get(log_version)

    def forget_grounds(self) -> None:
        """What edits stood on is not what they would stand on now."""
        with self._lock:
            self._grounds.clear()
            self._field_ground = None

    def field_ground(self) -> FieldGround | None:
        """What another prompt's field would act on; None before a label was made."""
        with self._lock:
            return self._field_ground

    def last(self) -> Label:
        """The last label, while another cannot be made."""
        with self._lock:
            if self._label is None and (kept := load_label(self.path)) is not None:
                self._label = Label.from_json(kept)
            return self._label or _NO_LABEL

    def make(
        self,
        seen: Snapshot,
        place: TilePlace,
        work: Work,
        log: TileLog,
        *,
        closely: bool,
        checked: bool = True,
        asker: Asker | None = None,
    ) -> Label:
        """The label of this log; not ``closely``, with answers that may not be final.

        Not ``checked``, its problems are not known, as of a label from disk.  What is kept on disk
        as final is better than first answers: after a restart nobody sees less than was there.

        Asks without holding the lock: others go on with the tile meanwhile.
        """
        version = place.label_version(log, work)
        # Of many who read first answers each is given those that the first of them was given;
        # that they become final is seen to already.
        good = {version} if closely else {version, first_version(version)}
        with self._lock:
            if (made := self._made(good)) is not None:
                return made
        automatic: tuple[Parcel, ...] = ()
        if seen.prediction is not None and work.needs_prediction:
            automatic = self._automatic_parcels(place, work, seen.prediction)
        fields, final = seen.fields(work, asker or Asker.behind(), closely=closely)
        # A file can only be ahead of what is at hand while nothing was made here.
        if not final and self._log_version < 0 and (kept := self.kept(version)) is not None:
            return kept
        named = version if final else first_version(version)
        with self._lock:
            # Others who read first answers may have made it while this one waited.
            if not final and (made := self._made(good)) is not None:
                return made
            label = self._maker.make(
                named, automatic, fields, work, place.frame, checked=checked and final
            )
            before = (*(parcel.polygon for parcel in automatic), *(f.area for f in fields))
            self._keep_ground(Ground(log, self._maker.layer, before), final=final)
            newest = self._keep(label, log, checked=checked)
            if newest:
                self._field_ground = self._maker.field_ground
        if newest and is_final(label.version):
            self._later(lambda: keep_label(self.path, label.to_json()))
        return label

    def _made(self, versions: set[str]) -> Label | None:
        """The label that is at hand, where it is the one of any of these versions."""
        return self._label if any(self.is_made(one) for one in versions) else None

    def is_made(self, version: str) -> bool:
        """Whether the label that is at hand is the one of this version, with its problems."""
        with self._lock:
            label = self._label
            # A label from disk does not tell its problems.
            return label is not None and self._log_version >= 0 and label.version == version

    def foreseen(self, seen: Snapshot, place: TilePlace, work: Work, asker: Asker) -> Label:
        """The label that some work would give, with first answers; it is shown to nobody.

        What it takes is at hand when the work becomes the tile's own.
        """
        automatic: tuple[Parcel, ...] = ()
        if seen.prediction is not None and work.needs_prediction:
            automatic = self._automatic_parcels(place, work, seen.prediction)
        fields, _ = seen.fields(work, asker, closely=False)
        with self._lock:
            return self._maker.make("", automatic, fields, work, place.frame, checked=False)

    def _keep_ground(self, ground: Ground, *, final: bool) -> None:
        version = ground.log.version
        if final or version not in self._grounds:
            self._grounds[version] = ground
            while len(self._grounds) > _MOST_GROUNDS:
                self._grounds.popitem(last=False)

    def _keep(self, label: Label, log: TileLog, *, checked: bool) -> bool:
        """Keep a label unless there is one of a newer log, or a final one of the same; whether."""
        newer = log.version > self._log_version
        if not newer and (log.version < self._log_version or not is_final(label.version)):
            return False
        if checked:
            self._label, self._log_version = label, log.version
        return True

    def _automatic_parcels(
        self, place: TilePlace, work: Work, prediction: Prediction
    ) -> tuple[Parcel, ...]:
        choices = work.choices
        key = (
            place.key(work),
            choices.threshold,
            choices.min_area_m2,
            choices.simplify_px,
            choices.field_size,
        )
        # Of many who look after a change of the choices one makes them, and the others wait.
        with self._making_automatic:
            if self._automatic[0] != key:
                made = automatic_parcels(prediction, choices, place.image(), place.frame)
                self._automatic = (key, made)
            return self._automatic[1]
