import numpy as np
import pytest
from pyproj import CRS

from core.annotate.clicks import Answers
from core.annotate.frame import Frame
from core.annotate.work import Choices, PersonBox, PersonPrompt, Work
from core.grid import Grid, PixelPoint, Window
from core.masks.click import Question
from tests.rasters import PLACES

SIDE = 128
FIELD, WOOD = (slice(20, 60), slice(10, 50)), (slice(70, 110), slice(60, 120))


class Asked:
    """Answers with the field or the wood in which the first point lies, and counts."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    def __call__(self, question: Question) -> np.ndarray:
        self.questions.append(question)
        inside = np.zeros((SIDE, SIDE), dtype=np.float32)
        box = question.box
        if box is not None:
            inside[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = 0.4
            return inside
        x, y = int(question.place.column), int(question.place.row)
        for place in (FIELD, WOOD):
            if place[0].start <= y < place[0].stop and place[1].start <= x < place[1].stop:
                inside[place] = 0.9
        for prompt in question.points:
            if prompt.label == 0:
                inside[:, int(prompt.point.column) :] = 0.1
        return inside


def frame() -> Frame:
    grid = Grid(CRS.from_epsg(32633), PLACES["utm"][1], SIDE, SIDE)
    return Frame(grid, grid, Window(0, 0, SIDE, SIDE))


def point(name: str, column: float, row: float, label: int = 1) -> PersonPrompt:
    return PersonPrompt(name, PixelPoint(column, row), label)


def ask(*points: PersonPrompt, boxes: tuple[PersonBox, ...] = ()):
    asked = Asked()
    return Answers(frame()).fields(Work(Choices(), points, boxes), asked), asked


def test_a_positive_click_adds_its_field() -> None:
    (field,), _ = ask(point("a", 30, 40))
    assert field.adds
    assert field.area.area == pytest.approx(1600, rel=0.03)
    assert field.area.bounds == pytest.approx((10, 20, 50, 60), abs=1)


def test_a_negative_click_elsewhere_takes_its_field_away() -> None:
    fields, _ = ask(point("a", 30, 40), point("b", 90, 90, 0))
    assert [(f.prompt_id, f.adds) for f in fields] == [("a", True), ("b", False)]
    assert fields[1].area.bounds == pytest.approx((60, 70, 120, 110), abs=1)


def test_a_negative_click_inside_an_answer_corrects_it() -> None:
    (field,), asked = ask(point("a", 30, 40), point("b", 40, 40, 0))
    assert field.area.bounds[2] == pytest.approx(40, abs=1)
    assert [p.label for p in asked.questions[-1].points] == [1, 0]


def test_the_order_of_setting_is_kept() -> None:
    fields, _ = ask(point("b", 90, 90, 0), point("a", 30, 40))
    assert [f.prompt_id for f in fields] == ["b", "a"]


def test_a_box_asks_for_what_it_holds() -> None:
    (field,), asked = ask(boxes=(PersonBox("c", 10, 20, 50, 60),))
    box = asked.questions[0].box
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((10, 20, 50, 60))
    assert field.adds
    assert field.area.bounds == pytest.approx((10, 20, 50, 60), abs=1)


def test_nothing_is_asked_twice() -> None:
    asked, answers = Asked(), Answers(frame())
    for _ in range(3):
        answers.fields(Work(Choices(), (point("a", 30, 40),)), asked)
    answers.of_point(PixelPoint(30, 40), asked)
    assert len(asked.questions) == 1
    answers.of_point(PixelPoint(31, 40), asked)
    assert len(asked.questions) == 2


def test_a_click_on_nothing_changes_nothing() -> None:
    fields, _ = ask(point("a", 120, 10))
    assert fields == []
