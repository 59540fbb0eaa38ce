"""Mutants in a process that may die: ``python -m benchmarks.torture.worker KIND SEED FIRST ...``.

Prints ``{"trying": n}`` before each and ``{"outcome": ..., "detail": ...}`` after it.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

from benchmarks.torture.inputs import found_inputs
from benchmarks.torture.kinds import outcome, trial

_ADDRESS_SPACE = 6_000_000_000


def main(kind: str, seed: str, first: str, most: str, folder: str) -> None:
    """Try mutants from number ``first`` on, up to ``most``."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    inputs = found_inputs(Path(folder))
    with tempfile.TemporaryDirectory(prefix="cropmap-torture-") as work:
        attempt = trial(kind, inputs, Path(work))
        for number in range(int(first), int(most)):
            _say(trying=number)
            detail = ""
            try:
                found = outcome(attempt, random.Random(f"{seed} {kind} {number}"))
            except Exception:  # noqa: BLE001  (what is counted)
                found, detail = "traceback", traceback.format_exc()[-1500:]
            _say(outcome=found, detail=detail, peak_mb=_peak_mb())
    _say(done=True)


def _peak_mb() -> int:
    """Of this process and of the limited ones that it has started, the largest."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(_own_peak_kb(), children) // 1024


def _own_peak_kb() -> int:
    # Linux counts what the process that started this one held until then into our ``ru_maxrss``.
    with suppress(OSError):
        status = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
