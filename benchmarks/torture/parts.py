"""The parts of the torture, each with the size that is promised."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.torture.commands import run_command_kills
from benchmarks.torture.crowd import run_crowd
from benchmarks.torture.disks import run_disks
from benchmarks.torture.doors import run_doors
from benchmarks.torture.exchanges import run_exchanges
from benchmarks.torture.graphs import run_graphs
from benchmarks.torture.hostile import run_hostile_edits
from benchmarks.torture.inputs import make_inputs
from benchmarks.torture.kills import run_kills
from benchmarks.torture.kinds import KINDS
from benchmarks.torture.run import run_mutants
from benchmarks.torture.tally import Tally

KILLS, MUTANTS, HOSTILE_EDITS, PEOPLE, MINUTES = 500, 10_000, 2_000, 50, 10.0
EXCHANGES, GRAPHS, DISKS = 10, 10, 5
"""Times that each kind of exchange is made, graphs are damaged, and a disk is filled."""

_LANES = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of everything.

    Parameters
    ----------
    scale : float
        Of the promised sizes: 1.0 is all of it.
    minutes : float
        That the crowd works.
    """

    seed: int = 0
    scale: float = 1.0
    minutes: float = MINUTES

    def of(self, whole: int) -> int:
        """So many of a promised number, at least one."""
        return max(1, round(whole * self.scale))


def _kills(wanted: Wanted, folder: Path) -> list[Tally]:
    half = wanted.of(KILLS // 2)
    return [
        _in_lanes(run_kills, wanted.seed, half, folder / "app"),
        _in_lanes(run_command_kills, wanted.seed, half, folder / "commands"),
    ]


def _mutants(wanted: Wanted, folder: Path) -> list[Tally]:
    folder.mkdir()
    make_inputs(folder)
    each = wanted.of(MUTANTS // len(KINDS))
    return [_timed(run_mutants, kind, wanted.seed, each, folder, _LANES) for kind in KINDS]


def _hostile(wanted: Wanted, folder: Path) -> list[Tally]:
    return [_timed(run_hostile_edits, wanted.seed, wanted.of(HOSTILE_EDITS), folder)]


def _crowd(wanted: Wanted, folder: Path) -> list[Tally]:
    people, small = wanted.of(PEOPLE), wanted.scale < 1
    seconds = wanted.minutes * 60
    return [
        _timed(lambda *given: run_crowd(*given, small=small), wanted.seed, people, seconds, folder)
    ]


def _exchanges(wanted: Wanted, folder: Path) -> list[Tally]:
    return [
        _in_lanes(run_exchanges, wanted.seed, wanted.of(EXCHANGES), folder / "inputs"),
        _timed(run_graphs, wanted.seed, wanted.of(GRAPHS), folder / "graphs"),
    ]


def _disks(wanted: Wanted, folder: Path) -> list[Tally]:
    return [_timed(run_disks, wanted.seed, wanted.of(DISKS), folder)]


def _doors(_: Wanted, folder: Path) -> list[Tally]:
    return [_timed(run_doors, folder)]


PARTS: dict[str, Callable[[Wanted, Path], list[Tally]]] = {
    "doors": _doors,
    "kills": _kills,
    "mutants": _mutants,
    "edits": _hostile,
    "exchanges": _exchanges,
    "disks": _disks,
    "crowd": _crowd,
}


def _timed(run: Callable[..., Tally], *given: object) -> Tally:
    began = time.monotonic()
    tally = run(*given)
    tally.seconds = time.monotonic() - began
    return tally


def _in_lanes(run: Callable[[int, int, Path], Tally], seed: int, count: int, folder: Path) -> Tally:
    """Share a number of trials between two that run at once, each with inputs of its own."""
    began = time.monotonic()
    counts = [count * (lane + 1) // _LANES - count * lane // _LANES for lane in range(_LANES)]
    lanes = [(lane, one) for lane, one in enumerate(counts) if one]

    def go(lane: int, one: int) -> Tally:
        return run(seed * _LANES + lane, one, folder / str(lane))

    with ThreadPoolExecutor(len(lanes)) as threads:
        tallies = list(threads.map(lambda pair: go(*pair), lanes))
    whole = tallies[0]
    for other in tallies[1:]:
        whole.merge(other)
    whole.seconds = time.monotonic() - began
    return whole
