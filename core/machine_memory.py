"""How much memory there is for us."""

from __future__ import annotations

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


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
