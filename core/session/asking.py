"""How a tile's questions reach the model: in turn, and closely or with what is at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from core.errors import BusyError, CropMapError, Remedy
from core.grid import PixelPoint
from core.label.answers import Answers, Ask, Field
from core.label.click import CLOSER_SIDES, Probability, Question, TileViews, answer
from core.label.work import Work
from core.predict.kept_prediction import Prediction
from core.session.asker import Asker
from core.session.models import ModelService
from core.session.work_queue import AGAIN, Unfinished, Urgency

_FIRST = "~first"


@dataclass(frozen=True, slots=True, eq=False)
class ModelView:
    """A tile as a model has seen it, and the model's answers about it so far.

    They are one object, so that no thread finds what the model saw without a place for its answers.
    """

    views: TileViews
    answers: Answers


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a tile's label is made from, as it was at one moment.

    Parameters
    ----------
    prediction : Prediction or None
        The automatic one.
    view : ModelView or None
        None before the model has seen the tile, and without a model.
    """

    prediction: Prediction | None
    view: ModelView | None
    service: ModelService

    def fields(self, work: Work, asker: Asker, *, closely: bool) -> tuple[list[Field], bool]:
        """The fields of the person's prompts, and whether all answers are final.

        Raises
        ------
        BusyError
            They did not come in time.
        """
        if not work.asks_model or self.view is None:
            return [], True
        urgency = Urgency.FINAL if closely else Urgency.CLICK
        views, service = self.view.views, self.service
        ask = asking_in_turn(views, service, urgency, asker)
        return self.view.answers.fields(work, ask, closely=closely)


def asking_in_turn(
    views: TileViews,
    service: ModelService,
    urgency: Urgency,
    asker: Asker,
    key: str | None = None,
) -> Ask:
    """Questions that wait for their turn in the model's queue, as ``WorkQueue`` has them.

    A question that somebody else has put already, or the same person's pointer, is not put again.
    One whose turn does not come while the asker waits raises a BusyError, and is answered later
    for whoever asks it again.
    """

    def ask(question: Question, closely: bool) -> tuple[Probability, bool]:
        looks = len(CLOSER_SIDES) if closely else 0

        def now() -> tuple[Probability, bool] | Unfinished:
            nonlocal looks
            # Loaded anew where it was let go meanwhile.
            segmenter = service.segmenter()
            if segmenter is None:
                raise CropMapError("No model is loaded.", remedy=Remedy.CHOOSE_MODEL)
            # One look at a time: somebody's first answer need not wait for all of them.  Never more
            # often than there are looks, should others' looks push these out meanwhile.
            while looks > 0:
                looks -= 1
                if views.take_look(question.place, segmenter):
                    return AGAIN
            # Looked up when its turn has come: a closer look may have been taken meanwhile.
            final = closely or views.at_hand(question.place)
            return answer(views, question, segmenter, closely=final), final

        same = (views, question, closely)
        waiting = service.clicks.submit(now, urgency, key, who=asker.name, question=same)
        try:
            return waiting.result(asker.seconds_left)
        except TimeoutError as error:
            raise BusyError(
                "The model has more to do at the moment than it can do at once.",
                "Wait a little: it is asked again by itself.",
            ) from error

    return ask


def fields_of_clicks(
    view: ModelView | None, service: ModelService, asker: Asker
) -> Callable[[PixelPoint], BaseGeometry | None] | None:
    """What the model answers first to a click alone, as people see it when they go on.

    None before it has seen all.
    """
    if view is None:
        return None
    ask = asking_in_turn(view.views, service, Urgency.CLICK, asker)
    answers = view.answers
    return lambda native: answers.of_point(native, ask, closely=False).area


def first_version(version: str) -> str:
    """Names the label that stands in for the one of ``version`` until its answers are final."""
    return version + _FIRST


def is_final(version: str) -> bool:
    """Whether a label's version names one whose answers are all final."""
    return not version.endswith(_FIRST)
