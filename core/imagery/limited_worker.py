"""The side of a process with limits (:mod:`core.imagery.limited`): limits, order, answer.

``python -m MODULE FD`` takes its order as JSON on standard input and answers on the pipe FD, one
JSON object a line: ``{"progress": share}`` any number of times, then one of
``{"done": true, ...}``, ``{"error": class, ...}`` with what ``CropMapError.to_json`` gives, or
``{"trace": text, "memory": bool}``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# It reads no files.  Loaded under a memory limit that it exceeds it would wait for ever: its own
# threads ask again and again for what they do not get.
import scipy.ndimage  # noqa: F401

from core.errors import CropMapError
from core.parent_process import end_with
from core.task import ShareProgress

Say = Callable[[dict[str, Any]], None]
Do = Callable[[dict[str, Any], ShareProgress], dict[str, Any]]

_OPEN_FILES = 64


def serve(do: Do) -> int:
    """Bind this process to the limits of its order, and do what it says; 0 where it is done.

    Parameters
    ----------
    do : callable
        Gets the order, and a callable for the share that is done; what it returns goes back.
        It is the one to load whatever can read a file: the limits are set before.
    """
    pipe = int(sys.argv[1])

    def say(message: dict[str, Any]) -> None:
        os.write(pipe, json.dumps(message).encode() + b"\n")

    order = json.load(sys.stdin)
    end_with(int(order["parent"]))
    limit(order["limits"])
    try:
        answer = do(order, lambda share: say({"progress": share}))
    except (CropMapError, MemoryError) as error:
        if isinstance(error, MemoryError) or _lacked_memory():
            say({"trace": traceback.format_exc()[-4000:], "memory": True})
        else:
            say({"error": type(error).__name__, **error.to_json()})
        return 1
    except Exception:  # noqa: BLE001  (the last resort of a process: the parent logs it)
        say({"trace": traceback.format_exc()[-4000:], "memory": _lacked_memory()})
        return 1
    say({**answer, "done": True})
    return 0


def limit(limits: dict[str, Any]) -> None:
    """Bind this process to its limits; a lower one that was inherited stays."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_AS, int(limits["memory_bytes"]))
    _lower(resource.RLIMIT_CPU, int(limits["cpu_seconds"]), grace=5)
    _lower(resource.RLIMIT_FSIZE, int(limits["file_bytes"]))


def _lower(kind: int, value: int, grace: int = 0) -> None:
    """Set a limit; ``grace`` later comes the signal that cannot be mistaken for another."""
    _, inherited = resource.getrlimit(kind)
    hard = value + grace
    if inherited != resource.RLIM_INFINITY:
        hard = min(hard, inherited)
    resource.setrlimit(kind, (min(value, hard), hard))


def _lacked_memory() -> bool:
    """Whether address space ran out: libraries report a failed allocation in words of their own."""
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # no Linux; there the limit does not hold either
        return False
    peak = next((int(s.split()[1]) for s in status.splitlines() if s.startswith("VmPeak")), 0)
    return most != resource.RLIM_INFINITY and peak * 1024 > 0.8 * most
