"""One tile of one scene of a project: what it starts with, what it is made from, what is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InputError
from core.fingerprint import LABEL, result_hash
from core.imagery.frame import Frame, frame_of
from core.imagery.scene import SceneImage, read_window
from core.label.choices import Choices
from core.label.work import BrokenEditError, Work, replay_until_broken
from core.predict.kept_prediction import Prediction, load_prediction, save_prediction
from core.predict.key import prediction_key
from core.predict.names import WITHOUT_MODEL
from core.predict.tile import TileInputs, gather_inputs
from core.project import Project, TileLog
from core.sam.registry import DEFAULT_MODEL, get_model, known_models
from core.session.moved_imagery import check_imagery, imagery_problem
from core.session.opened import OpenedScene


@dataclass(frozen=True, slots=True)
class TilePlace:
    """One tile of one scene of a project, and the model that looks at it."""

    project: Project
    opened: OpenedScene
    tile: str

    @property
    def model_key(self) -> str | None:
        """The scene's model; None works without one."""
        return model_of(self.opened)

    @property
    def frame(self) -> Frame:
        """Where the tile lies."""
        return self.opened.frame(self.tile)

    def work(self, log: TileLog) -> Work:
        """What a log of this tile amounts to.

        Raises
        ------
        InputError
            A step of it cannot be replayed.
        """
        work, broken = self.sound_work(log)[1:]
        if broken is not None:
            raise InputError(f"Tile {self.tile}: {broken.message}", "Open the tile and undo it.")
        return work

    def sound_work(self, log: TileLog) -> tuple[TileLog, Work, BrokenEditError | None]:
        """The part of a log that can be replayed, what it amounts to, and what is wrong beyond."""
        choices = default_choices(self.opened)
        work, broken = replay_until_broken(log.edits, self.frame, choices)
        if broken is not None:
            sound = broken.step - 1
            log = replace(log, edits=log.edits[:sound], steps=log.steps[:sound])
        return log, work, broken

    def image(self) -> SceneImage:
        """The tile's pixels.

        Raises
        ------
        MissingImageryError
            The imagery is not where it was.
        ReplacedFileError
            It is another file than the one that was added.
        InputError
            It cannot be read any more.
        """
        check_imagery(self.opened.scene, self.opened.record.name)
        return read_window(self.opened.scene, self.opened.tile(self.tile).window)

    def inputs(self, image: SceneImage) -> TileInputs:
        """What the tile is predicted from, its pixels being at hand.

        Raises
        ------
        InputError
            The land cover cannot be read any more.
        """
        opened = self.opened
        if opened.landcover_error is not None:
            raise opened.landcover_error
        frame = frame_of(opened.scene, opened.tile(self.tile))
        return gather_inputs(image, opened.landcover, frame)

    def key(self, work: Work) -> str:
        """Names the automatic prediction that this work stands on."""
        model = self.model_key
        return prediction_key(
            self.opened.scene,
            self.opened.landcover_fingerprint,
            self.opened.tile(self.tile),
            work.choices.prediction,
            None if model is None else get_model(model).sha256,
            work.denied,
        )

    def label_version(self, log: TileLog, work: Work) -> str:
        """Names the label of this log, which ``work`` replays."""
        beneath = self.key(work) if work.needs_prediction else "imported"
        return label_version(beneath, log, work)

    def kept(self, work: Work) -> Prediction | None:
        """The prediction for this work from disk, where it is there."""
        return load_prediction(self._prediction_path(work), self.key(work))

    def keep(self, work: Work, prediction: Prediction) -> None:
        """Keep the prediction for this work on disk."""
        save_prediction(self._prediction_path(work), prediction, self.key(work))

    def attempt(self, key: str) -> str:
        """Names what is tried: again where a file that was lost is back."""
        lost = (
            self.opened.landcover_error,
            imagery_problem(self.opened.scene, self.opened.record.name),
        )
        return " ".join([key, *(str(error.message) for error in lost if error is not None)])

    def _prediction_path(self, work: Work) -> Path:
        return prediction_path(
            self.project.folder, self.opened.record.id, self.tile, changed=work.changes_prompts
        )


def model_of(opened: OpenedScene) -> str | None:
    """Key of the model that a scene is looked at with; None works without one."""
    key: str | None = opened.record.settings.get("model", DEFAULT_MODEL)
    return key


def unseen_imagery(opened: OpenedScene) -> str:
    """What to say where the scene's model was hardly trained on such imagery; else nothing."""
    spec = known_models().get(model_of(opened) or "")
    return "" if spec is None else spec.warning_at(opened.scene.working_grid.gsd_m)


def default_choices(opened: OpenedScene) -> Choices:
    """What a tile starts with: the scene's settings, else the application's."""
    settings = {k: v for k, v in opened.record.settings.items() if k != "model"}
    start = Choices(strategy=WITHOUT_MODEL) if model_of(opened) is None else Choices()
    return start.changed(settings)


def prediction_path(folder: Path, scene_id: str, tile: str, *, changed: bool) -> Path:
    """Where a tile's prediction is kept: one file as placed, one with the person's changes."""
    kind = "changed" if changed else "placed"
    return folder / "predictions" / scene_id / f"{tile}.{kind}"


def label_path(folder: Path, scene_id: str, tile: str) -> Path:
    """Where a tile's last label is kept."""
    return folder / "labels" / scene_id / f"{tile}.label"


def label_version(beneath: str, log: TileLog, work: Work) -> str:
    """Names a label: the code, what is beneath the edits, the choices, and the edits on top."""
    newest = log.edits[-1].sequence if log.edits else 0
    text = f"{result_hash(*LABEL)} {beneath} {work.choices!r} {len(log.edits)} {newest}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]
