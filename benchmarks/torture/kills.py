"""The app, killed while people work in it: what they were told is saved must be there."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from benchmarks.torture.farm import Farm, log_of, make_farm, opened
from benchmarks.torture.people import Person, Place, Saved, damage_of, settled, shown
from benchmarks.torture.serving import Server
from benchmarks.torture.tally import Tally
from benchmarks.torture.web import Web
from core.errors import CropMapError

PEOPLE = 4
_ROUND = 25
"""Kills of one project; it goes on where it was, as a person's does."""

_LONGEST_S = 0.5
_AT_START = 0.15
"""Share of kills while the app starts; the others come after the first edit is saved."""

_FIRST_EDIT_S = 30.0
_GONE = (OSError, asyncio.IncompleteReadError, TimeoutError)


def run_kills(seed: int, count: int, folder: Path) -> Tally:
    """Kill a server ``count`` times; every second project has a model."""
    tally = Tally("kill the app")
    farms = [make_farm(folder / name, with_model=name == "model") for name in ("plain", "model")]
    for first in range(0, count, _ROUND):
        number = first // _ROUND
        base = farms[number % 4 == 3]
        farm = base.copied(folder / f"round{number}")
        asyncio.run(_one_round(tally, seed, range(first, min(count, first + _ROUND)), farm))
        shutil.rmtree(farm.folder)
    return tally


async def _one_round(tally: Tally, seed: int, numbers: Iterable[int], farm: Farm) -> None:
    frames = farm.frames()
    generator = random.Random(f"{seed} kills {min(numbers)}")
    tiles = generator.sample(farm.tiles, PEOPLE)
    saved = {tile: Saved() for tile in tiles}
    for number in numbers:
        told = sum(one.count for one in saved.values())
        server = Server(farm.project, PEOPLE, farm.folder / f"{number}.log", farm.environment)
        people = [
            Person(
                Web(server.port),
                Place(server.tokens[n], farm.scene_id, tile, frames[tile]),
                random.Random(f"{seed} kill {number} {n}"),
                saved[tile],
            )
            for n, tile in enumerate(tiles)
        ]
        began = asyncio.Event()
        work = asyncio.gather(*(_work(person, tally, number, began) for person in people))
        if generator.random() > _AT_START:
            with suppress(TimeoutError):
                await asyncio.wait_for(began.wait(), _FIRST_EDIT_S)
        await asyncio.sleep(generator.uniform(0, _LONGEST_S))
        server.process.kill()
        await work
        tally.seen(number, server.process)
        told = sum(one.count for one in saved.values()) - told
        _compare(tally, number, farm, saved, told)
    await compare_with_fresh(tally, farm, tiles)


async def _work(person: Person, tally: Tally, number: int, began: asyncio.Event) -> None:
    """Act until the server is gone."""
    before = person.saved.count
    with suppress(*_GONE):
        await person.arrive()
        while True:
            answer = await person.act()
            if person.saved.count > before:
                began.set()
            if answer.status >= 400:
                detail = answer.body[:300].decode(errors="replace")
                tally.note("traceback" if answer.status == 500 else "refused", number, detail)
                await person.arrive()
    person.web.close()


def _compare(tally: Tally, number: int, farm: Farm, saved: dict[str, Saved], told: int) -> None:
    """Every saved edit, in its order and with its content."""
    try:
        with opened(farm.project) as project:
            damage = damage_of(project)
            missing = sum(
                one.lost(log_of(project, farm.scene_id, tile)) for tile, one in saved.items()
            )
    except CropMapError as error:
        tally.add("edits lost", number, str(error), times=max(1, told))
        return
    if damage:
        tally.add("edits lost", number, damage, times=max(1, missing))
    elif missing:
        tally.add("edits lost", number, f"{missing} of {told}", times=missing)
    else:
        tally.add("held", number)
    tally.saved += told


async def compare_with_fresh(tally: Tally, farm: Farm, tiles: Iterable[str]) -> None:
    """What the app shows with all that it has kept must be what it computes without."""
    tiles = list(tiles)
    bare = farm.copied(farm.folder / "bare", kept=False)
    kept, fresh = [await _states(tally, one, tiles) for one in (farm, bare)]
    for tile in tiles:
        if tile in kept and tile in fresh and kept[tile] != fresh[tile]:
            differing = [name for name in fresh[tile] if kept[tile].get(name) != fresh[tile][name]]
            tally.note("silently wrong", 0, f"{tile}: kept and fresh differ in {differing}")


async def _states(tally: Tally, farm: Farm, tiles: list[str]) -> dict[str, dict[str, object]]:
    server = Server(farm.project, 1, farm.folder / "states.log", farm.environment)
    frames, web, found = farm.frames(), Web(server.port), {}
    try:
        for tile in tiles:
            place = Place(server.tokens[0], farm.scene_id, tile, frames[tile])
            found[tile] = shown(await settled(web, place))
    except TimeoutError:
        tally.note("hang", 0, f"{farm.project}:\n{server.process.stacks()}")
    finally:
        web.close()
        server.process.kill()
        tally.seen(0, server.process)
    return found
