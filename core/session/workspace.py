"""A tile that people work on: its state for the browser, its edits, its masks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core import wire
from core.edit_record import NewEdit
from core.errors import BusyError, CancelledError, CropMapError, InputError, ReplacedFileError
from core.grid import PixelPoint
from core.imagery.frame import Frame
from core.label.answers import Answer, Field
from core.label.browser_edits import to_new_edits
from core.label.inner_border import strongest_inner_border
from core.label.tile_label import Label
from core.label.work import BrokenEditError, Work
from core.predict.kept_prediction import UNKNOWN, Prediction
from core.predict.tile import TileMemory
from core.project import Project, TileLog
from core.session import undoing
from core.session.accepted_labels import accepted_label, keep_accepted_label, kept_note
from core.session.appending import append_or_merge
from core.session.asker import Asker
from core.session.asking import (
    Snapshot,
    asking_in_turn,
    fields_of_clicks,
)
from core.session.finished_tile import FinishedTile
from core.session.in_vain import asks_model, refuse_what_finds_nothing
from core.session.label_memory import LabelMemory, Later
from core.session.locking import Lock, beside_accepted
from core.session.models import Models
from core.session.opened import OpenedScene, open_project_scene
from core.session.own_attributes import check_attributes
from core.session.parcel_rows import ParcelRows
from core.session.place import TilePlace, label_path, model_of
from core.session.preparation import Preparation, SeenTile
from core.session.state import Complain, Moment, figures_of, plain_complaint, to_json
from core.session.work_queue import Urgency
from core.shortage import shortage_of

_log = logging.getLogger(__name__)

_Now = tuple[TilePlace, TileLog, Work, BrokenEditError | None]


class Workspace:
    """One tile of one scene, shared by everybody who looks at it; safe to call from any thread.

    Parameters
    ----------
    later : callable
        Takes what need not be done before the person sees the answer.
    """

    def __init__(
        self, project: Project, scene_id: str, tile: str, models: Models, later: Later
    ) -> None:
        self._project, self._scene_id, self._tile = project, scene_id, tile
        self._models, self._later = models, later
        self._lock = threading.RLock()
        self._seen = SeenTile(TileMemory())
        self._prediction: Prediction | None = None
        self._prediction_key = ""
        self._preparing: Preparation | None = None
        self._error: CropMapError | None = None
        self._failed_key = ""
        path = label_path(project.folder, scene_id, tile)
        self._labels = LabelMemory(path, self._lock, self._later_in_place)
        self._refining: Future[None] | None = None
        self._given_up = -1
        self._rows = ParcelRows()
        self._scene_version = -1
        self._broken: tuple[int, BrokenEditError] | None = None

    def _later_in_place(self, work: Callable[[], None]) -> None:
        """Do something small soon, unless the folder is another project's by then."""

        def checked() -> None:
            self._project.verify()
            work()

        self._later(checked)

    @property
    def project(self) -> Project:
        """Where its edits are stored."""
        return self._project

    # What the person does -----------------------------------------------------------------

    def edit(
        self,
        raw: Any,
        version: int,
        author: str,
        *,
        lock: bool = False,
        together: bool = False,
        asker: Asker | None = None,
    ) -> TileLog:
        """Store edits as the browser sends them; they are on disk when this returns.

        Each is a step of its own to undo, however many were sent at once.  Where the log has gone
        on since ``version``, edits that do not touch what was done since are stored all the same.

        Parameters
        ----------
        lock : bool
            Accepted parcels stay as they are (:class:`core.session.locking.Lock`).
        together : bool
            All of them are one step: the same change of many parcels.
        asker : Asker, optional
            Who waits for it; the author, from now on.

        Raises
        ------
        FindsNothingError
            A click or box of them finds nothing; nothing is stored.
        LockedError
            They would change a parcel that is accepted; nothing is stored.
        InputError
            Something in them cannot be used, or they would stand on a step that cannot be
            replayed; nothing is stored.
        ConflictError
            Somebody was faster in the same place; nothing is stored.
        """
        if (broken := self._broken) is not None and broken[0] == version:
            raise InputError(broken[1].message, "Undo that step before you continue.")
        asker = asker or Asker(author)
        place = self._place()
        edits = sent = to_new_edits(raw, place.frame)
        check_attributes(self._project, sent)
        if any(map(asks_model, sent)):
            self._refuse_what_finds_nothing(place, sent, version, asker)
        if lock:
            edits = self._lock_of(place, asker).kept(sent, author)
        followed = place.opened.record.version == self._scene_version
        ground = self._labels.ground(version) if followed else None
        # One gesture and what keeps accepted parcels from it are undone as one.
        together = together or (len(sent) == 1 and len(edits) > 1)
        with self._lock:
            view = self._seen.view
        return append_or_merge(
            place,
            edits,
            author=author,
            version=version,
            ground=ground,
            field_of=fields_of_clicks(view, self._models.service(place.model_key), asker),
            together=together,
        )

    def _refuse_what_finds_nothing(
        self, place: TilePlace, edits: list[NewEdit], version: int, asker: Asker
    ) -> None:
        """Raise where that can be told, before the model is asked for the label anyway."""
        with self._lock:
            self._follow_scene(place)
            seen, ground = self._snapshot(place), self._labels.field_ground()
        log = self._project.log(self._scene_id, self._tile)
        # What others have done meanwhile is told first.
        if seen.view is not None and ground is not None and log.version == version:
            refuse_what_finds_nothing(place, log, edits, seen, ground, asker)

    def _lock_of(self, place: TilePlace, asker: Asker) -> Lock:
        log = self._project.log(self._scene_id, self._tile)
        return Lock(
            place, log, self._labels.last(), lambda then: self._foreseen(place, then, asker)
        )

    def _foreseen(self, place: TilePlace, log: TileLog, asker: Asker) -> Label | None:
        """The label that a log would give; None where that takes a new prediction."""
        work = place.work(log)
        with self._lock:
            self._follow_scene(place)
            at_hand = not work.needs_prediction or self._at_hand(place.key(work)) is not None
            if not at_hand or (work.asks_model and self._seen.view is None):
                return None
            seen = self._snapshot(place)
        return self._labels.foreseen(seen, place, work, asker)

    def undo(self, version: int, author: str, *, anybody: bool = False) -> TileLog | None:
        """Take back the person's last step, or ``anybody``'s; see :mod:`core.session.undoing`."""
        place = self._place()
        ground = self._labels.ground(version)
        return undoing.undo(place, author=author, version=version, anybody=anybody, ground=ground)

    def redo(self, version: int, author: str, *, anybody: bool = False) -> TileLog | None:
        """Do the step again that the person, or ``anybody``, took back last."""
        return undoing.redo(self._place(), author=author, version=version, anybody=anybody)

    # What the person sees -----------------------------------------------------------------

    def state(
        self,
        urgency: Urgency = Urgency.TILE,
        *,
        log: TileLog | None = None,
        closely: bool = True,
        complain: Complain = plain_complaint,
        asker: Asker | None = None,
    ) -> wire.TileState:
        """The tile as the browser shows it.

        Long work is started, not waited for: ``status`` says ``working`` meanwhile, and the label
        is the last that could be made.

        Parameters
        ----------
        log : TileLog, optional
            The newest, where the caller has just got it.
        closely : bool
            False takes answers that are at hand at once, and has the final ones made:
            ``refining`` says so.
        complain : callable, optional
            Words what is wrong.
        asker : Asker, optional
            Who waits for it; final answers are waited for very long where nobody is named.
        """
        asker = asker or (Asker.behind() if closely else Asker())
        moment = self._moment(urgency, log, asker, closely=closely)
        with self._lock:
            return to_json(moment, complain)

    @property
    def refining(self) -> Future[None] | None:
        """The work that makes first answers final; it ends early where it is overtaken."""
        return self._refining

    def prepare(self, urgency: Urgency) -> None:
        """Start what somebody who opens the tile would wait for."""
        place, _, work, _ = self._now()
        with self._lock:
            self._bring_up(place, work, urgency)

    def finished(self) -> Label:
        """The label of all edits, however long it takes: for results and whole-scene runs.

        It does not tell its problems, which only the person who edits the tile is shown.

        Raises
        ------
        CropMapError
            Why it cannot be made.
        """
        place, log = self._place(), self._project.log(self._scene_id, self._tile)
        return accepted_label(place, log) or self._finished(place, log, place.work(log))

    def keep_accepted(self) -> None:
        """Keep the label of a tile that was just accepted, soon; one that was never made is not."""

        def keep() -> None:
            place, log = self._place(), self._project.log(self._scene_id, self._tile)
            verdict = self._project.tile(self._scene_id, self._tile).verdict
            label = self._labels.kept(place.label_version(log, place.work(log)))
            if verdict.verdict == "accepted" and label is not None:
                keep_accepted_label(place, verdict, label)

        self._later_in_place(keep)

    def finished_tile(self) -> FinishedTile:
        """The label of all edits with what it came from, all of one moment.

        Raises
        ------
        CropMapError
            Why it cannot be made.
        """
        place, log = self._place(), self._project.log(self._scene_id, self._tile)
        work = place.work(log)
        if (kept := accepted_label(place, log)) is not None:
            return FinishedTile(kept, None, log, work)
        label = self._finished(place, log, work)
        prediction = self._prediction_for(place, work) if work.needs_prediction else None
        return FinishedTile(label, prediction, log, work)

    def hover(
        self,
        native: PixelPoint,
        pointer: str,
        *,
        adds: bool = True,
        closely: bool = False,
        lock: bool = False,
        asker: Asker | None = None,
    ) -> Answer | None:
        """The land that a click there would add, or take away; None while the model is not ready.

        A newer question of the same ``pointer`` ends an older one; ``asker`` waits for it.

        Asked ``closely``, it waits for the final answer, and a click there finds that at hand.
        Under ``lock`` accepted parcels keep their land.

        Raises
        ------
        CancelledError
            The pointer has moved on.
        """
        opened = self._opened()
        with self._lock:
            view = self._seen.view
            service = self._models.service(model_of(opened))
            ground = self._labels.field_ground()
        if view is None or not opened.frame(self._tile).holds(native):
            return None
        urgency = Urgency.CLOSER if closely else Urgency.HOVER
        ask = asking_in_turn(view.views, service, urgency, asker or Asker(), f"hover {pointer}")
        found = view.answers.of_point(native, ask, closely=closely)
        if found.area is not None and ground is not None:
            asked = Field(found.area, adds, "", (native,), tidy=True)
            found = replace(found, area=ground.land_of(asked))
        return beside_accepted(found, self._labels.last()) if lock else found

    def inner_border(self, native: PixelPoint) -> shapely.LineString | None:
        """The line along which the parcel there comes apart best; None where none was seen."""
        place, _, work, _ = self._now()
        with self._lock:
            prediction, label = self._prediction, self._labels.last()
        point = shapely.Point(native.column, native.row)
        here = [parcel for parcel in label.parcels if parcel.polygon.covers(point)]
        if prediction is None or not here:
            return None
        return strongest_inner_border(prediction, place.frame, here[0], work.choices.min_area_m2)

    def layer(self, name: str) -> npt.NDArray[np.uint8] | None:
        """``probability`` or ``uncertainty`` on the core's pixels, as ``to_bytes`` has it."""
        with self._lock:
            prediction = self._prediction
        if prediction is None:
            return None
        values: npt.NDArray[np.uint8] = getattr(prediction, name)
        return values[self._opened().frame(self._tile).core.slices]

    # How it is made -----------------------------------------------------------------------

    def _now(self, log: TileLog | None = None) -> _Now:
        """The tile's log and work, up to the step before the first that cannot be replayed."""
        place, log = self._place(), log or self._project.log(self._scene_id, self._tile)
        sound, work, broken = place.sound_work(log)
        self._broken = None if broken is None else (log.version, broken)
        return place, sound, work, broken

    def _place(self) -> TilePlace:
        return TilePlace(self._project, self._opened(), self._tile)

    def _opened(self) -> OpenedScene:
        return open_project_scene(self._project, self._scene_id)

    def _follow_scene(self, place: TilePlace) -> None:
        """Forget what belongs to earlier imagery, land cover or model."""
        version = place.opened.record.version
        if version == self._scene_version:
            return
        self._scene_version = version
        self._labels.forget_grounds()
        self._seen, self._prediction = SeenTile(TileMemory()), None
        self._failed_key, self._error = "", None
        if self._preparing is not None:
            self._preparing.cancelled = True
            self._preparing = None

    def _at_hand(self, key: str) -> Prediction | None:
        """The prediction of this key, where it is in memory."""
        return self._prediction if self._prediction_key == key else None

    def _have_all(self, place: TilePlace, work: Work) -> bool:
        """Whether the label can be made now; the automatic prediction is taken from disk."""
        key = place.key(work)
        if self._at_hand(key) is None:
            kept = place.kept(work)
            if kept is None and work.needs_prediction:
                return False
            self._prediction, self._prediction_key = kept, key
        return not work.asks_model or self._seen.has_seen(place.model_key)

    def _prediction_for(self, place: TilePlace, work: Work) -> Prediction:
        """The prediction that this work stands on, made again where it was lost."""
        with self._lock:
            self._follow_scene(place)
            preparation = self._preparation(place, work)
            return preparation.prediction or place.kept(work) or preparation.run()

    def _finished(self, place: TilePlace, log: TileLog, work: Work) -> Label:
        kept = self._labels.kept(place.label_version(log, work))
        if kept is not None:
            return kept
        with self._lock:
            self._follow_scene(place)
            if not self._have_all(place, work):
                self._take(self._preparation(place, work))
            seen = self._snapshot(place)
        label = self._labels.make(seen, place, work, log, closely=True, checked=False)
        self._tell_figures(place.frame, work, seen.prediction, label)
        return label

    def _moment(
        self, urgency: Urgency, log: TileLog | None, asker: Asker, *, closely: bool
    ) -> Moment:
        place, log, work, broken = self._now(log)
        with self._lock:
            ready = self._bring_up(place, work, urgency)
            seen = self._snapshot(place)
            # Seen together: work that ends a moment later must not make an old label look ready.
            preparing, error = self._preparing, self._error
        accepted = accepted_label(place, log)
        label = accepted or self._labels.last()
        if accepted is not None:
            ready = False
        elif ready:
            try:
                label = self._labels.make(seen, place, work, log, closely=closely, asker=asker)
            except ReplacedFileError as replaced:
                ready, error = False, replaced
            except BusyError:
                # What is shown is the label before, and that the one to come is worked at.
                label = self._labels.last()
        version, settled = log.version, place.label_version(log, work)
        made = self._labels.is_made(settled)
        refining = ready and not made and self._given_up != version
        if refining:
            self._refining = self._models.refinements.submit(
                lambda: self._refine(version, asker.name),
                Urgency.FINAL,
                str(self._labels.path),
                who=asker.name,
                question=(self._labels.path, version, label.version),
            )
        elif ready and made:
            self._later(lambda: self._tell_figures(place.frame, work, seen.prediction, label))
        verdict = self._project.tile(self._scene_id, self._tile).verdict
        return Moment(
            place,
            place.frame,
            log,
            work,
            label,
            accepted is not None or label.version == settled,
            refining,
            self._rows,
            seen.prediction,
            preparing,
            error or broken,
            kept_note() if accepted is not None else None,
            verdict,
        )

    def _refine(self, version: int, who: str) -> None:
        """Make the first answers final; where that fails they stay until the next edit."""
        try:
            self._moment(Urgency.TILE, None, Asker.behind(who), closely=True)
        except Exception:  # noqa: BLE001  (the last resort of a thread: logged)
            _log.exception("first answers could not be made final")
            self._given_up = version

    def _bring_up(self, place: TilePlace, work: Work, urgency: Urgency) -> bool:
        """Whether the label can be made now; starts what is missing, hover's embedding as well."""
        self._follow_scene(place)
        enough = self._have_all(place, work)
        if enough and self._seen.has_seen(place.model_key):
            self._error, self._failed_key = None, ""
        elif self._failed_key != place.attempt(place.key(work)):
            self._start(place, work, urgency)
        return enough

    def _snapshot(self, place: TilePlace) -> Snapshot:
        service = self._models.service(place.model_key)
        return Snapshot(self._prediction, self._seen.view, service)

    def _preparation(self, place: TilePlace, work: Work) -> Preparation:
        key = place.key(work)
        service = self._models.service(place.model_key)
        return Preparation(place, work, service, self._seen, key, prediction=self._at_hand(key))

    def _start(self, place: TilePlace, work: Work, urgency: Urgency) -> None:
        if self._preparing is not None:
            if self._preparing.key == place.key(work):
                return
            self._preparing.cancelled = True
        preparation = self._preparation(place, work)
        self._preparing, self._error = preparation, None
        preparation.service.tiles.submit(lambda: self._run(preparation), urgency)

    def _run(self, preparation: Preparation) -> None:
        """The long work, in the model's own thread; what is wrong is told in the state."""
        try:
            if not preparation.cancelled:
                self._take(preparation)
        except CancelledError:
            return
        except CropMapError as error:
            self._fail(preparation, error)
        except Exception as error:  # noqa: BLE001  (the last resort of a thread: logged, and told)
            _log.exception("a tile could not be predicted")
            message = "Something went wrong in the app itself. Your edits are saved."
            unexpected = CropMapError(message, "The app's log has the details.")
            self._fail(preparation, shortage_of(error) or unexpected)
        finally:
            with self._lock:
                if self._preparing is preparation:
                    self._preparing = None

    def _take(self, preparation: Preparation) -> None:
        prediction = preparation.run()
        with self._lock:
            if preparation.seen is not self._seen:
                return  # the scene changed meanwhile
            self._prediction, self._prediction_key = prediction, preparation.key

    def _fail(self, preparation: Preparation, error: CropMapError) -> None:
        with self._lock:
            self._error = error
            self._failed_key = preparation.place.attempt(preparation.key)

    def _tell_figures(
        self, frame: Frame, work: Work, prediction: Prediction | None, label: Label
    ) -> None:
        """Figures for the review queue, stored where they changed."""
        figures = figures_of(label, frame, work, prediction)
        unsure = self.layer("uncertainty")
        if unsure is not None and (known := unsure[unsure != UNKNOWN]).size:
            figures["uncertainty"] = round(float(known.mean()) / 250.0, 4)
        present = self._project.tile(self._scene_id, self._tile).figures
        if any(present.get(name) != value for name, value in figures.items()):
            self._project.set_figures(self._scene_id, self._tile, figures)
