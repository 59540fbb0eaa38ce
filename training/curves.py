"""Draw both trainings' logs: ``python -m training.curves runs/fields runs/prompts``."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_LABELS = {
    "extent": "cropland",
    "boundary": "borders",
    "depth": "depth",
    "first": "first click or box",
    "corrected": "after corrections",
    "cropland": "cropland from noisy points",
}
_SMOOTH = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fields", type=Path)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/training.png"))
    options = parser.parse_args()
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, squeeze=False)[0]
    _panel(left, options.fields / "log.csv", ("extent", "boundary", "depth"), "field map: losses")
    names = ("first", "corrected", "cropland")
    _panel(right, options.prompts / "log.csv", names, "prompts: IoU on training frames")
    right.set_ylim(0, 1)
    figure.savefig(options.out, dpi=110)


def _panel(axis: Axes, log: Path, names: tuple[str, ...], title: str) -> None:
    with log.open() as handle:
        rows = list(csv.DictReader(handle))
    steps = np.array([int(row["step"]) for row in rows])
    for name in names:
        values = np.array([float(row[name]) for row in rows])
        smooth = np.convolve(values, np.ones(_SMOOTH) / _SMOOTH, mode="valid")
        axis.plot(steps[_SMOOTH - 1 :], smooth, label=_LABELS[name])
    axis.set_title(title, loc="left")
    axis.set_xlabel("step")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
