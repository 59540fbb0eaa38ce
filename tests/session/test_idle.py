"""What is kept for people goes once nobody has asked for anything for a while."""

from __future__ import annotations

import weakref

from core.grid import PixelPoint
from core.session.idle import Idle
from tests.session.conftest import ready


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_memory_is_given_back_only_after_nobody_asked_for_so_long() -> None:
    clock, released = Clock(), []
    idle = Idle(600, clock)
    idle.add(lambda: released.append(clock.now))
    clock.now = 500.0
    idle.asked()
    clock.now = 1099.0
    assert not idle.look()
    assert released == []
    clock.now = 1100.0
    assert idle.look()
    assert released == [1100.0]


def test_tiles_and_models_are_let_go_and_come_back(workspaces, project, scene_id, tile) -> None:
    clock = Clock()
    idle = Idle(600, clock)
    idle.add(workspaces.release)
    before = ready(workspaces.get(project, scene_id, tile))
    workspaces.settle()
    held = weakref.ref(workspaces.get(project, scene_id, tile))
    services = list(workspaces.models._services.values())
    assert any(service.loaded is not None for service in services)
    clock.now = 601.0
    assert idle.look()
    assert held() is None
    assert all(service.loaded is None for service in services)
    assert ready(workspaces.get(project, scene_id, tile))["parcels"] == before["parcels"]


def test_who_still_holds_a_tile_has_its_model_loaded_anew(
    workspaces, project, scene_id, tile
) -> None:
    held = workspaces.get(project, scene_id, tile)
    column, row, width, height = ready(held)["window"]
    workspaces.release()
    answer = held.hover(PixelPoint(column + width / 2, row + height / 2), "Ana", closely=True)
    assert answer is not None
    assert answer.final
