"""Edits as nobody's map would send them: refused in a sentence, or stored as they were sent."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

from benchmarks.torture.crowd import HANG_S
from benchmarks.torture.farm import as_text, log_of, make_farm, opened
from benchmarks.torture.mutants import mutate_json
from benchmarks.torture.people import Place, random_edit
from benchmarks.torture.serving import Server
from benchmarks.torture.tally import Tally
from benchmarks.torture.web import Answer, Web
from core.errors import CropMapError
from core.label.browser_edits import to_new_edits
from core.project import Project

_PEOPLE = 4
_OK, _OURS = 200, 500


def run_hostile_edits(seed: int, count: int, folder: Path) -> Tally:
    """Send ``count`` of them, from four people at once."""
    tally = Tally("hostile edit")
    asyncio.run(_send(tally, seed, count, folder))
    return tally


async def _send(tally: Tally, seed: int, count: int, folder: Path) -> None:
    farm = make_farm(folder)
    frames = farm.frames()
    server = Server(farm.project, _PEOPLE, folder / "hostile.log", farm.environment)
    with opened(farm.project) as project:
        attackers = [
            _Attacker(
                Web(server.port),
                Place(token, farm.scene_id, tile, frames[tile]),
                project,
                tally,
                seed,
            )
            for token, tile in zip(server.tokens, farm.tiles, strict=False)
        ]
        numbers = iter(range(count))
        await asyncio.gather(*(one.go(numbers) for one in attackers))
    if not server.process.is_alive:
        tally.note("signal", count, server.process.said()[-2000:])
    server.process.kill()
    tally.seen(count, server.process)


class _Attacker:
    def __init__(self, web: Web, place: Place, project: Project, tally: Tally, seed: int) -> None:
        self._web, self._place, self._project = web, place, project
        self._tally, self._seed = tally, seed
        self._version = 0

    async def go(self, numbers: Any) -> None:
        """Take numbers and try them until none is left."""
        for number in numbers:
            generator = random.Random(f"{self._seed} edit {number}")
            began = time.monotonic()
            try:
                outcome, detail = await self._try(generator)
            except TimeoutError:
                outcome, detail = "hang", "no answer"
            except (OSError, asyncio.IncompleteReadError) as error:
                outcome, detail = "signal", f"the connection broke: {error!r}"
            if time.monotonic() - began > HANG_S:
                outcome, detail = "hang", f"{time.monotonic() - began:.1f} s"
            self._tally.add(outcome, number, detail)
        self._web.close()

    async def _try(self, generator: random.Random) -> tuple[str, str]:
        self._version = (await self._web.get(f"{self._place.path}?wait=0")).json["version"]
        before = self._log()
        raw, body = self._body(generator)
        expected = self._expected(raw)
        answer = await self._web.ask(
            "POST", f"{self._place.path}/edits", body, {"content-type": "application/json"}
        )
        state = await self._web.get(f"{self._place.path}?wait=0")
        if max(answer.status, state.status) >= _OURS:
            return "traceback", (answer.body + state.body)[:500].decode(errors="replace")
        after = self._log()
        if answer.status != _OK:
            return self._refused(answer, raw, expected, same=after == before)
        if expected is None or after != before + expected:
            return "silently wrong", f"{body[:500]!r}\nstored: {after[len(before) :]}"
        self._tally.saved += len(expected)
        await self._take_back(len(expected), answer.json["version"])
        return "held", ""

    def _refused(
        self, answer: Answer, raw: Any, expected: list[str] | None, *, same: bool
    ) -> tuple[str, str]:
        if not same:
            return "silently wrong", f"refused and stored: {raw!r}"
        if not answer.json.get("message"):
            return "traceback", f"no sentence: {answer.body[:300]!r}"
        if expected is not None:
            return "silently wrong", f"a sound edit was refused: {raw!r}\n{answer.body[:300]!r}"
        return "refused", ""

    async def _take_back(self, steps: int, version: int) -> None:
        """So that each finds a tile on which little was done."""
        for _ in range(steps):
            answer = await self._web.post(f"{self._place.path}/undo", {"version": version})
            if answer.status == _OK:
                version = answer.json["version"]

    def _body(self, generator: random.Random) -> tuple[Any, bytes]:
        edits: Any = [random_edit(self._place.frame, generator)]
        if generator.random() < 0.5:
            edits.append(_drawing(self._place, generator))
        body: dict[str, Any] = {"version": self._version, "edits": edits}
        if generator.random() < 0.9:
            mutate_json(edits, generator)
        else:
            mutate_json(body, generator)
        text = json.dumps(body).encode()
        if generator.random() < 0.03:
            return None, text[: generator.randrange(len(text))]
        return (body if type(body.get("version")) is int else None), text

    def _expected(self, body: Any) -> list[str] | None:
        """What is to be stored; None where it is to be refused."""
        if body is None or body["version"] != self._version or body.get("file") is not None:
            return None
        try:
            new = to_new_edits(body.get("edits"), self._place.frame)
        except CropMapError:
            return None
        return [as_text(edit.kind, edit.data) for edit in new]

    def _log(self) -> list[str]:
        return log_of(self._project, self._place.scene_id, self._place.tile)


def _drawing(place: Place, generator: random.Random) -> dict[str, Any]:
    """One of the rarer kinds, before it is changed."""
    column, row, *_ = place.frame.core_bounds()
    ring = [[column + x, row + y] for x, y in ((20, 20), (90, 20), (90, 90), (20, 90))]
    hole = [[column + x, row + y] for x, y in ((30, 30), (40, 30), (40, 40))]
    point, other = ring[0], ring[2]
    return generator.choice(
        (
            {"kind": "area_add", "ring": ring, "holes": [hole]},
            {"kind": "split", "line": [[column, row + 50], [column + 100, row + 50]]},
            {"kind": "merge", "points": [point, other]},
            {"kind": "reshape", "point": point, "rings": [ring]},
            {"kind": "parcel_delete", "point": point},
            {"kind": "reclassify", "point": point, "land_class": "other", "reason": "wood"},
            {"kind": "smooth", "point": point, "tolerance_m": 2.0},
            {"kind": "fill_holes", "max_area_m2": 50.0},
            {"kind": "snap", "point": point, "tolerance_m": 3.0},
            {"kind": "repair", "width_m": 1.0},
            {"kind": "prompts_clear"},
        )
    )
