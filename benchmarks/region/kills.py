"""``python -m benchmarks.region --part kills --times 100``: kills at random moments of runs.

Workers, whoever started the run, and the scheduler of a Dask cluster get SIGKILL while a made scene
is mapped; what was ended is started again by the same command.  Every run has to end with the bytes
of an undisturbed one, and nothing of a killed run may go on.  Exit status 1 where that is not so.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.region.own_cluster import OwnCluster
from core.farmland import FarmlandFiles, write_scene

SAME = ("parcels.geojson", "mask.tif", "probability.tif")
"""Files that hold no time of their making."""

POOL, DASK = "two processes", "two Dask workers"
WORKER, CLIENT, SCHEDULER = "a worker", "whoever started the run", "the scheduler"
VICTIMS = {POOL: (WORKER, CLIENT), DASK: (WORKER, CLIENT, SCHEDULER)}

LONGEST_SECONDS = 900.0
"""A run that takes longer hangs."""


class Trouble:
    """Runs of one scene under kills, and what came of them."""

    def __init__(self, files: FarmlandFiles, folder: Path, seed: int, pause: float) -> None:
        self._files, self._folder, self._pause = files, folder, pause
        self._random = random.Random(seed)  # noqa: S311
        self.kills: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._right = self._undisturbed()

    def run(self, number: int, kind: str, cluster: OwnCluster | None, times: int) -> None:
        """One run until its files are there, with at most ``times`` kills."""
        out = self._folder / f"run{number}"
        end = time.monotonic() + LONGEST_SECONDS
        client: subprocess.Popen[bytes] | None = None
        kill_at, who = self._next_kill(kind)
        most = self.kills.total() + times
        try:
            while time.monotonic() < end:
                if cluster is not None:
                    cluster.mend()
                if client is None:
                    client = self._start(out, kind, cluster)
                status = client.poll()
                if status == 0:
                    break
                if status is not None:
                    self.ended[kind] += 1
                    client = None
                elif time.monotonic() > kill_at and self.kills.total() < most:
                    killed = self._kill(who, kind, client.pid, cluster)
                    kill_at, who = self._next_kill(kind) if killed else (kill_at, who)
                time.sleep(0.05)
            else:
                self.wrong.append(f"run {number} with {kind} did not end")
                return
        finally:
            if client is not None and client.poll() is None:
                client.kill()
        if self._bytes(out) != self._right:
            self.wrong.append(f"run {number} with {kind} made other files")

    def _undisturbed(self) -> dict[str, bytes]:
        out = self._folder / "undisturbed"
        if self._start(out, "one process", None).wait() != 0:
            raise SystemExit("The undisturbed run failed.")
        return self._bytes(out)

    def _bytes(self, out: Path) -> dict[str, bytes]:
        return {name: (out / name).read_bytes() for name in SAME}

    def _start(self, out: Path, kind: str, cluster: OwnCluster | None) -> subprocess.Popen[bytes]:
        workers = ("--workers", "2" if kind == POOL else "1")
        if cluster is not None:
            workers = ("--dask", str(cluster.file))
        scene = (str(self._files.scene), "--landcover", str(self._files.landcover))
        command = [sys.executable, "-m", "core", "map", *scene, "--out", str(out), *workers]
        with (self._folder / "runs.log").open("ab") as log:
            return subprocess.Popen([*command, "--model", "none"], stdout=log, stderr=log)

    def _next_kill(self, kind: str) -> tuple[float, str]:
        """When, and who: chosen beforehand, so that those who are seldom there are not spared."""
        when = time.monotonic() + self._random.uniform(0.0, 2 * self._pause)
        return when, self._random.choice(VICTIMS[kind])

    def _kill(self, who: str, kind: str, client: int, cluster: OwnCluster | None) -> bool:
        """Kill one of those; False where none is there yet."""
        workers = list(_workers_of(client))
        pids = [one.pid for one in workers]
        if cluster is not None:
            pids = [one.pid for one in cluster.workers]
        if who == CLIENT:
            pids = [client]
        elif who == SCHEDULER and cluster is not None and cluster.scheduler is not None:
            pids = [cluster.scheduler.pid]
        if not pids:
            return False
        os.kill(self._random.choice(pids), signal.SIGKILL)
        self.kills[f"{who}, {kind}"] += 1
        if who == CLIENT:
            _, alive = psutil.wait_procs(workers, timeout=10)
            if alive:
                self.wrong.append(f"{len(alive)} workers went on without whoever started them")
        return True


def _workers_of(parent: int) -> Iterator[psutil.Process]:
    try:
        children = psutil.Process(parent).children()
        for one in children:
            if "core.mapping.engines.tile_worker" in one.cmdline():
                yield one
    except psutil.NoSuchProcess:
        return


def main(arguments: list[str]) -> None:
    """Kill as often as is asked for, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.region --part kills")
    parser.add_argument("--times", type=int, default=100, help="kills in all")
    parser.add_argument("--each", type=int, default=5, help="kills in a run, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=1280, help="side of the scene, pixels")
    parser.add_argument("--pause", type=float, default=4.0, help="seconds between kills, mean")
    options = parser.parse_args(arguments)
    # Small tiles: what is asked is what a kill does, not how long a model takes.
    os.environ |= {"CROPMAP_TILE_SIZE": "160", "CROPMAP_TILE_HALO": "16"}
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cropmap-kills-") as name, ExitStack() as stack:
        folder = Path(name)
        files = write_scene(folder / "scene", seed=3, size=options.size, style="smallholder")
        trouble = Trouble(files, folder, options.seed, options.pause)
        runs = 0
        cluster: OwnCluster | None = None
        while trouble.kills.total() < options.times and not trouble.wrong:
            kind = (POOL, DASK)[runs % 2]
            if kind == DASK and cluster is None:
                cluster = stack.enter_context(OwnCluster(folder / "cluster", 2))
            times = min(options.each, options.times - trouble.kills.total())
            trouble.run(runs, kind, cluster if kind == DASK else None, times)
            runs += 1
            print(f"{trouble.kills.total()} kills in {runs} runs", flush=True)
        if trouble.wrong:
            print((folder / "runs.log").read_text(errors="replace")[-4000:])
    _report(trouble, runs, time.monotonic() - began)
    sys.exit(1 if trouble.wrong else 0)


def _report(trouble: Trouble, runs: int, seconds: float) -> None:
    print("\n| killed | times |\n|---|---|")
    for who, times in sorted(trouble.kills.items()):
        print(f"| {who} | {times} |")
    print(
        f"\n{trouble.kills.total()} kills in {runs} runs, begun again {trouble.ended.total()} times"
        f" ({seconds / 60:.1f} minutes)."
    )
    print("\n".join(trouble.wrong) or "Every run ended with the bytes of an undisturbed one.")
