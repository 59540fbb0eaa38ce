"""Every table of docs/experiments.md, made again: ``python -m benchmarks.experiments``.

Writes the regions, runs the commands ``cropmap experiment ...`` one after the other with one folder
of finished steps, and writes the tables into the documentation.  A run that was stopped goes on
where it was; steps done by other code are not taken.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.experiment_docs import PROMPTS, write_tables
from benchmarks.regions import write_regions
from core.study.experiments import ABOUT, IMAGES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "experiments.md"

PAIRS = tuple(
    f"--pair={pair}"
    for pair in (
        "midwest_1m,midwest_2m5",
        "midwest_2m5,midwest_1m",
        "large_fields,smallholder",
        "smallholder,large_fields",
    )
)
"""Directions in which networks are brought from one region to another; few labels in the first."""

COMMANDS: dict[str, tuple[str, ...]] = {
    PROMPTS: (),
    "methods": (),
    "training": PAIRS,
    "adaptation": PAIRS,
    "ablation": ("--draws", "1"),
    "ablation-made": ("--draws", "1"),
    "robustness": ("--draws", "1"),
    "robustness-made": (
        *("--from", "product", "--draws", "1"),
        *(f"--change={key}" for key in ("noise", "grassland", "haze")),
    ),
}
"""Experiments in their order, and what else their commands are given; what follows a hyphen tells
two runs of one command apart.
"""

REGIONS = {
    PROMPTS: ("midwest_1m", "midwest_2m5"),
    "ablation": ("midwest_1m", "midwest_2m5"),
    "ablation-made": ("large_fields",),
    "robustness": ("midwest_1m",),
    "robustness-made": ("smallholder",),
}
"""Names of the regions of an experiment that is not asked of all."""


def main() -> None:
    asked = _arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    regions = _given(asked.regions) if asked.regions else write_regions(asked.out / "regions")
    cells = asked.out / ".cells"
    began = time.perf_counter()
    for key in asked.only or COMMANDS:
        started = time.perf_counter()
        run(key, regions, asked.out / key, cells, asked.jobs)
        print(f"{key}: {time.perf_counter() - started:.0f} s", flush=True)
    print(f"all: {time.perf_counter() - began:.0f} s")
    for left in write_tables(asked.page, asked.out):
        print(f"not in {asked.page.name}: {left}")


def run(key: str, regions: list[Path], out: Path, cells: Path, jobs: int | None) -> None:
    """Run one experiment's command; ends the program where it fails."""
    words = [sys.executable, "-m", "core", "experiment", key.partition("-")[0]]
    chosen = [region for region in regions if region.name in REGIONS.get(key, ())]
    for region in chosen or regions:
        words += ["--region", str(region)]
    words += ["--out", str(out), *COMMANDS[key]]
    if key != PROMPTS:
        words += ["--cells", str(cells), *(["--jobs", str(jobs)] if jobs else [])]
    # Quiet: the page says what was found.
    ended = subprocess.run(words, check=False, cwd=ROOT, stdout=subprocess.DEVNULL)
    if ended.returncode:
        sys.exit(f"{key} failed; what is finished is kept, the same command goes on from there")


def _given(folder: Path) -> list[Path]:
    """Regions that are there already, those of the documentation in its order."""
    found = [path for path in sorted(folder.iterdir()) if (path / IMAGES).is_dir()]
    if not found:
        sys.exit(f"{folder} holds no folder with {IMAGES}/ and {ABOUT}")
    order = ["midwest_1m", "midwest_2m5", "large_fields", "smallholder"]
    rank = {name: number for number, name in enumerate(order)}
    return sorted(found, key=lambda path: (rank.get(path.name, len(order)), path.name))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "experiments")
    parser.add_argument("--only", nargs="+", choices=list(COMMANDS), help="of the experiments")
    parser.add_argument("--jobs", type=int, help="processes; as many as processors")
    parser.add_argument("--regions", type=Path, help="folder of regions, instead of writing them")
    parser.add_argument("--page", type=Path, default=PAGE, help="whose tables are written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
