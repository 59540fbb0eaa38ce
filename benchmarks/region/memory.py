"""``python -m benchmarks.region --part memory``: does memory depend on the size of a scene?

``cropmap map`` runs in a process of its own on made scenes of 16, 67 and 268 megapixels that are
full of fields, and on one of 20 gigapixels of which 16 megapixels hold data.  The memory is that of
the process with all that it starts, looked at twenty times a second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.region.big_scene import PIECE, write_big_scene

SCENES = {"16": (4, 4), "67": (8, 8), "268": (16, 16), "20000": (138, 4)}
"""By megapixels: pieces along a side, and along the side of the part that holds data."""

MOST_MB, MOST_SPREAD = 900, 0.15
_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took."""

    megapixels: str
    peak_mb: float
    seconds: float
    said: str


def measure(
    megapixels: str, strategy: str, source: Path, folder: Path, most: int | None
) -> Measured:
    """Map a made scene, of which at most so many pieces a side hold data, with ``source``."""
    pieces, filled = SCENES[megapixels]
    filled = filled if most is None else min(filled, most)
    made = write_big_scene(folder / megapixels, pieces * PIECE, filled)
    command = [
        sys.executable, "-m", "core", "map", str(made.scene), "--landcover", str(made.landcover),
        "--product", "worldcover_v200", "--strategy", strategy, "--out", str(folder / "out"),
    ]  # fmt: skip
    if strategy == "classifier":
        command += ["--model", "none"]
    start = time.perf_counter()
    told = folder / "told.txt"
    with told.open("w") as file:
        run = subprocess.Popen(
            command,
            cwd=source,
            env={**os.environ, "PYTHONPATH": str(source)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        peak = [0]
        watch = threading.Thread(target=_watch, args=(run.pid, peak))
        watch.start()
        run.wait()
        watch.join()
    seconds = time.perf_counter() - start
    text = told.read_text().strip()
    if run.returncode != 0:
        raise SystemExit(f"The run failed: {text[-2000:]}")
    said = next((line for line in text.splitlines() if "parcels," in line), "")
    return Measured(megapixels, peak[0] / 1e6, seconds, said.strip())


def _watch(pid: int, peak: list[int]) -> None:
    """Look at a process and all that it started until it ends; the most bytes go to ``peak``."""
    while True:
        total = 0
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return
            for one in (process, *process.children(recursive=True)):
                total += _bytes(one)
        except psutil.NoSuchProcess:
            return
        peak[0] = max(peak[0], total)
        time.sleep(_EVERY_S)


def _bytes(process: psutil.Process) -> int:
    """What a process holds; nothing for one that has just ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def main(arguments: list[str]) -> None:
    """Measure and print; exit status 1 where memory grows with the scene or is too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.region --part memory")
    parser.add_argument("--megapixels", nargs="+", choices=[*SCENES], default=[*SCENES])
    parser.add_argument("--strategy", default="classifier")
    parser.add_argument(
        "--source", type=Path, default=Path.cwd(), help="another checkout, to compare with"
    )
    parser.add_argument("--filled", type=int, help="fewer pieces a side with data, to be quick")
    asked = parser.parse_args(arguments)
    peaks = []
    print("megapixels   peak MB   seconds")
    for megapixels in asked.megapixels:
        with tempfile.TemporaryDirectory(prefix="cropmap-region-") as folder:
            source = asked.source.resolve()
            found = measure(megapixels, asked.strategy, source, Path(folder), asked.filled)
        peaks.append(found.peak_mb)
        row = f"{megapixels:>10}{found.peak_mb:>10,.0f}{found.seconds:>10,.0f}   {found.said}"
        print(row, flush=True)
    spread = max(peaks) / min(peaks) - 1
    print(f"largest against smallest: +{spread:.0%}; the most: {max(peaks):,.0f} MB")
    if spread > MOST_SPREAD or max(peaks) > MOST_MB:
        raise SystemExit(1)
