import threading
import time

import pytest

from ui.server.cache import PictureCache


def test_a_picture_is_made_once() -> None:
    cache, made = PictureCache(100), []
    for _ in range(3):
        assert cache.get("a", lambda: made.append(1) or b"picture") == b"picture"
    assert made == [1]
    assert cache.size == 7


def test_the_least_recently_used_leave_first() -> None:
    cache = PictureCache(30)
    for key in "abc":
        cache.get(key, lambda: b"0123456789")
    cache.get("a", lambda: pytest.fail("it was there"))
    cache.get("d", lambda: b"0123456789")
    made = []
    cache.get("b", lambda: made.append(1) or b"0123456789")
    assert made == [1]
    cache.get("a", lambda: pytest.fail("it was there"))
    assert cache.size == 30
    cache.get("huge", lambda: b"0" * 31)
    assert cache.size == 30


def test_many_who_ask_wait_for_one_maker() -> None:
    cache, made, got = PictureCache(100), [], []

    def make() -> bytes:
        made.append(1)
        time.sleep(0.2)
        return b"picture"

    threads = [threading.Thread(target=lambda: got.append(cache.get("a", make))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert got == [b"picture"] * 6


def test_a_failure_reaches_all_and_is_forgotten() -> None:
    cache, failures = PictureCache(100), []

    def fail() -> bytes:
        time.sleep(0.1)
        raise ValueError("no")

    def ask() -> None:
        try:
            cache.get("a", fail)
        except ValueError:
            failures.append(1)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [1, 1, 1]
    assert cache.get("a", lambda: b"now") == b"now"
