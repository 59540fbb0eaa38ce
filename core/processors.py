"""How many processors there are for us, and a process that has leave to use only some of them."""

from __future__ import annotations

import os
import sys

_LIBRARIES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Where numeric libraries look, when they are loaded, for how many threads they may start."""

_SHARE = "CROPMAP_PROCESSORS"
"""Where a process is told its share; processes that it starts have the same."""


def processors() -> int:
    """Processors that this process may use: all that it is let run on, or its share of them."""
    there = _allowed()
    return min(there, granted() or there)


def granted() -> int:
    """The share of the processors that this process was given; 0 where it may use all."""
    share = os.environ.get(_SHARE, "")
    return int(share) if share.isdigit() else 0


def thread_limits(share: int) -> dict[str, str]:
    """The environment of a new process that may use ``share`` processors, its libraries too."""
    return {_SHARE: str(share), **dict.fromkeys(_LIBRARIES, str(share))}


def use_at_most(share: int) -> None:
    """Let this process use ``share`` processors from now on.

    A library that is loaded already keeps the threads it has, but torch, which can be told.
    """
    os.environ.update(thread_limits(share))
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(share)


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processors_beside_the_app() -> int:
    """Processors for long work: one stays with the app, where there are several."""
    return max(1, processors() - 1)


def leave_one_processor() -> None:
    """Bind this process, and those it starts, to all processors but one, where there are several.

    Libraries that make a thread for each processor then make fewer by themselves.
    """
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, mine[-processors_beside_the_app() :])
