"""Many people at the same tiles for minutes, as they work: prompts, strokes, previews, pictures."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.torture.farm import (
    FULL,
    SMALL,
    Farm,
    as_text,
    log_of,
    make_farm,
    opened,
    set_up,
)
from benchmarks.torture.kills import compare_with_fresh
from benchmarks.torture.people import Place, damage_of, random_edit, settled
from benchmarks.torture.serving import Server
from benchmarks.torture.tally import Tally
from benchmarks.torture.web import Answer, Web
from core.label.browser_edits import to_new_edits

HANG_S = 10.0
_OK, _CONFLICT, _OURS, _BUSY = 200, 409, 500, 503
_PAUSE_S = (3.0, 7.0)
_TRIES = 20
_GONE = (OSError, asyncio.IncompleteReadError, TimeoutError)


@dataclass(slots=True)
class Met:
    """What all of them met.

    Attributes
    ----------
    saved : dict of str to Counter
        By tile, the edits that somebody was told are saved.
    unknown : dict of str to Counter
        Those to which no answer came.
    """

    saved: dict[str, Counter[str]]
    unknown: dict[str, Counter[str]]
    seconds: list[float] = field(default_factory=list)
    conflicts: int = 0
    questions: int = 0


def run_crowd(seed: int, people: int, seconds: float, folder: Path, *, small: bool) -> Tally:
    """Let ``people`` work for some seconds, on tiles of full size or small ones."""
    tally = Tally("crowd")
    settings = SMALL if small else FULL
    # Tiles are planned when the scene is added, here, and shown by the app that is started.
    with set_up(settings):
        farm = make_farm(
            folder, size=300 if small else 2000, seed=5, with_model=True, settings=settings
        )
        asyncio.run(_crowd(tally, seed, people, seconds, farm))
    return tally


async def _crowd(tally: Tally, seed: int, people: int, seconds: float, farm: Farm) -> None:
    server = Server(farm.project, people, farm.folder / "crowd.log", farm.environment)
    frames = farm.frames()
    met = Met({tile: Counter() for tile in farm.tiles}, {tile: Counter() for tile in farm.tiles})
    places = [
        Place(token, farm.scene_id, tile, frames[tile])
        for number, token in enumerate(server.tokens)
        for tile in [farm.tiles[number % len(farm.tiles)]]
    ]
    first = Web(server.port)
    for place in places[: len(farm.tiles)]:
        await settled(first, place)
    end = time.monotonic() + seconds
    members = [
        _Member(Web(server.port), place, random.Random(f"{seed} crowd {number}"), met, tally)
        for number, place in enumerate(places)
    ]
    await asyncio.gather(*(member.stay(end) for member in members))
    alive = server.process.is_alive
    if not alive:
        tally.note("signal", 0, f"the server ended: {server.process.said()[-2000:]}")
    for place in places[: len(farm.tiles)] if alive else ():
        await settled(first, place)
    first.close()
    _compare(tally, farm, met)
    server.process.kill()
    tally.seen(0, server.process)
    await compare_with_fresh(tally, farm, farm.tiles)
    p50, p95, most = (np.percentile(met.seconds or [0], q) for q in (50, 95, 100))
    tally.saved = sum(sum(one.values()) for one in met.saved.values())
    tally.counts["tried"] += met.questions
    tally.told = (
        f"{people} people, {seconds:.0f} s, {len(farm.tiles)} tiles: {tally.saved:,} edits saved, "
        f"{met.conflicts:,} conflicts, an edit's answer after {p50:.2f} s (median), {p95:.2f} s "
        f"(p95), {most:.2f} s at most; {met.questions:,} questions"
    )


class _Member:
    def __init__(
        self, web: Web, place: Place, generator: random.Random, met: Met, tally: Tally
    ) -> None:
        self._web, self._place, self._generator = web, place, generator
        self._met, self._tally = met, tally

    async def stay(self, end: float) -> None:
        """Work until the end, with pauses as a person makes them."""
        version = (await self._ask(f"{self._place.path}?wait=0")).json["version"]
        while time.monotonic() < end:
            await asyncio.sleep(self._generator.uniform(*_PAUSE_S) * min(1.0, self._patience(end)))
            try:
                version = await self._act(version)
            except _GONE as error:
                self._tally.note("hang", 0, f"{type(error).__name__}: {error}")
        self._web.close()

    def _patience(self, end: float) -> float:
        # A short run has people who are in a hurry, so that it sees anything at all.
        return max(0.1, (end - time.monotonic()) / 60)

    async def _act(self, version: int) -> int:
        chance = self._generator.random()
        if chance < 0.6:
            return await self._edit(version)
        column, row, width, height = self._place.frame.core_bounds()
        x, y = column + width * self._generator.random(), row + height * self._generator.random()
        base = f"/cropmap/{self._place.token}"
        path = self._generator.choice(
            (
                f"{self._place.path}/hover?column={x}&row={y}",
                f"{self._place.path}/probability.png",
                f"{base}/changes?since=0",
                f"{base}/scene/{self._place.scene_id}",
                f"{base}/layers/{self._place.scene_id}/label/3/0/0.png",
                f"{base}/layers/{self._place.scene_id}/imagery/2/0/0.png",
            )
        )
        await self._ask(path)
        return version

    async def _edit(self, version: int) -> int:
        raw = [random_edit(self._place.frame, self._generator)]
        (new,) = to_new_edits(raw, self._place.frame)
        text, tile = as_text(new.kind, new.data), self._place.tile
        began = time.monotonic()
        for _ in range(_TRIES):
            self._met.unknown[tile][text] += 1
            answer = await self._post({"version": version, "edits": raw})
            self._met.unknown[tile][text] -= 1
            if answer.status == _OK:
                self._met.saved[tile][text] += 1
                self._met.seconds.append(time.monotonic() - began)
                return int(answer.json["version"])
            if answer.status != _CONFLICT:
                break
            self._met.conflicts += 1
            version = (await self._ask(f"{self._place.path}?wait=0")).json["version"]
        return int((await self._ask(f"{self._place.path}?wait=0")).json["version"])

    async def _post(self, body: object) -> Answer:
        began = time.monotonic()
        return self._looked_at(await self._web.post(f"{self._place.path}/edits", body), began)

    async def _ask(self, path: str) -> Answer:
        began = time.monotonic()
        return self._looked_at(await self._web.get(path), began)

    def _looked_at(self, answer: Answer, began: float) -> Answer:
        self._met.questions += 1
        if (took := time.monotonic() - began) > HANG_S:
            self._tally.note("hang", 0, f"an answer after {took:.1f} s")
        if answer.status >= _OURS and not (answer.status == _BUSY and answer.json.get("hint")):
            self._tally.note("traceback", 0, answer.body[:300].decode(errors="replace"))
        return answer


def _compare(tally: Tally, farm: Farm, met: Met) -> None:
    """Every edit that was saved, as often as it was, and none that nobody sent."""
    with opened(farm.project) as project:
        if damage := damage_of(project):
            tally.note("edits lost", 0, damage)
        for tile in farm.tiles:
            found = Counter(log_of(project, farm.scene_id, tile))
            missing = met.saved[tile] - found
            if missing:
                tally.note("edits lost", 0, f"{tile}: {missing}", times=missing.total())
            strange = found - met.saved[tile] - met.unknown[tile]
            if strange:
                tally.note("silently wrong", 0, f"{tile}: nobody sent {strange}")
    tally.add("held", 0)
