"""``python -m benchmarks.torture``: everything that may happen to the app, counted.

Exit status 1 where an edit was lost, something was silently wrong, a traceback, a signal or a hang
was seen, a door was open, or processes took more than 1.5 GB together.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.torture.farm import SMALL, set_up
from benchmarks.torture.parts import MINUTES, PARTS, Wanted
from benchmarks.torture.tally import Tally, table

_SHOWN = 5


def torture(wanted: Wanted, parts: Sequence[str]) -> list[Tally]:
    """Run the parts one after the other; each has a folder of its own."""
    tallies: list[Tally] = []
    with set_up(SMALL), tempfile.TemporaryDirectory(prefix="cropmap-torture-") as folder:
        for name in parts:
            try:
                ran = PARTS[name](wanted, Path(folder) / name)
            except Exception:  # noqa: BLE001  (the other parts go on; it counts as what it is)
                broken = Tally(name)
                broken.add("traceback", 0, f"the torture itself failed:\n{traceback.format_exc()}")
                ran = [broken]
            for tally in ran:
                print(_line(tally), flush=True)
                # At once: a run that is ended must not take with it what it has found.
                for detail in tally.details[:_SHOWN]:
                    print(f"\n{detail}\n", flush=True)
            tallies += ran
    return tallies


def _line(tally: Tally) -> str:
    counts = ", ".join(f"{word} {number:,}" for word, number in tally.counts.items())
    return f"{tally.kind}: {counts} ({tally.seconds:.0f} s)"


def main() -> int:
    """Run, print what must not be as it is found, and at last the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torture", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of the promised sizes")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="that the crowd works")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    options = parser.parse_args()
    began = time.monotonic()
    wanted = Wanted(options.seed, options.scale, options.minutes)
    tallies = torture(wanted, options.only)
    print(f"\n{table(tallies)}\n\n{(time.monotonic() - began) / 60:.1f} minutes in all")
    for tally in tallies:
        if tally.told:
            print(f"{tally.kind}: {tally.told}")
    return 0 if all(tally.is_good for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
