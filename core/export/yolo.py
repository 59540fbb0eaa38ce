"""YOLO segmentation labels over training chips.

The format knows one outline for each object and no ignored areas, so:

- holes and further parts are joined to a field's outline by cuts of no width
  (:func:`core.export.rings.one_line`);
- a chip that shows ground nobody vouches for is listed in no split: it would teach that fields
  there are background.

Source: https://docs.ultralytics.com/datasets/segment/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.export.coco import Fields
from core.export.rings import one_line


def label_lines(fields: Fields, size: int) -> str:
    """The label file of a chip of ``size`` pixels: a line for each field, coordinates 0 to 1."""
    lines = []
    for _, shape in fields:
        numbers = np.clip(one_line(shape) / size, 0.0, 1.0).ravel()
        lines.append("0 " + " ".join(f"{number:.6f}" for number in numbers))
    return "".join(f"{line}\n" for line in lines)


def write_lists(folder: Path, listed: dict[str, Sequence[str]]) -> None:
    """Write ``train.txt``, ``val.txt``, ``test.txt`` and the ``data.yaml`` that names them.

    ``listed`` holds the images of each split, relative to ``folder``.  ``data.yaml`` names no
    path of this machine: YOLO takes the lists from beside it.
    """
    yaml = ["# YOLO segmentation; made from reviewed labels."]
    for split, images in listed.items():
        (folder / f"{split}.txt").write_text("".join(f"./{image}\n" for image in images))
        yaml.append(f"{split}: {split}.txt")
    yaml += ["names:", f"  0: {json.dumps('field')}", ""]
    (folder / "data.yaml").write_text("\n".join(yaml))
