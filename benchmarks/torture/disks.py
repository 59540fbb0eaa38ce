"""Disks that are full, or may only be read: a sentence, and all that was saved stays."""

from __future__ import annotations

import asyncio
import random
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.torture.commands import PATIENCE_S, run_command
from benchmarks.torture.farm import Farm, log_of, make_farm, opened
from benchmarks.torture.forked import Forked
from benchmarks.torture.people import Person, Place, Saved, damage_of
from benchmarks.torture.serving import Server, serve
from benchmarks.torture.tally import Tally
from benchmarks.torture.web import Web
from core.errors import CropMapError

_DISK = "24m"
_ACTS = 400
_SAID = 4
"""Lines that a command may print to say that something is wrong."""

_GONE = (OSError, asyncio.IncompleteReadError, TimeoutError)
_OURS = 500
_FULL = 507
_LATER = (_FULL, 503)
"""The map keeps what it could not save, and sends it again."""


def run_disks(seed: int, each: int, folder: Path) -> Tally:
    """Work until the disk is full, then with room again; and on a disk that may only be read."""
    tally = Tally("disk")
    farm = make_farm(folder)
    for number in range(each):
        generator = random.Random(f"{seed} disk {number}")
        try:
            with _small_disk(folder / f"disk{number}") as disk:
                moved = farm.copied(disk)
                _check(tally, number, asyncio.run(_full(tally, number, moved, generator)))
                _commands_on_full(tally, number, moved, generator)
                with _read_only(disk):
                    _read_only_trials(tally, number, moved)
            tally.told = "a tmpfs of 24 MB, filled to the last byte, and mounted read-only"
        except PermissionError:
            tally.told = "only a limit on the size of files (RLIMIT_FSIZE): no disk may be mounted"
        _check(tally, number, asyncio.run(_limited(tally, number, farm, generator)))
    return tally


def _check(tally: Tally, number: int, wrong: str) -> None:
    tally.add("edits lost" if wrong else "held", number, wrong)


# The app -----------------------------------------------------------------------------------


async def _full(tally: Tally, number: int, farm: Farm, generator: random.Random) -> str:
    """Work; fill the disk; work on; make room; work on.  Says what is lost."""
    server = Server(farm.project, 1, _log(farm, number), farm.environment)
    person = _person(farm, server, generator)
    ballast = farm.folder / "ballast"
    await person.arrive()
    await _act(tally, number, person, 10)
    _fill(ballast, generator.randrange(0, 300_000))
    refused = await _act(tally, number, person, _ACTS, until_refused=True)
    ballast.unlink()
    await person.arrive()
    worked = person.saved.count
    await _act(tally, number, person, 10)
    if not refused:
        tally.note("silently wrong", number, "no edit was refused on a full disk")
    if person.saved.count == worked:
        tally.note("silently wrong", number, "no edit was saved after there was room again")
    return _ended(tally, number, farm, server, person)


async def _limited(tally: Tally, number: int, farm: Farm, generator: random.Random) -> str:
    """A server whose files may not grow beyond a limit: as full, where nothing can be mounted."""
    here = farm.copied(farm.folder / f"limited{number}")
    server = Server(here.project, 1, _log(farm, number), here.environment, _serve_limited)
    person = _person(here, server, generator)
    await person.arrive()
    refused = await _act(tally, number, person, _ACTS, until_refused=True)
    if not refused:
        size = here.project.stat().st_size
        told = f"no edit was refused at the limit: {size} bytes, {person.saved.count} edits"
        tally.note("silently wrong", number, told)
    wrong = _ended(tally, number, here, server, person)
    shutil.rmtree(here.folder)
    return wrong


def _serve_limited(*given: object) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    serve(*given)  # type: ignore[arg-type]


def _person(farm: Farm, server: Server, generator: random.Random) -> Person:
    tile = generator.choice(farm.tiles)
    place = Place(server.tokens[0], farm.scene_id, tile, farm.frames()[tile])
    with opened(farm.project) as project:
        before = Saved(log_of(project, farm.scene_id, tile))
    return Person(Web(server.port), place, generator, before)


async def _act(
    tally: Tally, number: int, person: Person, times: int, *, until_refused: bool = False
) -> bool:
    """Act; whether something was refused because of the disk."""
    refused = 0
    for _ in range(times):
        try:
            answer = await person.act()
        except _GONE as error:
            tally.note("signal", number, f"the server is gone: {error!r}")
            return True
        if answer.status in _LATER:
            refused += 1
        elif answer.status >= _OURS:
            tally.note("traceback", number, answer.body[:300].decode())
            return True
        if until_refused and refused > 10:
            break
    return refused > 0


def _ended(tally: Tally, number: int, farm: Farm, server: Server, person: Person) -> str:
    person.web.close()
    server.process.kill()
    tally.seen(number, server.process)
    tally.saved += person.saved.count
    with opened(farm.project) as project:
        lost = person.saved.lost(log_of(project, farm.scene_id, person.place.tile))
        return damage_of(project) or (f"{lost} edits" if lost else "")


# Commands ----------------------------------------------------------------------------------


def _commands(farm: Farm) -> dict[str, list[str]]:
    project, scene, cover = str(farm.project), str(farm.scene), str(farm.landcover)
    out = farm.folder / "out"
    plain = ["--landcover", cover, "--model", "none", "--strategy", "classifier"]
    return {
        "map": ["map", scene, *plain, "--out", str(out / "map")],
        "export": ["project", "export", project, "--format", "gpkg", "--out", str(out / "a.gpkg")],
        "project map": ["project", "map", project],
        "add": ["project", "add", project, scene, "--landcover", cover],
        "backup": ["project", "backup", project],
        "new": ["project", "new", str(farm.folder / "new")],
    }


def _commands_on_full(tally: Tally, number: int, farm: Farm, generator: random.Random) -> None:
    ballast = farm.folder / "ballast"
    before = _whole_log(farm)
    for name, arguments in _commands(farm).items():
        _fill(ballast, generator.choice((0, 0, 50_000, 300_000)))
        _one_sentence(tally, number, f"full disk, {name}", arguments, farm)
        ballast.unlink()
        shutil.rmtree(farm.folder / "out", ignore_errors=True)
    after = _whole_log(farm)
    tally.add("held" if after == before else "edits lost", number, "commands on a full disk")


def _read_only_trials(tally: Tally, number: int, farm: Farm) -> None:
    for name, arguments in _commands(farm).items():
        _one_sentence(tally, number, f"read-only disk, {name}", arguments, farm, fails=True)
    asyncio.run(_read_only_app(tally, number, farm))


async def _read_only_app(tally: Tally, number: int, farm: Farm) -> None:
    server = Server(farm.project, 1, _log(farm, number), farm.environment)
    web = Web(server.port)
    place = f"/cropmap/{server.tokens[0]}/tile/{farm.scene_id}/{farm.tiles[0]}"
    answer = await web.get(f"{place}?wait=0")
    edited = await web.post(f"{place}/edits", {"version": 0, "edits": [{"kind": "prompts_clear"}]})
    for one in (answer, edited):
        told = one.json.get("message")
        if one.status >= _OURS and one.status not in _LATER:
            tally.add("traceback", number, f"read-only: {one.status} {told}")
        elif one is edited and one.status < 400:
            tally.add("edits lost", number, "an edit was saved on a read-only disk")
        else:
            tally.add("refused" if told else "held", number)
    web.close()
    server.process.kill()
    tally.seen(number, server.process)


def _one_sentence(
    tally: Tally, number: int, name: str, arguments: list[str], farm: Farm, *, fails: bool = False
) -> None:
    """A command that ends well, or with exit status 1 and few lines."""
    log = _log(farm, number)
    log.unlink(missing_ok=True)
    process = Forked(run_command, log, farm.environment, arguments)
    status = process.wait(PATIENCE_S)
    if status is None:
        process.kill()
        tally.add("hang", number, name)
        return
    said, traces = process.said().strip(), tally.counts["traceback"]
    tally.seen(number, process)
    if tally.counts["traceback"] > traces:
        tally.counts["tried"] += 1
    elif status < 0:
        tally.add("signal", number, f"{name}: {status} {said[-800:]}")
    elif status == 0:
        tally.add("silently wrong" if fails else "held", number, f"{name}: exit status 0")
    elif status != 1 or not said or len(said.splitlines()) > _SAID:
        tally.add("traceback", number, f"{name}: exit status {status}, {said[-800:]}")
    else:
        tally.add("refused", number)


def _whole_log(farm: Farm) -> dict[str, list[str]]:
    with suppress(CropMapError), opened(farm.project) as project:
        return {tile: log_of(project, farm.scene_id, tile) for tile in farm.tiles}
    return {}


# The disk ----------------------------------------------------------------------------------


@contextmanager
def _small_disk(place: Path) -> Iterator[Path]:
    """A file system of its own.

    Raises
    ------
    PermissionError
        This user may not make one.
    """
    place.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(place)]
    try:
        subprocess.run(made, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        place.rmdir()
        raise PermissionError(str(error)) from error
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def _read_only(disk: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def _fill(ballast: Path, left: int) -> None:
    """Take all the room of the disk but some bytes."""
    free = shutil.disk_usage(ballast.parent).free
    with suppress(OSError), ballast.open("wb") as file:
        for _ in range(max(0, free - left) // 4096):
            file.write(bytes(4096))


def _log(farm: Farm, number: int) -> Path:
    """Where processes print to, which is on a disk with room."""
    return farm.cache.parent / f"disk{number}.log"
