"""Workers watched from outside, where a hang and a signal can be seen."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import psutil

from benchmarks.torture.tally import Tally

HANG_S = 10.0
"""Seconds of computing, of the worker and its children, that one mutant may take."""

_SILENCE_S = 60.0
"""Seconds of any kind."""


def run_mutants(kind: str, seed: int, count: int, folder: Path, lanes: int = 2) -> Tally:
    """Try the first ``count`` mutants of a kind, in as many workers at once as there are lanes."""
    bounds = [count * lane // lanes for lane in range(lanes + 1)]
    pairs = pairwise(bounds)
    with ThreadPoolExecutor(lanes) as threads:
        ran = threads.map(lambda pair: _lane(kind, seed, pair[0], pair[1], folder), pairs)
        tally = Tally(kind)
        for one in ran:
            tally.merge(one)
    return tally


def _lane(kind: str, seed: int, first: int, most: int, folder: Path) -> Tally:
    """Mutants of some numbers; a worker that ends early gets a successor."""
    tally = Tally(kind)
    while first < most:
        first = _watch(tally, seed, first, most, folder)
    return tally


def _watch(tally: Tally, seed: int, first: int, most: int, folder: Path) -> int:
    """Follow one worker to its end; returns the number of the next mutant."""
    facts = (tally.kind, seed, first, most, folder)
    command = [sys.executable, "-m", "benchmarks.torture.worker", *map(str, facts)]
    lines: queue.Queue[str] = queue.Queue()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stderr is not None
        threading.Thread(target=_pass_on, args=(worker.stdout, lines), daemon=True).start()
        errors: list[str] = []
        threading.Thread(target=lambda e: errors.append(e.read()), args=(worker.stderr,)).start()
        number, trying = first, False
        while (message := _next(lines, worker, trying=trying)) is not None:
            if message.get("done"):
                return most
            if "trying" in message:
                number, trying = int(message["trying"]), True
                continue
            trying = False
            tally.add(message["outcome"], number, message["detail"])
            tally.peak_mb = max(tally.peak_mb, int(message["peak_mb"]))
        hung = worker.poll() is None
        if hung:
            worker.kill()
        status = worker.wait()
        detail = f"exit status {status}: {''.join(errors)[-1500:]}"
        tally.add("hang" if hung else "signal" if status < 0 else "traceback", number, detail)
    return number + 1


def _next(lines: queue.Queue[str], worker: Any, *, trying: bool) -> dict[str, Any] | None:
    """The worker's next message; None where it has died, or takes too long."""
    began, spent = time.monotonic(), _computed(worker.pid)
    while True:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            if trying and _computed(worker.pid) - spent > HANG_S:
                return None
            if time.monotonic() - began > _SILENCE_S:
                return None
            continue
        if not line:
            worker.wait()
            return None
        message: dict[str, Any] = json.loads(line)
        return message


def _computed(pid: int) -> float:
    """Seconds of computing of a process and those that it has started."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        ended = process.cpu_times()
        times = [one.cpu_times() for one in family]
    except psutil.Error:
        return 0.0
    alive = sum(one.user + one.system for one in times)
    return float(alive + ended.children_user + ended.children_system)


def _pass_on(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")
