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
from typing import Any

import torch
from pydantic import TypeAdapter

from core.errors import CropMapError
from core.processors import processors
from core.study.experiments.experiment_report import run_and_write
from core.study.projects.run_process import GRACE_SECONDS
from core.study.projects.run_request import RunRequest, experiment_of, regions_of

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

    def send(**message: Any) -> None:
        try:
            answers.write(json.dumps(message) + "\n")
        except BrokenPipeError:
            stopped.set()

    try:
        _run(order, send, stopped.is_set)
    except CropMapError as error:
        send(error=type(error).__name__, **error.to_json())
        return 1
    except Exception:
        logging.getLogger(__name__).exception("the experiment failed")
        return 1
    send(finished=True)
    return 0


def _run(order: dict[str, Any], send: Callable[..., None], stopped: Callable[[], bool]) -> None:
    request = TypeAdapter(RunRequest).validate_python(order["request"])
    # The app is to stay quick meanwhile.
    torch.set_num_threads(max(1, processors() - 1))
    send(stage="Looking at the scenes", done=0, total=0)
    run_and_write(
        experiment_of(regions_of(order), request),
        Path(order["out"]),
        jobs=order["jobs"],
        seed=request.seed,
        cells_folder=Path(order["cells"]),
        options={
            "methods": list(request.methods),
            "model": request.model,
            "tiles": request.most_tiles,
        },
        progress=lambda stage, done, total: send(stage=stage, done=done, total=total),
        cancelled=stopped,
    )


def _until_nobody_waits(stopped: threading.Event) -> None:
    """Wait for the end of standard input; then for the step to end, but not for ever."""
    sys.stdin.read()
    stopped.set()
    time.sleep(GRACE_SECONDS)
    # This process leads its group: processes of its own end with it.
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
