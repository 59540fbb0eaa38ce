"""How many processors there are for us, and leaving one of them to others."""

from __future__ import annotations

import os


def processors() -> int:
    """Processors that this process may use."""
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
