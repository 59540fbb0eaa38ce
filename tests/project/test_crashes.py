"""Writers that are killed, and disks that fill up: nothing acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import select

from core.project.schema import edit as edits
from core.project.schema import tile as tiles
from tests.project.conftest import TILES, Farm

ROOT = Path(__file__).parents[2]
KILLS = {"sqlite": 200, "postgres": 60}


def stored(farm: Farm, name: str) -> list[int]:
    """Sequences of all edits of a tile, those undone as well."""
    query = select(edits.c.sequence).join(tiles).where(tiles.c.name == name)
    with farm.project._database.read() as connection:
        return sorted(connection.execute(query).scalars())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_writers_lose_no_acknowledged_edit(farm: Farm, database: str) -> None:
    kills = KILLS[database]
    farm.project.close()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.project.killing",
            str(farm.project.path),
            farm.scene,
            str(kills),
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=500,
    )
    assert done.stderr == b""
    versions: dict[str, list[int]] = defaultdict(list)
    sequences: dict[str, set[int]] = defaultdict(set)
    for line in done.stdout.decode().splitlines():
        name, version, *rest = line.split()
        if name != "opened":
            versions[name].append(int(version))
            sequences[name] |= {int(sequence) for sequence in rest} - {0}
    again = farm.reopened()
    assert sum(len(found) for found in versions.values()) > kills
    for tile in TILES:
        log = again.project.log(again.scene, tile.name)
        kept = stored(again, tile.name)
        assert kept == list(range(1, len(kept) + 1))
        assert sequences[tile.name] <= set(kept)
        # Every version was acknowledged once, but those whose writer died before it could say so.
        acknowledged = versions[tile.name]
        assert sorted(set(acknowledged)) == sorted(acknowledged)
        assert max(acknowledged) <= log.version <= len(acknowledged) + kills
        journal = again.project.history(scene_id=again.scene, tile=tile.name, limit=100_000)
        assert len(journal) == log.version
    again.append(again.log().version, "after all")
    again.project.close()
