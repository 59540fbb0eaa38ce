from pathlib import Path

from ui.server.presence import SECONDS, Presence, Room
from ui.server.tokens import Access


def test_who_has_what_open_until_they_stop_asking() -> None:
    now = [0.0]
    room, farm = Room(lambda: now[0]), Path("/farm.cropmap")
    room.enter("a", Access(farm, "Ada"), "s", "t1")
    room.enter("b", Access(farm, "Ben"), "s", "t2")
    room.enter("c", Access(Path("/other.cropmap"), "Cleo"), "s", "t1")
    assert room.others(farm, "a") == [Presence("Ben", "s", "t2")]
    room.enter("b", Access(farm, "Ben"), "s", "t3")
    assert room.others(farm, "a") == [Presence("Ben", "s", "t3")]
    now[0] = SECONDS
    room.stay("a")
    room.stay("nobody")
    now[0] = SECONDS + 1
    assert room.others(farm, "") == [Presence("Ada", "s", "t1")]
