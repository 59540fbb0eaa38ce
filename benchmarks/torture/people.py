"""People at a tile, who act through the app's routes and know what they were told is saved."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from benchmarks.torture.farm import as_text
from benchmarks.torture.web import Answer, Web
from core.imagery.frame import Frame
from core.label.browser_edits import to_new_edits
from core.project import Project

Raw = dict[str, Any]
_OK = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A tile in a scene of a project, as a person with a token asks for it."""

    token: str
    scene_id: str
    tile: str
    frame: Frame

    @property
    def path(self) -> str:
        """Of its route."""
        return f"/cropmap/{self.token}/tile/{self.scene_id}/{self.tile}"


@dataclass(slots=True)
class Saved:
    """What a person was told is saved, and what nobody said about.

    Parameters
    ----------
    edits, undone : list of str
        In force, and taken back, as texts of ``as_text``.
    in_flight : tuple, optional
        What both would be had the last question been obeyed, to which no answer came.
    """

    edits: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    in_flight: tuple[list[str], list[str]] | None = None
    count: int = 0

    def accept(self) -> None:
        """The last question was obeyed."""
        assert self.in_flight is not None
        self.edits, self.undone = self.in_flight
        self.in_flight = None
        self.count += 1

    def lost(self, found: list[str]) -> int:
        """How many saved edits are missing; then goes on from what is there."""
        possible = [self.edits] + ([self.in_flight[0]] if self.in_flight else [])
        if found in possible:
            if found != self.edits and self.in_flight is not None:
                self.accept()
            self.in_flight = None
            return 0
        same = next(
            (
                n
                for n, pair in enumerate(zip(found, self.edits, strict=False))
                if pair[0] != pair[1]
            ),
            min(len(found), len(self.edits)),
        )
        missing = max(1, len(self.edits) - same)
        self.edits, self.undone, self.in_flight = found, [], None
        return missing


class Person:
    """Somebody who is alone at a tile, and acts without a pause."""

    def __init__(self, web: Web, place: Place, generator: random.Random, saved: Saved) -> None:
        self.web, self.place, self.saved = web, place, saved
        self.version = 0
        self._generator = generator

    async def arrive(self) -> None:
        """Look at the tile as it is now."""
        answer = await self.web.get(f"{self.place.path}?wait=0")
        self.version = answer.json["version"]

    async def act(self) -> Answer:
        """Do one thing; an answer that says that it is saved is believed."""
        chance = self._generator.random()
        if chance < 0.12 and self.saved.edits:
            return await self._step("undo")
        if chance < 0.18 and self.saved.undone:
            return await self._step("redo")
        if chance < 0.25:
            return await self.web.get(f"{self.place.path}?wait=0")
        raw = [random_edit(self.place.frame, self._generator)]
        new = [as_text(edit.kind, edit.data) for edit in to_new_edits(raw, self.place.frame)]
        self.saved.in_flight = ([*self.saved.edits, *new], [])
        return await self._send("edits", edits=raw)

    async def _step(self, which: str) -> Answer:
        edits, undone = list(self.saved.edits), list(self.saved.undone)
        if which == "undo":
            undone.append(edits.pop())
        else:
            edits.append(undone.pop())
        self.saved.in_flight = (edits, undone)
        return await self._send(which)

    async def _send(self, what: str, **more: Any) -> Answer:
        body = {"version": self.version, **more}
        answer = await self.web.post(f"{self.place.path}/{what}", body)
        if answer.status == _OK:
            self.version = answer.json["version"]
            self.saved.accept()
        elif answer.status < 500:
            self.saved.in_flight = None
        return answer


async def settled(web: Web, place: Place, seconds: float = 600.0) -> Raw:
    """The tile's state once nothing more is being computed for it, or what is wrong is told."""
    async with asyncio.timeout(seconds):
        while True:
            state = (await web.get(place.path)).json
            working = state.get("status") == "working" and not state.get("error")
            if not working and not state.get("refining"):
                return state
            await asyncio.sleep(0.05)


SHOWN = ("prompts", "boxes", "parcels", "problems", "cropland_ha", "settings", "error")


def shown(state: Raw) -> Raw:
    """What of a state depends on nothing but the inputs and the edits."""
    told = {name: state.get(name) for name in SHOWN}
    parcels = told["parcels"] or []
    # Who changed a parcel last, and when, is of the log; the rest is computed.
    return {**told, "parcels": [{**parcel} for parcel in parcels]}


def random_edit(frame: Frame, generator: random.Random) -> Raw:
    """An edit as the map sends it, somewhere in the core of a tile."""
    column, row, width, height = frame.core_bounds()

    def spot() -> list[float]:
        return [
            round(column + width * generator.uniform(0.05, 0.95), 3),
            round(row + height * generator.uniform(0.05, 0.95), 3),
        ]

    point, name = spot(), f"p{generator.randrange(40)}"
    x, y = point
    ring = [point, [x + 9, y], [x + 9, y + 7], [x, y + 7]]
    verdict = generator.choice(("accepted", "unsure"))
    makers: dict[str, Raw] = {
        "prompt_set": {"id": name, "column": x, "row": y, "label": generator.randrange(2)},
        "box_set": {"id": f"b{name}", "left": x, "top": y, "right": x + 15, "bottom": y + 12},
        "prompt_delete": {"id": name},
        "brush": {"line": [point, spot()], "radius": 3.0, "add": x < y},
        "area_add": {"ring": ring},
        "area_remove": {"ring": ring},
        "parcel_verdict": {"point": point, "verdict": verdict},
        "settings": {"threshold": round(generator.uniform(0.3, 0.7), 3)},
    }
    kind = generator.choice(KINDS)
    return {"kind": kind, **makers[kind]}


KINDS = (
    *("prompt_set", "prompt_set", "prompt_set", "box_set", "prompt_delete", "brush", "brush"),
    *("area_add", "area_remove", "parcel_verdict", "settings"),
)


def damage_of(project: Project) -> str:
    """What the project says is wrong with it; empty where nothing is."""
    return "; ".join(str(damage) for damage in project.damages())
