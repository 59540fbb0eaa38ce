"""An experiment in a process of its own, watched from here: progress, end, and a way to stop it.

Not in this one, because a web server's process may not be copied or spawned from, and because the
app is to answer clicks meanwhile.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import errors
from core.errors import CancelledError, CropMapError
from core.processors import processors
from core.task import Cancelled, Progress

GRACE_SECONDS = 5.0
"""How long a step may go on after nobody waits any more."""

STOPPED = "The evaluation was stopped. Its finished steps are kept, and it can go on from there."
_POLL_SECONDS = 0.2
_ROOT = Path(__file__).resolve().parents[3]


def jobs_beside_the_app() -> int:
    """Processes for an experiment: one processor stays with the app, where there are several."""
    return max(1, processors() - 1)


def run_in_process(order: Mapping[str, Any], *, progress: Progress, cancelled: Cancelled) -> None:
    """Let a process of its own run an experiment; returns when its files are written.

    Raises
    ------
    CancelledError
        ``cancelled`` said so; finished steps are kept.
    CropMapError
        What the process says, or that it ended without a word.
    """
    worker = subprocess.Popen(
        # -P: modules come from this package's folder, not from where the app was started.
        [sys.executable, "-P", "-m", "core.study.projects.run_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        start_new_session=True,
        text=True,
        encoding="utf-8",
    )
    try:
        answer = _answer(worker, order, progress, cancelled)
    finally:
        _end(worker)
    if answer is None:
        raise CropMapError(
            "The evaluation ended unexpectedly, most often because memory ran out.",
            "Close other programs and go on; finished steps are kept.",
        )
    if answer.get("error") == CancelledError.__name__:
        raise CancelledError(STOPPED)
    if "error" in answer:
        kind: type[CropMapError] = getattr(errors, str(answer["error"]), CropMapError)
        raise kind.from_json(answer)


def _answer(
    worker: subprocess.Popen[str],
    order: Mapping[str, Any],
    progress: Progress,
    cancelled: Cancelled,
) -> dict[str, Any] | None:
    """The last message of the process; None where it ended without one."""
    stdin, stdout = worker.stdin, worker.stdout
    if stdin is None or stdout is None:
        raise AssertionError("unreachable: the pipes were asked for")
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def listen() -> None:
        for line in stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=listen, daemon=True).start()
    try:
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
    except BrokenPipeError:
        return None
    stop_at: float | None = None
    while True:
        if stop_at is None and cancelled():
            stdin.close()
            stop_at = time.monotonic() + GRACE_SECONDS
        if stop_at is not None and time.monotonic() > stop_at:
            raise CancelledError(STOPPED)
        try:
            line = lines.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
        if line is None:
            return None
        message = json.loads(line)
        if "stage" not in message:
            return dict(message)
        progress(message["stage"], message["done"], message["total"])


def _end(worker: subprocess.Popen[str]) -> None:
    """End the process and whatever it started; nothing happens where it has ended."""
    try:
        worker.wait(1.0)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()
