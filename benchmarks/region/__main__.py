"""``python -m benchmarks.region --part memory``: what mapping a whole region takes."""

from __future__ import annotations

import sys
from importlib import import_module

PARTS = {
    "memory": "benchmarks.region.memory",
    "kills": "benchmarks.region.kills",
    "speed": "benchmarks.region.speed",
}
"""Each part is a module with ``main(arguments)``."""


def main(arguments: list[str]) -> None:
    """Run the named part with the arguments that are left."""
    if arguments[:1] != ["--part"] or len(arguments) < 2 or arguments[1] not in PARTS:
        raise SystemExit(f"Say --part and one of: {', '.join(PARTS)}.")
    import_module(PARTS[arguments[1]]).main(arguments[2:])


if __name__ == "__main__":
    main(sys.argv[1:])
