"""Command lines, killed at random moments: files are whole, and the next run is as the first."""

from __future__ import annotations

import hashlib
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.torture.farm import Farm, log_of, make_farm, opened
from benchmarks.torture.forked import Forked
from benchmarks.torture.people import damage_of
from benchmarks.torture.tally import Tally
from core.errors import CropMapError
from core.label.browser_edits import to_new_edits
from core.project import backups_of

PATIENCE_S = 180.0
_FINISH_EVERY = 6
_EDITS = 12
_COMPARED = (".tif", ".geojson", ".shp", ".dbf", ".shx")
"""Endings of files that are the same byte for byte each time."""

Digests = dict[str, str]


def run_command(arguments: list[str]) -> None:
    """``cropmap ARGUMENTS`` in this process."""
    from core.cli.main import main

    sys.argv = ["cropmap", *arguments]
    main()


def start(arguments: list[str], log: Path, farm: Farm) -> Forked:
    """``cropmap ARGUMENTS`` in a process of its own."""
    return Forked(run_command, log, farm.environment, arguments)


@dataclass(frozen=True, slots=True)
class Verb:
    """A command that is killed again and again.

    Parameters
    ----------
    ways : tuple of list of str
        What follows ``cropmap``: one of them each time.  What they write differs.
    out : Path or None
        The folder that they write.
    """

    name: str
    ways: tuple[list[str], ...]
    out: Path | None = None


def run_command_kills(seed: int, count: int, folder: Path) -> Tally:
    """Kill command lines ``count`` times."""
    tally = Tally("kill a command")
    farm = _with_edits(make_farm(folder))
    with opened(farm.project) as project:
        whole = {tile: log_of(project, farm.scene_id, tile) for tile in farm.tiles}
    verbs = _verbs(farm)
    each = [count // len(verbs) + (n < count % len(verbs)) for n in range(len(verbs))]
    for verb, times in zip(verbs, each, strict=True):
        _Killing(tally, farm, verb, whole, random.Random(f"{seed} {verb.name}")).go(times)
    return tally


class _Killing:
    def __init__(
        self,
        tally: Tally,
        farm: Farm,
        verb: Verb,
        whole: dict[str, list[str]],
        generator: random.Random,
    ) -> None:
        self.tally, self.farm, self.verb, self.whole = tally, farm, verb, whole
        self._generator = generator
        self._number = 0

    def go(self, times: int) -> None:
        """Kill it ``times`` times; now and then let it come to its end."""
        if not times:
            return
        references, seconds = self._references()
        for number in range(times):
            self._number = number
            way = self._generator.randrange(len(self.verb.ways))
            process = self._start(way)
            process.wait(self._generator.uniform(0, seconds))
            process.kill()
            self.tally.seen(number, process)
            wrong = self._project_problem() or self._out_problem(references)
            self.tally.add("silently wrong" if wrong else "held", number, wrong)
            if (number + 1) % _FINISH_EVERY == 0 or number + 1 == times:
                self._finish(way, references)

    def _references(self) -> tuple[list[Digests], float]:
        """What an undisturbed run writes, for each way; and how long it takes."""
        found, began = [], time.monotonic()
        for way in range(len(self.verb.ways)):
            self._number = -1
            self._ended_well(self._start(way))
            found.append(digests_of(self.verb.out))
        return found, (time.monotonic() - began) / len(self.verb.ways)

    def _finish(self, way: int, references: list[Digests]) -> None:
        self._ended_well(self._start(way))
        there = digests_of(self.verb.out)
        if there != references[way]:
            differing = sorted(n for n in references[way] if there.get(n) != references[way][n])
            self.tally.note("silently wrong", self._number, f"after all: {differing} differ")

    def _start(self, way: int) -> Forked:
        log = self.farm.folder / f"{self.verb.name.replace(' ', '_')}.log"
        log.unlink(missing_ok=True)
        return start(self.verb.ways[way], log, self.farm)

    def _ended_well(self, process: Forked) -> None:
        status = process.wait(PATIENCE_S)
        if status is None:
            process.kill()
        self.tally.seen(self._number, process)
        if status != 0:
            outcome = "hang" if status is None else "signal" if status < 0 else "silently wrong"
            said = f"{self.verb.name}: exit status {status}\n{process.said()[-1500:]}"
            self.tally.note(outcome, self._number, said)

    def _project_problem(self) -> str:
        """What is wrong with the project, and with its backups; empty where nothing is."""
        try:
            problem = self._problem_in(self.farm.project)
            for backup in backups_of(self.farm.project):
                problem = problem or self._problem_in(backup.path)
        except CropMapError as error:
            return error.message
        return problem

    def _problem_in(self, path: Path) -> str:
        with opened(path) as project:
            found = {tile: log_of(project, self.farm.scene_id, tile) for tile in self.whole}
            return damage_of(project) or ("" if found == self.whole else "edits differ")

    def _out_problem(self, references: list[Digests]) -> str:
        there = digests_of(self.verb.out)
        for name, digest in there.items():
            if digest not in {one.get(name) for one in references}:
                return f"{self.verb.name}: {name} is no file that a whole run writes"
        sets = [one for one in references if all(one.get(n) == d for n, d in there.items())]
        return "" if sets else f"{self.verb.name}: files of two runs lie together: {sorted(there)}"


def digests_of(out: Path | None) -> Digests:
    if out is None or not out.is_dir():
        return {}
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.suffix in _COMPARED
        and not any(p.startswith(".") for p in path.relative_to(out).parts)
    }


def _verbs(farm: Farm) -> tuple[Verb, ...]:
    plain = ["--model", "none", "--strategy", "classifier", "--landcover", str(farm.landcover)]
    mapped, exported = farm.folder / "mapped", farm.folder / "exported"
    both = [
        ["map", str(farm.scene), *plain, "--out", str(mapped), "--threshold", threshold]
        for threshold in ("0.4", "0.6")
    ]
    project, scene, cover = str(farm.project), str(farm.scene), str(farm.landcover)
    formats = [word for one in ("gpkg", "geojson", "mask") for word in ("--format", one)]
    export = ["project", "export", project, *formats, "--out", str(exported)]
    return (
        Verb("map", tuple(both), mapped),
        Verb(
            "project map",
            tuple(["project", "map", project, "--threshold", one] for one in ("0.4", "0.6")),
        ),
        Verb("project export", (export,), exported),
        Verb("project backup", (["project", "backup", project],)),
        # The last one: an export asks which of two scenes is meant.
        Verb("project add", (["project", "add", project, scene, "--landcover", cover],)),
    )


def _with_edits(farm: Farm) -> Farm:
    """The project with some edits in it, which no command may lose."""
    frames = farm.frames()
    with opened(farm.project) as project:
        for number in range(_EDITS):
            tile = farm.tiles[number % len(farm.tiles)]
            column, row, *_ = frames[tile].core_bounds()
            x, y = column + 20.0 + number, row + 15.0
            raw = [{"kind": "area_add", "ring": [[x, y], [x + 9, y], [x + 9, y + 7], [x, y + 7]]}]
            project.append(
                farm.scene_id,
                tile,
                to_new_edits(raw, frames[tile]),
                author="Ada",
                expected_version=project.log(farm.scene_id, tile).version,
            )
    return farm
