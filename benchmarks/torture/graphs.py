"""The kept ONNX graphs of the model, damaged or exchanged: what is shown must stay the same."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

from benchmarks.torture.exchanges import Trial
from benchmarks.torture.farm import make_farm
from benchmarks.torture.tally import Tally

_TILES = 2


def run_graphs(seed: int, count: int, folder: Path) -> Tally:
    """Damage or exchange graphs ``count`` times; each time a new server must show the same."""
    tally = Tally("graph")
    farm = make_farm(folder, with_model=True)
    asyncio.run(_go(tally, Trial(farm, tally, 0, random.Random(f"{seed} graphs")), count))
    return tally


async def _go(tally: Tally, trial: Trial, count: int) -> None:
    tiles = trial.farm.tiles[:_TILES]
    server = trial.server()
    right = await trial.states(server, tiles)
    trial.ended(server)
    kept = sorted(trial.farm.folder.glob("cache/**/*.onnx"))
    if not kept:
        tally.note("silently wrong", 0, "no graph was kept, so none was damaged")
    for number in range(count):
        _damage(trial, kept)
        for name in ("labels", "predictions"):
            shutil.rmtree(trial.farm.project.parent / name, ignore_errors=True)
        shutil.rmtree(trial.farm.folder / "cache" / "embeddings", ignore_errors=True)
        server = trial.server()
        found = await trial.states(server, tiles)
        trial.ended(server)
        tally.add("held" if found == right else "silently wrong", number, "other parcels")


def _damage(trial: Trial, kept: list[Path]) -> None:
    """Flip forty bits of one graph, or exchange two."""
    path = trial.generator.choice(kept)
    if trial.generator.random() < 0.5 and len(kept) > 1:
        other = trial.generator.choice([one for one in kept if one != path])
        body = other.read_bytes()
        other.write_bytes(path.read_bytes())
        path.write_bytes(body)
        return
    changed = bytearray(path.read_bytes())
    for _ in range(40):
        changed[trial.generator.randrange(len(changed))] ^= 1 << trial.generator.randrange(8)
    path.write_bytes(changed)
