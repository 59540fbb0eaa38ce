"""A map waits for what others do, and is told at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.testclient import TestClient

from core.project import Project
from core.session import open_project
from tests.server.conftest import ORIGIN
from ui.server import changes, tokens

WAITING = 60
"""More than there are worker threads."""


@pytest.fixture
def judge(project: Project):
    """Changes something of a tile, as another page of this process does."""
    project = open_project(project.path)
    (scene,) = project.scenes()
    tile = project.tiles(scene.id)[0]

    def change() -> list[str]:
        version = project.tile(scene.id, tile.name).verdict.version
        project.set_verdict(
            scene.id, tile.name, "fix", reviewer="Ben", comment="", expected_version=version
        )
        return [scene.id, tile.name]

    return change


def run_apart(coroutine):
    """In a thread without an event loop: browser tests leave one running in their own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def asked_by_many(client: TestClient, base: str, query: str, then) -> list[dict]:
    """What so many are told who wait while something is done."""
    transport = httpx.ASGITransport(app=client.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=ORIGIN
    ) as browser:
        first = (await browser.get(f"{base}/changes?since=0")).json()
        wait = f"{base}/changes?since={first['revision']}&wait=20{query.format(**first)}"
        waiting = [asyncio.ensure_future(browser.get(wait, timeout=60)) for _ in range(WAITING)]
        await asyncio.sleep(0.5)
        # Somebody else is answered meanwhile, by a worker thread.
        assert (await browser.get(f"{base}/changes?since=0")).status_code == 200
        assert not any(one.done() for one in waiting)
        await asyncio.to_thread(then)
        return [(await one).json() for one in waiting]


def test_all_who_wait_are_told_when_something_is_done(client, base, judge, monkeypatch) -> None:
    monkeypatch.setattr(changes, "_LOOK_S", 1000.0)
    done = []
    answers = run_apart(asked_by_many(client, base, "", lambda: done.append(judge())))
    assert len(answers) == WAITING
    for answer in answers:
        assert done[0] in [entry[:2] for entry in answer["tiles"]]


def test_another_name_of_the_person_ends_the_wait(client, base, monkeypatch) -> None:
    monkeypatch.setattr(changes, "_LOOK_S", 0.05)
    token = base.rsplit("/", 1)[1]
    answers = run_apart(
        asked_by_many(client, base, "&you={you}&file={file}", lambda: tokens.rename(token, "Anna"))
    )
    assert {answer["you"] for answer in answers} == {"Anna"}


def test_what_the_map_does_not_know_is_told_without_a_wait(client, base, monkeypatch) -> None:
    monkeypatch.setattr(changes, "LONGEST_S", 1000.0)
    known = client.get(f"{base}/changes?since=0").json()
    for query in ("you=Nobody", "file=another"):
        asked = f"{base}/changes?since={known['revision']}&wait=1000&{query}"
        assert client.get(asked).json() == {**known, "tiles": []}


def test_the_wait_ends_with_the_server(client, base, monkeypatch) -> None:
    monkeypatch.setattr(changes, "LONGEST_S", 1000.0)
    monkeypatch.setattr(changes, "stopping", lambda: True)
    known = client.get(f"{base}/changes?since=0").json()
    asked = f"{base}/changes?since={known['revision']}&wait=1000"
    assert client.get(asked).json()["revision"] == known["revision"]
