import numpy as np
import pytest
from pyproj import CRS

from core.annotate.clicks import Answers
from core.annotate.frame import Frame
from core.annotate.work import Choices, PersonBox, PersonPrompt, Work
from core.grid import Grid, PixelPoint, Window
from core.sam.protocol import LOGIT_SIDE, Decoded, Embedding
from tests.rasters import PLACES

SIDE = 128
FIELD, WOOD = (slice(20, 60), slice(10, 50)), (slice(70, 110), slice(60, 120))


class Asked:
    """Answers with the field or the wood in which the first point lies, and counts."""

    def __init__(self) -> None:
        self.batches = []

    def __call__(self, embedding, batch) -> Decoded:
        self.batches.append(batch)
        inside = np.zeros((SIDE, SIDE), dtype=bool)
        if batch.boxes is not None:
            left, top, right, bottom = batch.boxes[0].round().astype(int)
            inside[top : bottom + 1, left : right + 1] = True
        else:
            x, y = batch.coordinates[0, 0].round().astype(int)
            for place in (FIELD, WOOD):
                if place[0].start <= y < place[0].stop and place[1].start <= x < place[1].stop:
                    inside[place] = True
            for (x, _), said in zip(batch.coordinates[0], batch.labels[0], strict=True):
                if said == 0:
                    inside[:, int(x) :] = False
        scale = LOGIT_SIDE // SIDE
        logits = np.kron(np.where(inside, 8.0, -8.0), np.ones((scale, scale)))
        return Decoded(logits[None, None].astype(np.float32), np.ones((1, 1), np.float32))


def frame() -> Frame:
    grid = Grid(CRS.from_epsg(32633), PLACES["utm"][1], SIDE, SIDE)
    return Frame(grid, grid, Window(0, 0, SIDE, SIDE))


EMBEDDING = Embedding(np.zeros((1, 1, 1, 1), np.float16), (512, 512), (SIDE, SIDE), 512, "key")


def point(name: str, column: float, row: float, label: int = 1) -> PersonPrompt:
    return PersonPrompt(name, PixelPoint(column, row), label)


def ask(*points: PersonPrompt, boxes: tuple[PersonBox, ...] = ()):
    asked = Asked()
    return Answers(frame()).fields(Work(Choices(), points, boxes), EMBEDDING, asked), asked


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
    assert list(asked.batches[-1].labels[0]) == [1, 0]


def test_the_order_of_setting_is_kept() -> None:
    fields, _ = ask(point("b", 90, 90, 0), point("a", 30, 40))
    assert [f.prompt_id for f in fields] == ["b", "a"]


def test_a_box_asks_for_what_it_holds() -> None:
    (field,), asked = ask(boxes=(PersonBox("c", 10, 20, 50, 60),))
    assert asked.batches[0].boxes.tolist() == [[9.5, 19.5, 49.5, 59.5]]
    assert field.adds


def test_nothing_is_asked_twice() -> None:
    asked, answers = Asked(), Answers(frame())
    for _ in range(3):
        answers.fields(Work(Choices(), (point("a", 30, 40),)), EMBEDDING, asked)
    answers.of_point(PixelPoint(30, 40), EMBEDDING, asked)
    assert len(asked.batches) == 1
    answers.of_point(PixelPoint(31, 40), EMBEDDING, asked)
    assert len(asked.batches) == 2


def test_a_click_on_nothing_changes_nothing() -> None:
    fields, _ = ask(point("a", 120, 10))
    assert fields == []
