"""The process that runs an experiment for the app: ``python -m core.study.projects.run_worker``.

It takes its order as one line of JSON on standard input and answers on standard output, a JSON
object a line: ``{"stage", "done", "total"}`` any number of times, then ``{"finished": true}`` or
``{"error": class, ...}`` with what ``CropMapError.to_json`` gives.  When standard input ends,
nobody waits any more: it stops at the next step.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import torch

from core.errors import CropMapError
from core.processors import processors
from core.study.experiments.experiment_report import run_and_write
from core.study.projects.building import experiment_of
from core.study.projects.run_process import GRACE_SECONDS
from core.study.projects.run_request import RunWish, regions_of

_NICENESS = 5


def main() -> int:
    """Do what the order says; 0 where it is done."""
    # What libraries print must not come between our lines.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    os.nice(_NICENESS)
    order = json.loads(sys.stdin.readline())
    stopped = threading.Event()
    threading.Thread(target=_until_nobody_waits, args=(stopped,), daemon=True).start()

    def say(message: dict[str, Any]) -> None:
        _say(answers, message, stopped)

    try:
        _run(order, say, stopped.is_set)
    except CropMapError as error:
        say({"error": type(error).__name__, **error.to_json()})
        return 1
    except Exception:
        logging.getLogger(__name__).exception("the experiment failed")
        return 1
    say({"finished": True})
    return 0


def _run(
    order: dict[str, Any], say: Callable[[dict[str, Any]], None], stopped: Callable[[], bool]
) -> None:
    wish = RunWish.from_json(order["wish"])
    # The app is to stay quick meanwhile.
    torch.set_num_threads(max(1, processors() - 1))
    say({"stage": "Looking at the scenes", "done": 0, "total": 0})
    experiment = experiment_of(regions_of(order), wish)
    run_and_write(
        experiment,
        Path(order["out"]),
        jobs=order["jobs"],
        seed=wish.seed,
        cells_folder=Path(order["cells"]),
        options={"methods": list(wish.methods), "model": wish.model, "tiles": wish.most_tiles},
        progress=lambda stage, done, total: say({"stage": stage, "done": done, "total": total}),
        cancelled=stopped,
    )


def _say(answers: TextIO, message: dict[str, Any], stopped: threading.Event) -> None:
    try:
        answers.write(json.dumps(message) + "\n")
    except BrokenPipeError:
        stopped.set()


def _until_nobody_waits(stopped: threading.Event) -> None:
    """Wait for the end of standard input; then for the step to end, but not for ever."""
    sys.stdin.read()
    stopped.set()
    time.sleep(GRACE_SECONDS)
    # This process leads its group: processes of its own end with it.
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
