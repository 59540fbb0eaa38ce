"""``python -m benchmarks.torture --minutes N --seed S``: hostile inputs and kills, counted.

Exit status 1 where an edit was lost, something was silently wrong, a traceback, a signal or a hang
was seen, or a process took more than 1.5 GB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.torture.inputs import make_inputs
from benchmarks.torture.kills import run_kills
from benchmarks.torture.kinds import KINDS
from benchmarks.torture.run import run_kind
from benchmarks.torture.tally import Tally, table


def torture(minutes: float, seed: int) -> list[Tally]:
    """Share the time between all kinds of mutants, and kills."""
    share = minutes * 60 / (len(KINDS) + 1)
    with tempfile.TemporaryDirectory(prefix="cropmap-torture-") as folder:
        make_inputs(Path(folder))
        mutants = [run_kind(kind, seed, share, Path(folder)) for kind in KINDS]
        return [*mutants, run_kills(seed, share, Path(folder))]


def main() -> int:
    """Run, print the table, and behind it what must not be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tallies = torture(options.minutes, options.seed)
    print(table(tallies))
    for tally in tallies:
        for detail in tally.details[:5]:
            print(f"\n{detail}")
    return 0 if all(tally.is_good for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
