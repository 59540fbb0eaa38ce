"""Which pixels an answer draws: the parts under the clicks, without holes nobody asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.grid import PixelPoint, Window, pixel_of
from core.label.click import Probability, Question

_LEAST_SHARE_OF_PART = 0.05

Flags = npt.NDArray[np.bool_]


def draw(probability: Probability, question: Question) -> Flags:
    """The answer to a question as pixels, bool (rows, columns).

    Of clicks: the parts under those that want their field, with holes filled unless a click that
    does not want its own lies there.  Of a box: every part that is not a speck.
    """
    mask = probability >= question.least
    if question.box is not None:
        return _without_specks(mask)
    labels, _ = ndimage.label(mask)
    wanted = {int(labels[pixel_of(p.point, mask.shape)]) for p in question.points if p.label == 1}
    part: Flags = np.isin(labels, sorted(wanted - {0}))
    window = Window.around(part)
    if window is not None:
        # Holes are looked for around the part alone: the whole tile takes four times as long.
        inside = part[window.slices]
        holes = ndimage.binary_fill_holes(inside) & ~inside
        part[window.slices] |= _unasked(holes, window, question)
    return part


def _without_specks(mask: Flags) -> Flags:
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    large = sizes >= _LEAST_SHARE_OF_PART * sizes.max()
    large[0] = False
    return np.asarray(large[labels], dtype=np.bool_)


def _unasked(holes: Flags, window: Window, question: Question) -> Flags:
    """Holes of a window in which no click against a field lies."""
    labels, _ = ndimage.label(holes)
    asked = {0}
    for prompt in question.points:
        at = PixelPoint(prompt.point.column - window.column, prompt.point.row - window.row)
        if prompt.label == 0 and window.holds(prompt.point):
            asked.add(int(labels[pixel_of(at, holes.shape)]))
    return np.asarray(~np.isin(labels, sorted(asked)))
