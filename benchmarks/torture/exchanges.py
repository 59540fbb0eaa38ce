"""Every kind of input, exchanged while the app or a command line uses it.

What is shown in the end must be what the sound inputs give, and what was saved must be somewhere;
while a wrong file is there, what is shown is what was known before, or a sentence.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.torture.commands import PATIENCE_S, digests_of, start
from benchmarks.torture.farm import KEPT, Farm, make_farm, opened
from benchmarks.torture.people import Place, Raw, settled, shown
from benchmarks.torture.serving import Server
from benchmarks.torture.tally import Tally
from benchmarks.torture.web import Web
from core.errors import CropMapError
from core.farmland import write_scene

_OK, _OURS = 200, 500
_GONE = (OSError, asyncio.IncompleteReadError, TimeoutError)
_ADDERS = 3

Exchange = Callable[["Trial"], Coroutine[Any, Any, str]]
"""Says what is wrong; empty where nothing is."""


class Trial:
    """One exchange: a farm of its own, and what was seen."""

    def __init__(self, farm: Farm, tally: Tally, number: int, generator: random.Random) -> None:
        self.farm, self.tally, self.number, self.generator = farm, tally, number, generator
        self.lost = 0

    def server(self, people: int = 1) -> Server:
        """The app on this farm."""
        return Server(
            self.farm.project, people, self.farm.folder / "app.log", self.farm.environment
        )

    def ended(self, server: Server) -> None:
        """End it as the power does, and look at what it printed."""
        if not server.process.is_alive:
            self.tally.note("signal", self.number, server.process.said()[-2000:])
        server.process.kill()
        self.tally.seen(self.number, server.process)

    async def states(self, server: Server, tiles: tuple[str, ...] = ()) -> dict[str, Raw]:
        """What the app shows of the tiles once nothing more is being computed."""
        frames, web, found = self.farm.frames(), Web(server.port), {}
        for tile in tiles or self.farm.tiles:
            place = Place(server.tokens[0], self.farm.scene_id, tile, frames[tile])
            try:
                state = await settled(web, place)
            except TimeoutError:
                self.tally.note("hang", self.number, server.process.stacks())
                raise
            if "parcels" not in state and not state.get("message"):
                self.tally.note("traceback", self.number, f"{state}")
            found[tile] = shown(state)
        web.close()
        return found

    async def fresh(self, tiles: tuple[str, ...] = ()) -> dict[str, Raw]:
        """What the app computes from the sound inputs when nothing is kept."""
        bare = replace(self.farm.copied(self.farm.folder / "bare", kept=False))
        trial = Trial(bare, self.tally, self.number, self.generator)
        server = trial.server()
        found = await trial.states(server, tiles)
        trial.ended(server)
        shutil.rmtree(bare.folder)
        return found


def run_exchanges(seed: int, each: int, folder: Path) -> Tally:
    """Make every exchange ``each`` times."""
    tally = Tally("exchange")
    for name, exchange in _EXCHANGES.items():
        for number in range(each):
            here = folder / f"{name}{number}"
            trial = Trial(make_farm(here), tally, number, random.Random(f"{seed} {name} {number}"))
            try:
                wrong = asyncio.run(exchange(trial))
            except TimeoutError:
                tally.add("hang", number, name)
            else:
                bad = "edits lost" if trial.lost else "silently wrong"
                tally.add(
                    bad if wrong else "held", number, f"{name}: {wrong}", times=trial.lost or 1
                )
            shutil.rmtree(here)
    tally.told = f"{len(_EXCHANGES)} kinds: {', '.join(_EXCHANGES)}; each {each} times"
    return tally


# Inputs ------------------------------------------------------------------------------------


async def _input(trial: Trial, path: Path) -> str:
    """Another image or land cover of the same size in its place, and put back, at any moment."""
    other = _other(trial, path)
    aside = path.with_name("aside.tif")
    server = trial.server()
    half = trial.farm.tiles[::2]
    before = await trial.states(server, half) if trial.generator.random() < 0.5 else {}
    await _look_briefly(trial, server)
    path.rename(aside)
    other.rename(path)
    while_wrong = await trial.states(server)
    path.unlink()
    aside.rename(path)
    after = await trial.states(server)
    trial.ended(server)
    fresh = await trial.fresh()
    for tile, state in while_wrong.items():
        known = state["error"] is None and state != fresh[tile] and state != before.get(tile)
        if known:
            return f"{tile} was made from the wrong file: {_differing(state, fresh[tile])}"
    return _compared(after, fresh)


def _other(trial: Trial, path: Path) -> Path:
    files = write_scene(trial.farm.folder / "other", seed=99, size=300)
    return files.scene if path == trial.farm.scene else files.landcover


async def _scene(trial: Trial) -> str:
    return await _input(trial, trial.farm.scene)


async def _landcover(trial: Trial) -> str:
    return await _input(trial, trial.farm.landcover)


async def _overview(trial: Trial) -> str:
    """Overviews and statistics of another image beside the scene."""
    other = _other(trial, trial.farm.scene)
    server = trial.server()
    await _look_briefly(trial, server)
    beside = Path(f"{trial.farm.scene}.ovr")
    shutil.copy(other, beside)
    while_wrong = await trial.states(server)
    beside.unlink()
    after = await trial.states(server)
    trial.ended(server)
    fresh = await trial.fresh()
    told = {t: s for t, s in while_wrong.items() if s["error"] is None}
    return _compared(told, {t: fresh[t] for t in told}) or _compared(after, fresh)


async def _look_briefly(trial: Trial, server: Server) -> None:
    """Ask for some tiles, and do not wait until they are there."""
    web = Web(server.port)
    base = f"/cropmap/{server.tokens[0]}/tile/{trial.farm.scene_id}"
    for tile in trial.farm.tiles[:3]:
        await web.get(f"{base}/{tile}?wait=0")
    web.close()
    await asyncio.sleep(trial.generator.uniform(0, 0.3))


# The project -------------------------------------------------------------------------------


async def _add_until(
    trial: Trial, server: Server, number: int, told: list[str], stop: asyncio.Event
) -> None:
    """Save points of names that nobody else uses; after a refusal look at what is there."""
    tile = trial.farm.tiles[number]
    place = Place(server.tokens[number], trial.farm.scene_id, tile, trial.farm.frames()[tile])
    column, row, width, height = place.frame.core_bounds()
    web, count, state = Web(server.port), 0, {}
    with suppress(*_GONE):
        while not stop.is_set():
            if "version" not in state:
                state = (await web.get(f"{place.path}?wait=0")).json
                await asyncio.sleep(0.02)
                continue
            x, y = (
                column + width * trial.generator.random(),
                row + height * trial.generator.random(),
            )
            name = f"{number}-{count}"
            edit = {"kind": "prompt_set", "id": name, "column": x, "row": y, "label": count % 2}
            body = {"version": state["version"], "file": state["file"], "edits": [edit]}
            answer = await web.post(f"{place.path}/edits", body)
            if answer.status == _OK:
                told.append(name)
            elif answer.status == _OURS:
                trial.tally.note("traceback", trial.number, answer.body[:300].decode())
            state = answer.json if answer.status == _OK else {}
            count += 1
    web.close()


async def _while_adding(trial: Trial, exchange: Callable[[], object]) -> str:
    """Exchange something of the project while points are saved; all must be in some file."""
    server, stop = trial.server(_ADDERS), asyncio.Event()
    told: list[str] = []
    work = [_add_until(trial, server, number, told, stop) for number in range(_ADDERS)]
    adding = asyncio.gather(*work)
    for _ in range(1500):
        await asyncio.sleep(0.02)
        if len(told) > trial.generator.randrange(5, 40):
            break
    exchange()
    await asyncio.sleep(trial.generator.uniform(0.2, 0.8))
    stop.set()
    await adding
    trial.ended(server)
    there: set[str] = set()
    for path in trial.farm.project.parent.glob("*.cropmap"):
        there |= _names_in(trial, path)
    missing = set(told) - there
    trial.tally.saved += len(told)
    trial.lost = len(missing)
    return f"{len(missing)} of {len(told)} are nowhere: {sorted(missing)[:5]}" if missing else ""


def _names_in(trial: Trial, path: Path) -> set[str]:
    try:
        with opened(path) as project:
            logs = [project.log(trial.farm.scene_id, tile).edits for tile in trial.farm.tiles]
    except CropMapError as error:
        trial.tally.note("silently wrong", trial.number, f"{path.name}: {error.message}")
        return set()
    return {edit.data["id"] for edits in logs for edit in edits}


async def _project(trial: Trial) -> str:
    """A copy from before, put in the place of the open project by a rename, as a sync does."""
    path = trial.farm.project
    copy = path.with_name("incoming")
    shutil.copy(path, copy)
    return await _while_adding(trial, lambda: copy.replace(path))


async def _moved_and_back(trial: Trial) -> str:
    """The project's file moved away and back again."""
    path, aside = trial.farm.project, trial.farm.project.with_name("aside")

    def exchange() -> None:
        path.rename(aside)
        aside.rename(path)

    return await _while_adding(trial, exchange)


async def _journal(trial: Trial) -> str:
    """``-wal`` removed, or ``-wal`` and ``-shm``."""
    path = trial.farm.project
    ends = ("-wal",) if trial.generator.random() < 0.5 else ("-wal", "-shm")

    def exchange() -> None:
        for end in ends:
            path.with_name(path.name + end).unlink(missing_ok=True)

    return await _while_adding(trial, exchange)


# What is kept ------------------------------------------------------------------------------


async def _kept(trial: Trial) -> str:
    """Kept predictions and labels of other tiles, or with a flipped bit, while the app runs."""
    server = trial.server()
    before = await trial.states(server)
    if trial.generator.random() < 0.5:
        trial.ended(server)
        _mix_up(trial, [trial.farm.project.parent / name for name in KEPT])
        server = trial.server()
    else:
        _mix_up(trial, [trial.farm.project.parent / name for name in KEPT])
    after = await trial.states(server)
    trial.ended(server)
    return _compared(after, before)


def _mix_up(trial: Trial, folders: list[Path], pattern: str = "*") -> None:
    """Exchange the files of each folder among each other; flip a bit in some."""
    for folder in folders:
        files = sorted(path for path in folder.rglob(pattern) if path.is_file())
        bodies = [path.read_bytes() for path in files]
        mixed = trial.generator.sample(bodies, len(bodies))
        for path, body in zip(files, mixed, strict=True):
            changed = bytearray(body)
            if changed and trial.generator.random() < 0.3:
                changed[trial.generator.randrange(len(changed))] ^= 1
            aside = path.with_name("aside")
            aside.write_bytes(changed)
            aside.replace(path)


async def _tiles(trial: Trial) -> str:
    """Finished tiles of a stopped ``cropmap map``."""
    farm, out = trial.farm, trial.farm.folder / "out"
    arguments = ["map", str(farm.scene), "--landcover", str(farm.landcover), "--model", "none"]
    whole = _to_the_end(trial, [*arguments, "--out", str(farm.folder / "whole")])
    if whole:
        return whole
    process = start([*arguments, "--out", str(out)], farm.folder / "map.log", farm)
    for _ in range(3000):
        if len(list(out.glob(".tiles/*.tile"))) >= 4 or not process.is_alive:
            break
        await asyncio.sleep(0.005)
    process.kill()
    _mix_up(trial, [out / ".tiles"], "*.tile")
    wrong = _to_the_end(trial, [*arguments, "--out", str(out)])
    same = digests_of(out) == digests_of(farm.folder / "whole")
    return wrong or ("" if same else "the map differs from one of an undisturbed run")


def _to_the_end(trial: Trial, arguments: list[str]) -> str:
    process = start(arguments, trial.farm.folder / "map.log", trial.farm)
    status = process.wait(PATIENCE_S)
    if status is None:
        process.kill()
        raise TimeoutError
    trial.tally.seen(trial.number, process)
    return "" if status == 0 else f"exit status {status}: {process.said()[-500:]}"


def _compared(found: dict[str, Raw], right: dict[str, Raw]) -> str:
    for tile, state in found.items():
        if state != right[tile]:
            return f"{tile}: {_differing(state, right[tile])}"
    return ""


def _differing(one: Raw, other: Raw) -> dict[str, Any]:
    names = [name for name in other if one.get(name) != other[name]]
    return {name: (str(one.get(name))[:200], str(other[name])[:200]) for name in names}


_EXCHANGES: dict[str, Exchange] = {
    "image": _scene,
    "land cover": _landcover,
    "overviews": _overview,
    "project": _project,
    "project moved and put back": _moved_and_back,
    "journal": _journal,
    "kept predictions and labels": _kept,
    "finished tiles": _tiles,
}
