"""A process that saves edits, killed at a random moment: ``python -m benchmarks.torture.kills``."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.torture.inputs import EDITS, found_inputs
from benchmarks.torture.tally import Tally
from core.errors import CropMapError
from core.project import NewEdit, Project

_LONGEST_S = 0.4
_START_S = 60


def run_kills(seed: int, seconds: float, folder: Path) -> Tally:
    """Kill writers for some seconds, and count what they had been told was saved."""
    tally, stop, number = Tally("kill"), time.monotonic() + seconds, 0
    while time.monotonic() < stop:
        generator = random.Random(f"{seed} kill {number}")
        with tempfile.TemporaryDirectory(prefix="cropmap-torture-") as work:
            path = Path(work) / "farm.cropmap"
            shutil.copy(found_inputs(folder).project, path)
            saved = _killed(path, generator.uniform(0, _LONGEST_S))
            try:
                lost = max(0, EDITS + saved - _edits(path))
                tally.add("edits lost" if lost else "read", number, f"{saved} saved", lost or 1)
            except CropMapError as error:
                tally.add("edits lost", number, str(error), max(1, saved))
        number += 1
    return tally


def _killed(path: Path, seconds: float) -> int:
    """How many edits a writer said were saved before it was killed."""
    command = [sys.executable, "-m", "benchmarks.torture.kills", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        return len(writer.stdout.read().split()) + 1


def _edits(path: Path) -> int:
    project = Project.open(path)
    try:
        scene = project.scenes()[0].id
        if project.damages():
            return 0
        return sum(len(project.log(scene, tile.name).edits) for tile in project.tiles(scene))
    finally:
        project.close()


def _write(path: Path) -> None:
    project = Project.open(path)
    scene = project.scenes()[0].id
    tile = project.tiles(scene)[0]
    version = tile.log_version
    stop = time.monotonic() + _START_S
    while time.monotonic() < stop:
        edit = NewEdit("prompt_delete", {"id": f"auto-{version}"})
        log = project.append(scene, tile.name, [edit], author="Ada", expected_version=version)
        version = log.version
        sys.stdout.write(f"{version}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
