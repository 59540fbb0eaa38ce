import threading

import numpy as np
import pytest

from core.errors import BusyError
from core.grid import PixelPoint
from core.label.click import Question, TileViews
from core.prompts.prompt import Prompt
from core.session import asker
from core.session.asker import PATIENCE_S, Asker
from core.session.asking import asking_in_turn
from core.session.models import Models
from core.session.work_queue import Urgency
from tests.fakes import ColourSegmenter


def test_all_questions_of_one_asker_share_one_deadline(monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(asker.time, "monotonic", lambda: clock[0])
    one = Asker("Ana")
    assert one.seconds_left == PATIENCE_S
    clock[0] += PATIENCE_S - 0.5
    assert one.seconds_left == 0.5
    clock[0] += 7
    assert one.seconds_left == 0
    assert Asker.behind("Ana").seconds_left > 60


def test_who_has_waited_long_enough_is_given_what_is_at_hand_and_told_of_the_rest() -> None:
    segmenter, free = ColourSegmenter(), threading.Event()
    rgb = np.zeros((64, 64, 3), np.uint8)
    views = TileViews(rgb, segmenter.embed(rgb))
    service = Models(lambda _key: segmenter).service("colour")
    service.clicks.submit(lambda: free.wait(60), Urgency.CLICK)
    ask = asking_in_turn(views, service, Urgency.CLICK, Asker("Ana", until=0.0))
    question = Question((Prompt(PixelPoint(9.5, 9.5), 1, "person"),))
    with pytest.raises(BusyError):
        ask(question, False)
    free.set()
    # It was put all the same, and is answered for whoever asks again.
    again = asking_in_turn(views, service, Urgency.CLICK, Asker("Ana"))
    assert again(question, False)[0].shape == (64, 64)
