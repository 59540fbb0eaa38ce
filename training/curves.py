"""Draw a training's log: ``python -m training.curves runs/small --out docs/training.png``."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_PANELS = {
    "losses": {"surface": "cropland and borders", "same_field": "codes", "cover_loss": "cropland"},
    "IoU on training views": {
        "best_iou": "first click, best-rated",
        "last_iou": "after corrections",
        "cover_iou": "cropland from noisy points",
    },
}
_SMOOTH = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/training.png"))
    options = parser.parse_args()
    with (options.run / "log.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    axes = figure.subplots(1, 2, squeeze=False)[0]
    for axis, (title, lines) in zip(axes, _PANELS.items(), strict=True):
        for column, label in lines.items():
            _draw(axis, rows, column, label)
        _mark_stages(axis, rows)
        axis.set_title(title, loc="left")
        axis.set_xlabel("step")
        axis.legend(frameon=False)
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].set_ylim(0, 1)
    figure.savefig(options.out, dpi=110)


def _draw(axis: Axes, rows: list[dict[str, str]], column: str, label: str) -> None:
    # Columns are 0 in stages that do not train them.
    known = [(int(r["step"]), float(r[column])) for r in rows if float(r[column]) != 0.0]
    if len(known) < _SMOOTH:
        return
    steps, values = np.array(known).T
    smooth = np.convolve(values, np.ones(_SMOOTH) / _SMOOTH, mode="valid")
    axis.plot(steps[_SMOOTH - 1 :], smooth, label=label)


def _mark_stages(axis: Axes, rows: list[dict[str, str]]) -> None:
    last = rows[0]["stage"]
    for row in rows:
        if row["stage"] != last:
            last = row["stage"]
            axis.axvline(int(row["step"]), color="0.8", linewidth=1, zorder=0)


if __name__ == "__main__":
    main()
