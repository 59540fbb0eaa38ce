"""A tile that people work on: its state for the browser, its edits, its masks."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import CancelledError, CropMapError
from core.fingerprint import LABEL, result_hash
from core.grid import PixelPoint
from core.imagery.scene import read_window
from core.label.answers import Answer, Answers
from core.label.frame import Frame
from core.label.label_maker import LabelMaker
from core.label.tile_label import Label, automatic_parcels
from core.label.work import Choices, Work, replay, to_new_edits
from core.parcels.parcel import Parcel
from core.predict.kept import UNKNOWN, Base, keep_label, load_label
from core.predict.strategies import WITHOUT_MODEL
from core.project import Project, TileLog
from core.session.asking import PATIENCE_S, Sight, asking_in_turn, first_version, is_final
from core.session.automatic import TileMemory
from core.session.label_json import ParcelRows
from core.session.models import Models, ModelService, Urgency
from core.session.opened import OpenedScene, open_scene
from core.session.parcel_counts import parcel_counts
from core.session.preparation import Preparation, TilePlace
from core.session.relink import missing_imagery
from core.session.state import Moment, cropland_ha, to_json

_log = logging.getLogger(__name__)

_NO_LABEL = Label("none", ())

Later = Callable[[Callable[[], None]], None]
"""Does something small soon, in another thread, in order."""


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
        self._memory = TileMemory()
        self._base: Base | None = None
        self._preparing: Preparation | None = None
        self._error: CropMapError | None = None
        self._failed_key = ""
        self._automatic: tuple[tuple[object, ...], tuple[Parcel, ...]] = ((), ())
        self._label: Label | None = None
        self._labelled = -1
        self._refining: Future[None] | None = None
        self._given_up = -1
        self._maker, self._rows = LabelMaker(), ParcelRows()
        self._answers: Answers | None = None
        self._scene_version = -1

    @property
    def project(self) -> Project:
        """Where its edits are stored."""
        return self._project

    # What the person does -----------------------------------------------------------------

    def edit(self, raw: Any, version: int, author: str) -> TileLog:
        """Store edits as the browser sends them; they are on disk when this returns.

        Each is a step of its own to undo, however many were sent at once.

        Raises
        ------
        InputError
            Something in them cannot be used; nothing is stored.
        ConflictError
            Somebody was faster; nothing is stored.
        """
        edits = to_new_edits(raw, self._opened().frame(self._tile))
        return self._project.append(
            self._scene_id,
            self._tile,
            edits,
            author=author,
            expected_version=version,
            together=False,
        )

    def undo(self, version: int, author: str) -> TileLog:
        """Take the last step back."""
        return self._project.undo(
            self._scene_id, self._tile, author=author, expected_version=version
        )

    def redo(self, version: int, author: str) -> TileLog:
        """Do the step again that was taken back last."""
        return self._project.redo(
            self._scene_id, self._tile, author=author, expected_version=version
        )

    # What the person sees -----------------------------------------------------------------

    def state(
        self,
        urgency: Urgency = Urgency.TILE,
        *,
        log: TileLog | None = None,
        closely: bool = True,
    ) -> dict[str, Any]:
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
        """
        moment = self._moment(urgency, log, closely=closely)
        with self._lock:
            return to_json(moment)

    def wait_for_closer_look(self) -> None:
        """Return once the answers that are being made final are, or have been overtaken."""
        refining = self._refining
        if refining is not None:
            wait([refining], PATIENCE_S)

    def prepare(self, urgency: Urgency) -> None:
        """Start what somebody who opens the tile would wait for."""
        opened, _, _, work = self._now()
        with self._lock:
            self._bring_up(TilePlace(self._project, opened, self._tile), work, urgency)

    def finished(self) -> Label:
        """The label of all edits, however long it takes: for results and whole-scene runs.

        It does not tell its problems, which only the person who edits the tile is shown.

        Raises
        ------
        CropMapError
            Why it cannot be made.
        """
        opened, frame, log, work = self._now()
        place = TilePlace(self._project, opened, self._tile)
        kept = load_label(self._label_path())
        version = label_version(stands_on(place, work), log, work)
        if kept is not None and kept["version"] == version:
            return Label.from_json(kept)
        with self._lock:
            self._follow_scene(place)
            if not self._have_all(place, work):
                self._take(self._preparation(place, work))
            sight = self._sight(place)
        label = self._label_of(sight, place, frame, work, log, closely=True, checked=False)
        self._tell_figures(frame, sight.base, label)
        return label

    def hover(self, native: PixelPoint, who: str, *, closely: bool = False) -> Answer | None:
        """What a click there would give; None while the model is not ready.

        Asked ``closely``, it waits for the final answer, and a click there finds that at hand.

        Raises
        ------
        CancelledError
            The same person has moved on.
        """
        frame = self._opened().frame(self._tile)
        with self._lock:
            views, answers = self._memory.views, self._answers
            service = self._service(self._model_key())
        if views is None or answers is None or not frame.holds(native):
            return None
        urgency = Urgency.CLOSER if closely else Urgency.HOVER
        ask = asking_in_turn(views, service, urgency, f"hover {who}")
        return answers.of_point(native, ask, closely=closely)

    def layer(self, name: str) -> npt.NDArray[np.uint8] | None:
        """``probability`` or ``uncertainty`` on the core's pixels, as ``kept.to_bytes`` has it."""
        with self._lock:
            base = self._base
        if base is None:
            return None
        values: npt.NDArray[np.uint8] = getattr(base, name)
        return values[self._opened().frame(self._tile).core.slices]

    # How it is made -----------------------------------------------------------------------

    def _now(self, log: TileLog | None = None) -> tuple[OpenedScene, Frame, TileLog, Work]:
        opened = self._opened()
        frame = opened.frame(self._tile)
        log = log or self._project.log(self._scene_id, self._tile)
        return opened, frame, log, replay(log.edits, frame, default_choices(opened))

    def _opened(self) -> OpenedScene:
        return open_scene(self._project, self._scene_id)

    def _model_key(self) -> str | None:
        return TilePlace.model_of(self._opened())

    def _service(self, key: str | None) -> ModelService:
        return self._models.service(key)

    def _follow_scene(self, place: TilePlace) -> None:
        """Forget what belongs to earlier imagery, land cover or model."""
        version = place.opened.record.version
        if version == self._scene_version:
            return
        self._scene_version = version
        self._memory, self._base, self._answers = TileMemory(), None, None
        self._automatic, self._failed_key, self._error = ((), ()), "", None
        if self._preparing is not None:
            self._preparing.cancelled = True
            self._preparing = None

    def _have_all(self, place: TilePlace, work: Work) -> bool:
        """Whether the label can be made now; the automatic prediction is taken from disk."""
        key = place.key(work)
        if self._base is None or self._base.key != key:
            kept = place.kept(work)
            if kept is None and work.needs_prediction:
                return False
            self._base = kept
        return not work.asks_model or self._memory.views is not None

    def _moment(self, urgency: Urgency, log: TileLog | None, *, closely: bool) -> Moment:
        opened, frame, log, work = self._now(log)
        place = TilePlace(self._project, opened, self._tile)
        with self._lock:
            ready = self._bring_up(place, work, urgency)
            sight = self._sight(place)
            # Seen together: work that ends a moment later must not make an old label look ready.
            preparing, error = self._preparing, self._error
        label = self._last_label()
        if ready:
            label = self._label_of(sight, place, frame, work, log, closely=closely)
        refining = ready and not is_final(label.version) and self._given_up != log.version
        if refining:
            self._refining = self._models.refinements.submit(
                lambda: self._refine(log.version), Urgency.CLOSER, str(self._label_path())
            )
        elif ready and is_final(label.version):
            self._later(lambda: self._tell_figures(frame, sight.base, label))
        verdict = self._project.tile(self._scene_id, self._tile).verdict
        return Moment(
            place,
            frame,
            log,
            work,
            label,
            refining,
            self._rows,
            sight.base,
            preparing,
            error,
            verdict,
        )

    def _refine(self, version: int) -> None:
        """Make the first answers final; where that fails they stay until the next edit."""
        try:
            self._moment(Urgency.TILE, None, closely=True)
        except Exception:  # noqa: BLE001  (the last resort of a thread: logged)
            _log.exception("first answers could not be made final")
            self._given_up = version

    def _bring_up(self, place: TilePlace, work: Work, urgency: Urgency) -> bool:
        """Whether the label can be made now; starts what is missing, hover's embedding as well."""
        self._follow_scene(place)
        enough = self._have_all(place, work)
        for_hover = place.model_key is None or self._memory.views is not None
        if enough and for_hover:
            self._error, self._failed_key = None, ""
        elif self._failed_key != _attempt(place, place.key(work)):
            self._start(place, work, urgency)
        return enough

    def _sight(self, place: TilePlace) -> Sight:
        service = self._service(place.model_key)
        return Sight(self._base, self._memory.views, self._answers, service)

    def _preparation(self, place: TilePlace, work: Work) -> Preparation:
        key = place.key(work)
        have = self._base if self._base is not None and self._base.key == key else None
        service = self._service(place.model_key)
        return Preparation(place, work, service, self._memory, key, base=have)

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
        except Exception:  # noqa: BLE001  (the last resort of a thread: logged, and told)
            _log.exception("a tile could not be predicted")
            message = "Something went wrong in the application itself; your edits are saved."
            self._fail(preparation, CropMapError(message, "The app's log has the details."))
        finally:
            with self._lock:
                if self._preparing is preparation:
                    self._preparing = None

    def _take(self, preparation: Preparation) -> None:
        base = preparation.run()
        with self._lock:
            if preparation.memory is not self._memory:
                return  # the scene changed meanwhile
            self._base = base
            if self._memory.views is not None and self._answers is None:
                self._answers = Answers(preparation.place.opened.frame(self._tile))

    def _fail(self, preparation: Preparation, error: CropMapError) -> None:
        with self._lock:
            self._error = error
            self._failed_key = _attempt(preparation.place, preparation.key)

    def _last_label(self) -> Label:
        """The last label, while another cannot be made."""
        with self._lock:
            if self._label is None and (kept := load_label(self._label_path())) is not None:
                self._label = Label.from_json(kept)
            return self._label or _NO_LABEL

    def _label_of(
        self,
        sight: Sight,
        place: TilePlace,
        frame: Frame,
        work: Work,
        log: TileLog,
        *,
        closely: bool,
        checked: bool = True,
    ) -> Label:
        """The label of this log; not ``closely``, with answers that may not be final.

        Not ``checked``, its problems are not known, as of a label from disk.

        Asks without holding the lock: others go on with the tile meanwhile.
        """
        version = label_version(stands_on(place, work), log, work)
        with self._lock:
            # A label from disk does not tell its problems.
            if self._label is not None and self._labelled >= 0 and self._label.version == version:
                return self._label
        automatic: tuple[Parcel, ...] = ()
        if sight.base is not None and work.needs_prediction:
            automatic = self._automatic_parcels(place, frame, work.choices, sight.base)
        fields, final = sight.fields(work, closely=closely)
        named = version if final else first_version(version)
        with self._lock:
            made = self._maker.make(
                named, automatic, fields, work, frame, checked=checked and final
            )
        self._keep(made, log, checked=checked)
        return made

    def _keep(self, label: Label, log: TileLog, *, checked: bool) -> None:
        """Keep a label unless there is one of a newer log, or a final one of the same."""
        with self._lock:
            newer = log.version > self._labelled
            if not newer and (log.version < self._labelled or not is_final(label.version)):
                return
            if checked:
                self._label, self._labelled = label, log.version
        if is_final(label.version):
            self._later(lambda: keep_label(self._label_path(), label.to_json()))

    def _automatic_parcels(
        self, place: TilePlace, frame: Frame, choices: Choices, base: Base
    ) -> tuple[Parcel, ...]:
        key = (base.key, choices.threshold, choices.min_area_m2)
        if self._automatic[0] != key:
            image = read_window(place.opened.scene, place.opened.tile(self._tile).window)
            self._automatic = (key, automatic_parcels(base, choices, image, frame))
        return self._automatic[1]

    def _tell_figures(self, frame: Frame, base: Base | None, label: Label) -> None:
        """Figures for the review queue, stored where they changed."""
        figures = {"cropland_ha": cropland_ha(label, frame), **parcel_counts(label)}
        for name in ("landcover_ha", "disagreement"):
            if (value := getattr(base, name, None)) is not None:
                figures[name] = float(value)
        unsure = self.layer("uncertainty")
        if unsure is not None and (known := unsure[unsure != UNKNOWN]).size:
            figures["uncertainty"] = round(float(known.mean()) / 250.0, 4)
        present = self._project.tile(self._scene_id, self._tile).figures
        if any(present.get(name) != value for name, value in figures.items()):
            self._project.set_figures(self._scene_id, self._tile, figures)

    def _label_path(self) -> Path:
        return label_path(self._project.folder, self._scene_id, self._tile)


def _attempt(place: TilePlace, key: str) -> str:
    """Names what is tried: again where a file that was lost is back."""
    lost = place.opened.landcover_error, missing_imagery(place.opened.scene.path)
    return " ".join([key, *(str(error.message) for error in lost if error is not None)])


def label_path(folder: Path, scene_id: str, tile: str) -> Path:
    """Where a tile's last label is kept."""
    return folder / "labels" / scene_id / f"{tile}.label"


def stands_on(place: TilePlace, work: Work) -> str:
    """Names what a tile's label is made of beneath the edits."""
    return place.key(work) if work.needs_prediction else "imported"


def label_version(base: str, log: TileLog, work: Work) -> str:
    """Names a label: the code, the automatic prediction, the choices, and the edits on top."""
    newest = log.edits[-1].sequence if log.edits else 0
    text = f"{result_hash(*LABEL)} {base} {work.choices!r} {len(log.edits)} {newest}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def default_choices(opened: OpenedScene) -> Choices:
    """What a tile starts with: the scene's settings, else the application's."""
    settings = {k: v for k, v in opened.record.settings.items() if k != "model"}
    without = TilePlace.model_of(opened) is None
    start = Choices(strategy=WITHOUT_MODEL) if without else Choices()
    return start.changed(settings)
