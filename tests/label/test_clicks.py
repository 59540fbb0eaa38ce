import numpy as np
import pytest
from pyproj import CRS

from core.grid import Grid, PixelPoint, Window
from core.imagery.frame import Frame
from core.label.answers import Answers
from core.label.choices import Choices
from core.label.click import Question
from core.label.work import PersonBox, PersonPrompt, Work
from tests.rasters import PLACES

SIDE = 128
FIELD, WOOD = (slice(20, 60), slice(10, 50)), (slice(70, 110), slice(60, 120))
FIELD_ONLY = np.zeros((SIDE, SIDE), dtype=np.float32)
FIELD_ONLY[FIELD] = 0.9


class Asked:
    """Answers with the field or the wood in which the first point lies, and counts."""

    def __init__(self, at_hand: bool = True) -> None:
        self.questions: list[Question] = []
        self.at_hand = at_hand

    def __call__(self, question: Question, closely: bool) -> tuple[np.ndarray, bool]:
        self.questions.append(question)
        final = closely or self.at_hand
        seen = self.seen(question)
        return (seen if final else self.at_first_sight(question, seen)), final

    @staticmethod
    def at_first_sight(question: Question, seen: np.ndarray) -> np.ndarray:
        """The right half of everything is overlooked, but not what is clicked."""
        first = seen * (np.arange(SIDE) < 30)
        x, y = int(question.place.column), int(question.place.row)
        first[y - 4 : y + 5, x - 4 : x + 5] = seen[y, x]
        return first

    def seen(self, question: Question) -> np.ndarray:
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


def point(
    name: str, column: float, row: float, label: int = 1, field: str | None = None
) -> PersonPrompt:
    return PersonPrompt(name, PixelPoint(column, row), label, field)


def ask(*points: PersonPrompt, boxes: tuple[PersonBox, ...] = ()):
    asked = Asked()
    fields, final = Answers(frame()).fields(Work(Choices(), points, boxes), asked)
    assert final
    return fields, asked


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


def test_the_first_answer_is_what_is_at_hand_and_the_final_one_replaces_it() -> None:
    asked, answers = Asked(at_hand=False), Answers(frame())
    work = Work(Choices(), (point("a", 25, 40),))
    for _ in range(2):
        (first,), final = answers.fields(work, asked, closely=False)
        assert not final
        assert first.area.bounds[2] == pytest.approx(30, abs=1)
    assert len(asked.questions) == 1
    (field,), final = answers.fields(work, asked)
    assert final
    assert field.area.bounds[2] == pytest.approx(50, abs=1)
    # From now on nobody is shown the first one again.
    (again,), final = answers.fields(work, asked, closely=False)
    assert final
    assert again.area.equals(field.area)
    assert len(asked.questions) == 2


def test_final_fields_do_not_depend_on_what_was_asked_first() -> None:
    prompts = (point("a", 25, 40), point("b", 40, 40, 0), point("c", 90, 90))
    work = Work(Choices(), prompts)
    hurried = Answers(frame())
    asked = Asked(at_hand=False)
    # The negative lies beyond the first answer and within the final one.
    first, _ = hurried.fields(work, asked, closely=False)
    assert [(f.prompt_id, f.adds) for f in first] == [("a", True), ("b", False), ("c", True)]
    calm, _ = Answers(frame()).fields(work, Asked())
    late, _ = hurried.fields(work, asked)
    assert [(f.prompt_id, f.adds) for f in late] == [(f.prompt_id, f.adds) for f in calm]
    assert all(a.area.equals(b.area) for a, b in zip(late, calm, strict=True))


def test_fields_are_not_final_while_a_first_answer_says_which_clicks_lie_inside() -> None:
    asked, answers = Asked(at_hand=False), Answers(frame())
    click = point("a", 25, 40)
    answers.fields(Work(Choices(), (click,)), asked, closely=False)
    # Meanwhile somebody has had the model look closely there.
    asked.at_hand = True
    # The first lies within the first answer, the second beyond it and within the final one.
    work = Work(Choices(), (click, point("b", 27, 45, 0), point("c", 40, 40, 0)))
    _, final = answers.fields(work, asked, closely=False)
    assert not final
    late, final = answers.fields(work, asked)
    assert final
    calm, _ = Answers(frame()).fields(work, Asked())
    assert [(f.prompt_id, f.adds) for f in late] == [(f.prompt_id, f.adds) for f in calm]
    assert all(a.area.equals(b.area) for a, b in zip(late, calm, strict=True))


def test_what_a_negative_click_takes_away_stops_at_a_field_that_is_wanted() -> None:
    asked = Asked()
    # The negative's own field is everything.
    asked.seen = lambda q: np.full((SIDE, SIDE), 0.9, "f4") if q.place.row > 60 else FIELD_ONLY
    work = Work(Choices(), (point("a", 30, 40), point("b", 90, 90, 0)))
    fields, _ = Answers(frame()).fields(work, asked)
    assert [(f.prompt_id, f.adds) for f in fields] == [("a", True), ("b", False)]
    rivals = asked.questions[-1].points
    assert [(round(p.point.column), p.label) for p in rivals] == [(90, 1), (30, 0)]


def boxes_around(*claims: tuple[int, int, int, int]):
    """Answers with the first of these boxes (left, top, right, bottom) for a click at its left."""

    def seen(question: Question) -> np.ndarray:
        found = np.zeros((SIDE, SIDE), dtype=np.float32)
        for prompt in question.points:
            for left, top, right, bottom in claims:
                if prompt.label == 1 and left <= prompt.point.column < left + 10:
                    found[top:bottom, left:right] = 0.9
        return found

    asked = Asked()
    asked.seen = seen
    return asked


def areas(work: Work, asked: Asked) -> dict[str, tuple[float, ...]]:
    fields, final = Answers(frame()).fields(work, asked)
    assert final
    return {f.prompt_id: f.area.bounds for f in fields}


class TestFieldsThatMeet:
    """One click's answer reaches over land that another click's answer claims."""

    def test_a_later_field_leaves_to_an_earlier_one_what_it_claims(self) -> None:
        # The second answer reaches from 40 to 100; the click at 65 would be a third field's.
        asked = boxes_around((10, 20, 60, 60), (65, 20, 110, 60))
        wide = asked.seen
        asked.seen = lambda q: np.maximum(wide(q), 0.9 * covering(q, 65, 40, 100))
        found = areas(Work(Choices(), (point("a", 15, 40), point("b", 66, 40))), asked)
        assert found["a"] == pytest.approx((10, 20, 60, 60), abs=1)
        assert found["b"] == pytest.approx((60, 20, 110, 60), abs=1)

    def test_a_click_in_an_earlier_field_takes_its_own_from_it(self) -> None:
        asked = boxes_around((10, 20, 90, 60), (50, 20, 90, 60))
        found = areas(Work(Choices(), (point("a", 15, 40), point("b", 55, 40))), asked)
        assert found["a"] == pytest.approx((10, 20, 90, 60), abs=1)
        # Put on top, it cuts the first.
        assert found["b"] == pytest.approx((50, 20, 90, 60), abs=1)

    def test_what_is_cut_off_beyond_the_earlier_field_is_not_kept(self) -> None:
        asked = Asked()
        strip = np.zeros((SIDE, SIDE), dtype=np.float32)
        strip[20:60, 60:70] = 0.9
        across = np.zeros((SIDE, SIDE), dtype=np.float32)
        across[30:40, 30:120] = 0.9
        asked.seen = lambda q: strip if q.place.column < 70 else across
        found = areas(Work(Choices(), (point("a", 65, 25), point("b", 100, 35))), asked)
        assert found["b"] == pytest.approx((70, 30, 120, 40), abs=1)

    def test_the_same_fields_give_the_same_objects(self) -> None:
        asked = boxes_around((10, 20, 60, 60), (65, 20, 110, 60))
        wide = asked.seen
        asked.seen = lambda q: np.maximum(wide(q), 0.9 * covering(q, 65, 40, 100))
        work = Work(Choices(), (point("a", 15, 40), point("b", 66, 40)))
        answers = Answers(frame())
        (_, first), (_, again) = answers.fields(work, asked)[0], answers.fields(work, asked)[0]
        assert first.area is again.area


def covering(question: Question, at: int, left: int, right: int) -> np.ndarray:
    """The columns ``left`` to ``right`` for a click at ``at``."""
    found = np.zeros((SIDE, SIDE), dtype=np.float32)
    if at <= question.place.column < at + 5:
        found[20:60, left:right] = 1.0
    return found


class TestClicksThatMeanOneField:
    def test_they_are_one_field_under_the_first_ones_name(self) -> None:
        asked = boxes_around((10, 20, 60, 60), (60, 20, 110, 60))
        one, two = point("a", 15, 40), point("b", 65, 40, field="a")
        found = areas(Work(Choices(), (one, two)), asked)
        assert list(found) == ["a"]
        assert found["a"] == pytest.approx((10, 20, 110, 60), abs=1)
        assert [p.label for p in asked.questions[-1].points] == [1, 1]
        apart = areas(Work(Choices(), (one, point("b", 65, 40))), asked)
        assert list(apart) == ["a", "b"]

    def test_the_others_stay_one_without_the_first(self) -> None:
        asked = boxes_around((60, 20, 110, 60), (110, 20, 120, 60))
        points = point("b", 65, 40, field="a"), point("c", 112, 40, field="a")
        found = areas(Work(Choices(), points), asked)
        assert list(found) == ["b"]
        assert found["b"] == pytest.approx((60, 20, 120, 60), abs=1)

    def test_a_negative_click_in_either_corrects_both(self) -> None:
        asked = boxes_around((10, 20, 60, 60), (60, 20, 110, 60))
        points = (point("a", 15, 40), point("b", 65, 40, field="a"), point("n", 90, 40, 0))
        found = areas(Work(Choices(), points), asked)
        assert list(found) == ["a"]
        assert [p.label for p in asked.questions[-1].points] == [1, 1, 0]
