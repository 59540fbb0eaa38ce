"""Labels as they once were: the edit log is never shortened, so each can be made again."""

from __future__ import annotations

from pathlib import Path

from core.label.kept_label import keep_label, load_label
from core.label.make import answer_prompts, make_label, predict_work
from core.label.tile_label import Label
from core.label.work import Work
from core.predict.kept_prediction import Prediction
from core.predict.tile import TileInputs, TileMemory
from core.project import Project
from core.sam.protocol import Segmenter
from core.session.models import Models
from core.session.opened import open_project_scene
from core.session.place import TilePlace, label_path
from core.session.workspaces import get_workspaces

ROOT = 0
"""Head of a log before its first edit: the label there is the automatic prediction."""


def label_at(
    project: Project, scene_id: str, tile: str, head: int, models: Models | None = None
) -> Label:
    """The label that a tile's edits amounted to when its log stood at ``head``.

    It is made with the scene's present imagery, land cover and model, and kept on disk, in a
    folder of its own: the present label and its prediction stay where they are.

    Raises
    ------
    CropMapError
        Why it cannot be made.
    """
    place = TilePlace(project, open_project_scene(project, scene_id), tile)
    log = project.log_at(scene_id, tile, head)
    work = place.work(log)
    version = place.label_version(log, work)
    path = _path(project, scene_id, tile, head)
    kept = load_label(path)
    if kept is not None and kept["version"] == version:
        return Label.from_json(kept)
    inputs = place.inputs(place.image())
    memory = TileMemory()
    segmenter = (models or get_workspaces().models).service(place.model_key).segmenter()
    prediction = _prediction(place, work, inputs, segmenter, memory)
    answers = answer_prompts(inputs, work, segmenter, memory)
    label = make_label(inputs, prediction, work, answers, version=version)
    keep_label(path, label.to_json())
    return label


def _prediction(
    place: TilePlace,
    work: Work,
    inputs: TileInputs,
    segmenter: Segmenter | None,
    memory: TileMemory,
) -> Prediction | None:
    """The prediction that the work stands on; one that is kept is taken."""
    if not work.needs_prediction:
        return None
    kept = place.kept(work)
    if kept is not None:
        return kept
    placed = place.kept(Work(work.choices))
    return predict_work(inputs, work, segmenter, memory, placed=placed)


def _path(project: Project, scene_id: str, tile: str, head: int) -> Path:
    return label_path(project.folder / "past" / str(head), scene_id, tile)
