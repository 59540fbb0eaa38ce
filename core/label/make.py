"""The label of one tile from its prediction and a person's edits: the one way, whoever asks.

Batch, app, replay and experiments come to a tile's parcels by these functions of values:
:func:`predict_work`, :func:`answer_prompts`, :func:`make_label`.  The app keeps what they compute
on disk and in memory (:class:`core.label.label_maker.LabelMaker`), which makes it faster and never
different.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.imagery.frame import Frame
from core.label.answers import Answers, Field, ask_directly
from core.label.click import TileViews
from core.label.label_maker import LabelMaker
from core.label.tile_label import Label, automatic_parcels
from core.label.work import Work
from core.parcels.parcel import Parcel
from core.predict.kept_prediction import Prediction, WorldPrompt
from core.predict.tile import TileInputs, TileMemory, embed_tile, predict_tile, segment_tile
from core.sam.protocol import Segmenter
from core.task import Cancelled, StageProgress, never, silent_stage


def predict_work(
    inputs: TileInputs,
    work: Work,
    segmenter: Segmenter | None,
    memory: TileMemory | None = None,
    *,
    placed: Prediction | None = None,
    stage: StageProgress = silent_stage,
    cancelled: Cancelled = never,
) -> Prediction:
    """The prediction that a tile's work stands on.

    Where a person changed or deleted automatic prompts, the model is asked with those that are
    left.

    Parameters
    ----------
    placed : Prediction, optional
        With all automatic prompts, where it is at hand.

    Raises
    ------
    InputError
        The strategy needs a model and there is none.
    CancelledError
        ``cancelled`` said so.
    """
    own = TileMemory() if memory is None else memory
    options = work.choices.prediction
    if placed is None:
        placed = predict_tile(inputs, options, segmenter, own, stage=stage, cancelled=cancelled)
    if not work.changes_prompts:
        return placed
    left = tuple(prompt for prompt in placed.prompts if prompt.id not in work.denied)
    options = replace(options, remaining=left)
    return predict_tile(inputs, options, segmenter, own, stage=stage, cancelled=cancelled)


def answer_prompts(
    inputs: TileInputs,
    work: Work,
    segmenter: Segmenter | None,
    memory: TileMemory | None = None,
) -> list[Field]:
    """The model's answers to the points and boxes that a person set, all looked at closely.

    There are none without a model, and where the image holds nothing.
    """
    if not work.asks_model or segmenter is None:
        return []
    own = TileMemory() if memory is None else memory
    embedding = embed_tile(inputs.image, segmenter, own)
    if embedding is None:
        return []
    views = TileViews(inputs.image.rgb, embedding, segment_tile(inputs.image, segmenter, own))
    return Answers(inputs.frame).fields(work, ask_directly(views, segmenter))[0]


def make_label(
    inputs: TileInputs,
    prediction: Prediction | None,
    work: Work,
    answers: Sequence[Field] = (),
    *,
    version: str = "",
) -> Label:
    """A tile's parcels: the automatic ones, the fields of a person's prompts, their corrections.

    They are cut to the tile's core.  The label does not tell its problems.

    Parameters
    ----------
    prediction : Prediction or None
        Not asked where labels from a file cover the tile (``work.needs_prediction``).
    work : Work
        A person's edits, replayed; ``Work(choices)`` where there are none.
    answers : sequence of Field
        Of :func:`answer_prompts`.
    version : str
        Names the label where it is kept.
    """
    automatic: tuple[Parcel, ...] = ()
    if prediction is not None and work.needs_prediction:
        automatic = automatic_parcels(prediction, work.choices, inputs.image, inputs.frame)
    return LabelMaker().make(version, automatic, answers, work, inputs.frame, checked=False)


def prompts_in_force(
    prediction: Prediction | None, work: Work, frame: Frame
) -> tuple[WorldPrompt, ...]:
    """The points that a tile's label came from: the placed ones, then a person's."""
    placed = prediction.prompts if prediction is not None and work.needs_prediction else ()
    automatic = [prompt for prompt in placed if prompt.id not in work.denied]
    own = [
        WorldPrompt(point.id, frame.to_world(point.point), point.label, "person")
        for point in work.points
    ]
    return (*automatic, *own)
