"""``python -m benchmarks.region --part speed``: tiles a minute by who maps them, as ratios.

One made scene is mapped in turns by one process of one thread, one process with all processors, two
processes, and one and two Dask workers; every run begins without kept tiles and embeddings.  The
machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.region.own_cluster import OwnCluster
from core.farmland import FarmlandFiles, write_scene
from core.processors import processors, thread_limits
from core.settings import get_settings

ONE_THREAD = "1 process, 1 thread"
WAYS: dict[str, tuple[str, ...]] = {
    ONE_THREAD: ("--workers", "1"),
    "1 process, all processors": ("--workers", "1"),
    "2 processes": ("--workers", "2"),
    "1 Dask worker": (),
    "2 Dask workers": (),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of one run: from its begin to the last tile, and for the files."""

    predict: float
    write: float
    tiles: int

    @property
    def tiles_a_minute(self) -> float:
        """Without the files."""
        return 60.0 * self.tiles / self.predict


def main(arguments: list[str]) -> None:
    """Map in turns and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.region --part speed")
    parser.add_argument("--size", type=int, default=2700, help="side of the scene, pixels")
    parser.add_argument("--strategy", default="joint")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    options = parser.parse_args(arguments)
    taken: dict[str, list[Taken]] = {way: [] for way in options.ways}
    with tempfile.TemporaryDirectory(prefix="cropmap-speed-") as name:
        folder = Path(name)
        files = write_scene(folder / "scene", seed=3, size=options.size, style="smallholder")
        for _ in range(options.rounds):
            for way in options.ways:
                taken[way].append(_run(files, folder, way, options.strategy))
                print(way, taken[way][-1], flush=True)
    _report(taken)


def _run(files: FarmlandFiles, folder: Path, way: str, strategy: str) -> Taken:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    with _without_embeddings(folder / "cache"), _asked(folder, way) as workers:
        command = [sys.executable, "-m", "core", "map", str(files.scene), "--out", str(out)]
        chosen = ["--landcover", str(files.landcover), "--strategy", strategy, *workers]
        subprocess.run([*command, *chosen], check=True, stdout=subprocess.DEVNULL, env=_env(way))
    record = json.loads((out / "run.json").read_text())
    seconds = record["seconds"]
    return Taken(seconds["predict"], seconds["write"], len(record["tiles"]))


@contextmanager
def _asked(folder: Path, way: str) -> Iterator[tuple[str, ...]]:
    """The options for a way; a cluster that it needs is there before the clock runs."""
    if "Dask" not in way:
        yield WAYS[way]
        return
    with OwnCluster(folder / "cluster", int(way[0])) as cluster:
        from distributed import Client

        with Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
            client.wait_for_workers(int(way[0]))
        yield "--dask", str(cluster.file)


@contextmanager
def _without_embeddings(cache: Path) -> Iterator[None]:
    """A cache of its own that holds the graphs of the models and nothing else."""
    before = os.environ.get("CROPMAP_CACHE_DIR")
    shutil.rmtree(cache, ignore_errors=True)
    if get_settings().graphs_folder.is_dir():
        shutil.copytree(get_settings().graphs_folder, cache / "onnx")
    os.environ["CROPMAP_CACHE_DIR"] = str(cache)
    try:
        yield
    finally:
        del os.environ["CROPMAP_CACHE_DIR"]
        if before is not None:
            os.environ["CROPMAP_CACHE_DIR"] = before


def _env(way: str) -> dict[str, str]:
    share = 1 if way == ONE_THREAD else processors()
    # What a shell says for other work does not count here.
    return {**os.environ, **thread_limits(share)}


def _report(taken: dict[str, list[Taken]]) -> None:
    rates = {way: median(one.tiles_a_minute for one in runs) for way, runs in taken.items()}
    first = next(iter(rates.values()))
    print("\n| who maps | tiles a minute | of the first | for the files |\n|---|---|---|---|")
    for way, runs in taken.items():
        write = median(one.write / (one.predict + one.write) for one in runs)
        print(f"| {way} | {rates[way]:.1f} | {rates[way] / first:.2f} | {write:.0%} |")
