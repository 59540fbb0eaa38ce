"""Errors tile by tile: codes, and in colour cropland that was missed blue and false vermilion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

RIGHT_REST, RIGHT_CROPLAND, MISSED, FALSE, NOT_JUDGED = 0, 1, 2, 3, 255
"""Codes of error maps."""

COLOURS = {
    RIGHT_REST: (0, 0, 0, 0),
    RIGHT_CROPLAND: (0, 158, 115, 90),
    MISSED: (0, 114, 178, 255),
    FALSE: (213, 94, 0, 255),
    NOT_JUDGED: (0, 0, 0, 0),
}
"""Of Okabe and Ito's colour-blind-safe set."""

ERROR_WORDS = "0 right, not cropland; 1 right, cropland; 2 missed; 3 false; 255 not judged"
"""What a raster of codes says of itself."""

_ON_PAPER = {
    RIGHT_REST: (244, 242, 236),
    RIGHT_CROPLAND: (203, 222, 196),
    MISSED: COLOURS[MISSED][:3],
    FALSE: COLOURS[FALSE][:3],
    NOT_JUDGED: (160, 160, 160),
}
_STRENGTH = 0.65
_STRIP = 22
_LONGEST_SIDE = 1024

Colour = tuple[int, int, int]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Picture = npt.NDArray[np.uint8]

_MEANINGS: tuple[tuple[Colour, str], ...] = (
    (COLOURS[MISSED][:3], "missed cropland"),
    (COLOURS[FALSE][:3], "too much: not cropland"),
)


def error_codes(mask: Flags, truth: Flags, judged: Flags) -> Codes:
    """What each pixel is: right, missed, false or not judged, uint8 (rows, columns)."""
    codes = np.where(
        truth, np.where(mask, RIGHT_CROPLAND, MISSED), np.where(mask, FALSE, RIGHT_REST)
    )
    codes[~judged] = NOT_JUDGED
    return codes.astype(np.uint8)


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


def error_picture(codes: Codes, rgb: Picture | None, title: str) -> Image.Image:
    """Error codes painted, at most 1024 pixels long, titled and explained."""
    picture = Image.fromarray(paint_errors(codes, rgb))
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return titled(picture, title)


def titled(
    picture: Image.Image, title: str, meanings: Sequence[tuple[Colour, str]] = _MEANINGS
) -> Image.Image:
    """A picture under a line of text and over what its colours mean."""
    sheet = Image.new("RGB", (picture.width, picture.height + 2 * _STRIP), (255, 255, 255))
    sheet.paste(picture, (0, _STRIP))
    draw = ImageDraw.Draw(sheet)
    draw.text((5, 5), title, fill=(0, 0, 0))
    left, top = 5, picture.height + _STRIP + 5
    for colour, words in meanings:
        draw.rectangle((left, top, left + 12, top + 12), fill=colour, outline=(120, 120, 120))
        draw.text((left + 18, top), words, fill=(0, 0, 0))
        left += 36 + int(draw.textlength(words))
    return sheet
