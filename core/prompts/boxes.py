"""Boxes around cropland and the dense mask prompt, both from land cover."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.landcover.source import LandCoverTile
from core.prompts.prompt import BoxPrompt

MASK_INPUT_SIDE = 256
"""Side of Segment Anything's ``mask_input``: a quarter of its padded square input."""

_DENSE_LOGIT = 4.0
"""Logit of a pixel that is all cropland: a probability of 0.98."""


def cropland_boxes(tile: LandCoverTile, min_area_m2: float = 1000.0) -> tuple[BoxPrompt, ...]:
    """Bounding boxes of the connected parts of cropland, largest part first, in pixels."""
    labels, count = ndimage.label(tile.cropland)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    least = min_area_m2 / tile.grid.pixel_area_m2
    return tuple(
        BoxPrompt(
            float(boxes[i][1].start),
            float(boxes[i][0].start),
            float(boxes[i][1].stop),
            float(boxes[i][0].stop),
        )
        for i in np.argsort(-sizes, kind="stable")
        if sizes[i] >= least
    )


def dense_prompt(tile: LandCoverTile) -> npt.NDArray[np.float32]:
    """Cropland fraction as ``mask_input``: float32 logits (256, 256).

    The frame is the model's padded square: the tile in the upper left corner, its longer side
    along the whole of the frame, zero (undecided) beyond and where the land cover is unknown.
    """
    logits = np.where(tile.valid, (np.nan_to_num(tile.cropland_fraction, nan=0.5) - 0.5) * 2, 0.0)
    height, width = logits.shape
    scale = MASK_INPUT_SIDE / max(height, width)
    rows = np.minimum((np.arange(max(1, round(height * scale))) + 0.5) / scale, height - 1)
    columns = np.minimum((np.arange(max(1, round(width * scale))) + 0.5) / scale, width - 1)
    frame = np.zeros((MASK_INPUT_SIDE, MASK_INPUT_SIDE), dtype=np.float32)
    small = logits[rows.astype(np.int64)[:, None], columns.astype(np.int64)[None, :]]
    frame[: len(rows), : len(columns)] = small * _DENSE_LOGIT
    return frame
