"""How many processors and how much memory there are for us."""

from __future__ import annotations

import os

import pytest

from core.machine_memory import free_bytes
from core.processors import granted, processors, thread_limits, use_at_most


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("CROPMAP_PROCESSORS", None)


def test_a_process_keeps_to_its_share_and_tells_libraries_before_they_load(monkeypatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert (processors(), granted()) == (4, 0)
    use_at_most(3)
    assert (processors(), granted()) == (3, 3)
    assert os.environ["OPENBLAS_NUM_THREADS"] == os.environ["OMP_NUM_THREADS"] == "3"
    os.environ.update(thread_limits(64))
    assert processors() == 4
    os.environ["CROPMAP_PROCESSORS"] = "many"
    assert processors() == 4


def test_free_memory_is_what_the_system_and_the_container_leave(tmp_path) -> None:
    meminfo, group = tmp_path / "meminfo", tmp_path / "group"
    assert free_bytes(meminfo, group) is None
    meminfo.write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    assert free_bytes(meminfo, group) == 5_120_000
    group.mkdir()
    (group / "memory.current").write_text("1000\n")
    (group / "memory.max").write_text("max\n")
    assert free_bytes(meminfo, group) == 5_120_000
    (group / "memory.max").write_text("5000\n")
    assert free_bytes(meminfo, group) == 4000
