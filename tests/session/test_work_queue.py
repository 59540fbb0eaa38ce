import threading

import pytest

from core.errors import CancelledError, WeightsError
from core.session.work_queue import AGAIN, Urgency, WorkQueue


def blocked(queue: WorkQueue) -> threading.Event:
    """Keeps the queue's thread busy until the event is set."""
    go, began = threading.Event(), threading.Event()
    queue.submit(lambda: (began.set(), go.wait(10)), Urgency.CLICK)
    assert began.wait(10)
    return go


def test_the_most_urgent_goes_first() -> None:
    queue, order = WorkQueue("test"), []
    go = blocked(queue)
    answers = [
        queue.submit(lambda u=urgency: order.append(u), urgency)
        for urgency in (Urgency.BATCH, Urgency.TILE, Urgency.CLICK, Urgency.AHEAD, Urgency.HOVER)
    ]
    go.set()
    for answer in answers:
        answer.result(10)
    assert order == sorted(order)


def test_the_newest_of_one_key_wins() -> None:
    queue, done = WorkQueue("test"), []
    go = blocked(queue)
    answers = [
        queue.submit(lambda n=n: done.append(n), Urgency.HOVER, "hover Ana") for n in range(5)
    ]
    other = queue.submit(lambda: done.append("Ben"), Urgency.HOVER, "hover Ben")
    go.set()
    other.result(10)
    answers[-1].result(10)
    assert sorted(map(str, done)) == ["4", "Ben"]
    for stale in answers[:-1]:
        with pytest.raises(CancelledError):
            stale.result(10)


def test_what_goes_wrong_reaches_who_waits_and_the_queue_goes_on() -> None:
    queue = WorkQueue("test")

    def fail() -> None:
        raise WeightsError("No weights.", "Get some.")

    with pytest.raises(WeightsError):
        queue.submit(fail, Urgency.TILE).result(10)
    assert queue.submit(lambda: 7, Urgency.TILE).result(10) == 7


def test_the_same_question_is_asked_once() -> None:
    queue, done = WorkQueue("test"), []
    go = blocked(queue)

    def work() -> int:
        done.append("asked")
        return 7

    answers = [
        queue.submit(work, urgency, question="here")
        for urgency in (Urgency.CLOSER, Urgency.FINAL, Urgency.CLICK)
    ]
    go.set()
    assert [answer.result(10) for answer in answers] == [7, 7, 7]
    assert done == ["asked"]


def test_a_question_that_is_being_answered_is_not_asked_again() -> None:
    queue, go, began = WorkQueue("test"), threading.Event(), threading.Event()
    first = queue.submit(
        lambda: (began.set(), go.wait(10)), Urgency.CLOSER, "hover Ana", question="here"
    )
    assert began.wait(10)
    second = queue.submit(lambda: pytest.fail("asked twice"), Urgency.FINAL, question="here")
    go.set()
    assert second.result(10) == first.result(10)


def test_a_pointer_that_moves_on_leaves_the_question_to_the_click_that_shares_it() -> None:
    queue = WorkQueue("test")
    go = blocked(queue)
    pointed = queue.submit(lambda: 7, Urgency.CLOSER, "hover Ana", question="here")
    clicked = queue.submit(lambda: 8, Urgency.FINAL, question="here")
    queue.submit(lambda: 9, Urgency.HOVER, "hover Ana", question="there")
    go.set()
    assert clicked.result(10) == 7
    with pytest.raises(CancelledError):
        pointed.result(10)


def test_people_take_turns() -> None:
    queue, order = WorkQueue("test"), []
    go = blocked(queue)
    asked = [("Ana", n) for n in range(3)] + [("Ben", 0), ("Cleo", 0), ("Ben", 1)]
    answers = [
        queue.submit(lambda one=one: order.append(one), Urgency.FINAL, who=one[0]) for one in asked
    ]
    go.set()
    for answer in answers:
        answer.result(10)
    assert order == [("Ana", 0), ("Ben", 0), ("Cleo", 0), ("Ana", 1), ("Ben", 1), ("Ana", 2)]


def test_who_asks_anew_keeps_the_place_in_the_line() -> None:
    queue, order = WorkQueue("test"), []
    go = blocked(queue)
    queue.submit(lambda: order.append("Ana, old"), Urgency.FINAL, "tile 1", who="Ana")
    queue.submit(lambda: order.append("Ana, 2"), Urgency.FINAL, "tile 2", who="Ana")
    last = queue.submit(lambda: order.append("Ana, 3"), Urgency.FINAL, "tile 3", who="Ana")
    queue.submit(lambda: order.append("Ana, new"), Urgency.FINAL, "tile 1", who="Ana")
    go.set()
    last.result(10)
    assert order == ["Ana, new", "Ana, 2", "Ana, 3"]


def test_a_first_answer_goes_between_the_parts_of_a_final_one() -> None:
    queue, order = WorkQueue("test"), []
    go, began = threading.Event(), threading.Event()
    parts = iter([AGAIN, AGAIN, 7])

    def work() -> object:
        part = next(parts)
        order.append("part")
        began.set()
        assert go.wait(10)
        return part

    final = queue.submit(work, Urgency.FINAL)
    assert began.wait(10)
    queue.submit(lambda: order.append("equal"), Urgency.FINAL, who="Ben")
    queue.submit(lambda: order.append("click"), Urgency.CLICK)
    go.set()
    assert final.result(10) == 7
    assert order[:4] == ["part", "click", "part", "part"]


def test_nobody_is_overtaken_for_ever() -> None:
    queue, order = WorkQueue("test"), []
    go = blocked(queue)
    last = queue.submit(lambda: order.append("final"), Urgency.FINAL)
    for _ in range(30):
        queue.submit(lambda: order.append("hover"), Urgency.HOVER)
    go.set()
    last.result(10)
    assert 0 < order.index("final") < 15
