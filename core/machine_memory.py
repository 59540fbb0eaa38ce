"""How much memory there is for us, and that what is free goes back to the system."""

from __future__ import annotations

import ctypes
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")

# Names of malloc.h of the GNU C library, for mallopt(3).
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

_LARGE_BYTES = 2 * 1024 * 1024
_ARENAS = 4


def keep_memory_small() -> bool:
    """Have arrays of a tile go back to the system as soon as they are free; says whether it will.

    By itself the GNU C library keeps blocks of up to 32 MB for later, in a heap for each of many
    threads: fifty people took 2.0 GB so, and take 1.3 GB with this (docs/reliability.md).  Call it
    before there are other threads.  Elsewhere than with that library it does nothing.
    """
    try:
        library = ctypes.CDLL(None)
        return bool(
            library.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            and library.mallopt(_M_ARENA_MAX, _ARENAS)
        )
    except (AttributeError, OSError, TypeError):
        return False


def give_back_free_memory() -> None:
    """Give freed memory back to the system now, where the C library can."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def free_bytes(meminfo: Path = _MEMINFO, group: Path = _GROUP) -> int | None:
    """Memory that may be taken without pushing out anybody; None where the system does not say.

    A container's own limit counts (cgroup v2).
    """
    known = [found for found in (_available(meminfo), _left_in(group)) if found is not None]
    return min(known) if known else None


def _available(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if found is None else int(found) * 1024


def _left_in(group: Path) -> int | None:
    try:
        most = (group / "memory.max").read_text().strip()
        taken = int((group / "memory.current").read_text())
    except (OSError, ValueError):
        return None
    return max(0, int(most) - taken) if most.isdigit() else None
