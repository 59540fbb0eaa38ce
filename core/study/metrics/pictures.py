"""Errors in colour: cropland that was missed blue, and what was falsely taken for it vermilion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from core.imagery.write_raster import Codes as CodeTable
from core.study.metrics.compare import FALSE, MISSED, NOT_JUDGED, RIGHT_CROPLAND, RIGHT_REST

COLOURS = {
    RIGHT_REST: (0, 0, 0, 0),
    RIGHT_CROPLAND: (0, 158, 115, 90),
    MISSED: (0, 114, 178, 255),
    FALSE: (213, 94, 0, 255),
    NOT_JUDGED: (0, 0, 0, 0),
}
"""Of Okabe and Ito's colour-blind-safe set."""

ERROR_CODES = CodeTable(
    "0 right, not cropland; 1 right, cropland; 2 missed; 3 false; 255 not judged", COLOURS
)

Colour = tuple[int, int, int]

ERROR_MEANINGS: tuple[tuple[Colour, str], ...] = (
    (COLOURS[MISSED][:3], "missed cropland"),
    (COLOURS[FALSE][:3], "falsely cropland"),
)

_ON_PAPER = {
    RIGHT_REST: (244, 242, 236),
    RIGHT_CROPLAND: (203, 222, 196),
    MISSED: COLOURS[MISSED][:3],
    FALSE: COLOURS[FALSE][:3],
    NOT_JUDGED: (160, 160, 160),
}
_STRENGTH = 0.65
_STRIP = 22

Codes = npt.NDArray[np.uint8]
Picture = npt.NDArray[np.uint8]


def paint_errors(codes: Codes, rgb: Picture | None = None) -> Picture:
    """Error codes as a picture, uint8 (rows, columns, 3): over an image, or on paper without."""
    if rgb is None:
        table = np.zeros((256, 3), dtype=np.uint8)
        for code, colour in _ON_PAPER.items():
            table[code] = colour
        return np.asarray(table[codes], dtype=np.uint8)
    picture = rgb.copy()
    for code in (MISSED, FALSE):
        at = codes == code
        paint = np.array(COLOURS[code][:3])
        picture[at] = ((1 - _STRENGTH) * picture[at] + _STRENGTH * paint).astype(np.uint8)
    return picture


def titled(
    picture: Picture, title: str, meanings: Sequence[tuple[Colour, str]] = ERROR_MEANINGS
) -> Image.Image:
    """A picture under a line of text and over what its colours mean."""
    height, width = picture.shape[:2]
    sheet = Image.new("RGB", (width, height + 2 * _STRIP), (255, 255, 255))
    sheet.paste(Image.fromarray(picture), (0, _STRIP))
    draw = ImageDraw.Draw(sheet)
    draw.text((5, 5), title, fill=(0, 0, 0))
    left, top = 5, height + _STRIP + 5
    for colour, words in meanings:
        draw.rectangle((left, top, left + 12, top + 12), fill=colour, outline=(120, 120, 120))
        draw.text((left + 18, top), words, fill=(0, 0, 0))
        left += 36 + int(draw.textlength(words))
    return sheet
