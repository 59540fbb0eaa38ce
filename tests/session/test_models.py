import threading

import pytest

from core.errors import CancelledError, WeightsError
from core.sam.added import added_checkpoint, own_folder
from core.session.models import Models, Urgency, WorkQueue
from core.settings import get_settings
from tests.fakes import ColourSegmenter
from tests.sam.own_models import OWN_SHA256, own


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


def test_a_model_is_loaded_once_by_whoever_comes_first() -> None:
    loaded = []

    def load(key: str) -> ColourSegmenter:
        loaded.append(key)
        return ColourSegmenter()

    service = Models(load).service("cropmap_small")
    assert service.loaded is None
    threads = [threading.Thread(target=service.segmenter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == ["cropmap_small"]
    assert service.loaded is service.segmenter()


def test_a_model_that_cannot_be_loaded_is_tried_again() -> None:
    tries = []

    def load(key: str) -> ColourSegmenter:
        tries.append(key)
        if len(tries) == 1:
            raise WeightsError("No weights.", "Get some.")
        return ColourSegmenter()

    service = Models(load).service("cropmap_small")
    with pytest.raises(WeightsError):
        service.segmenter()
    assert service.segmenter() is not None


def test_no_model_is_a_service_too() -> None:
    assert Models().service(None).segmenter() is None


def test_another_checkpoint_under_a_name_is_loaded_anew(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CROPMAP_WEIGHTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    own("fields")
    loaded = []

    def load(key: str) -> ColourSegmenter:
        loaded.append(key)
        record = added_checkpoint(key)
        assert record is not None
        return ColourSegmenter(name=key, weights_hash=record.sha256)

    service = Models(load).service("fields")
    first = service.segmenter()
    assert service.segmenter() is service.loaded is first
    path = own_folder() / "fields.json"
    path.write_text(path.read_text().replace(OWN_SHA256, "1" * 64) + " ")
    assert service.loaded is None
    second = service.segmenter()
    assert second is not None
    assert second.weights_hash == "1" * 64
    assert loaded == ["fields"] * 2
    get_settings.cache_clear()
