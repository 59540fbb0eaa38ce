"""Odd files: what holds the colours, which bands they are, and what says that a part is unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp

from tests.imagery.odd_files import COLUMNS, ROWS, Change, OddFile, with_profile

HOLE = np.zeros((ROWS, COLUMNS), dtype=np.bool_)
HOLE[:12, :30] = True

_generator = np.random.default_rng(11)
PHOTO = _generator.integers(8, 250, (3, ROWS, COLUMNS))
REFLECTANCE = _generator.integers(1_100, 6_000, (3, ROWS, COLUMNS))
INFRARED = _generator.integers(20, 240, (ROWS, COLUMNS))

_UNDEFINED = ColorInterp.undefined
_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


# What holds the colours.  A name, the values as they are meant, and how they are stored.


def _stored(meant: np.ndarray, dtype: str, factor: float = 1, more: float = 0) -> OddFile:
    values = meant * factor + more
    kept = values if dtype.startswith("float") else np.rint(values)
    return OddFile(meant, kept.astype(dtype), np.ones((ROWS, COLUMNS), dtype=np.bool_))


def _scaled(dtype: str, factor: float, more: float, scale: float, offset: float) -> OddFile:
    made = _stored(REFLECTANCE, dtype, factor, more)

    def tag(out: rasterio.io.DatasetWriter) -> None:
        out.scales, out.offsets = (scale,) * out.count, (offset,) * out.count

    made.inside.append(tag)
    return made


PICTURES: dict[str, Callable[[], OddFile]] = {
    "bytes": lambda: _stored(PHOTO, "uint8"),
    "bytes in 16 bits": lambda: _stored(PHOTO, "uint16"),
    "bytes times 257": lambda: _stored(PHOTO, "uint16", 257),
    "bytes times 256": lambda: _stored(PHOTO, "uint16", 256),
    "bytes in signed 16 bits": lambda: _stored(PHOTO, "int16"),
    "bytes in 32 bits": lambda: _stored(PHOTO, "int32"),
    "bytes in floats": lambda: _stored(PHOTO, "float32"),
    "bytes in doubles": lambda: _stored(PHOTO, "float64"),
    "bytes as 0 to 1": lambda: _stored(PHOTO, "float32", 1 / 255),
    "reflectance": lambda: _stored(REFLECTANCE, "uint16"),
    "signed reflectance": lambda: _stored(REFLECTANCE, "int16"),
    "long reflectance": lambda: _stored(REFLECTANCE, "uint32"),
    "reflectance 0 to 1": lambda: _stored(REFLECTANCE, "float32", 1e-4),
    "scale": lambda: _scaled("uint16", 1, 0, 1e-4, 0),
    "baseline 04.00": lambda: _scaled("uint16", 1, 1_000, 1e-4, -0.1),
    "negative stored values": lambda: _scaled("int16", 1, -9_000, 1e-4, 0.9),
}


def _codes(values: tuple[int, ...], dtype: str) -> OddFile:
    made = _stored(_generator.choice(values, (1, ROWS, COLUMNS)), dtype)
    made.profile["photometric"] = "MINISBLACK"
    return made


CODES: dict[str, Callable[[], OddFile]] = {
    f"{kind} in {dtype}": lambda values=values, dtype=dtype: _codes(values, dtype)
    for kind, values in (("land cover", (10, 30, 40, 50)), ("mask", (1, 2)))
    for dtype in ("uint8", "uint16", "int16", "int32", "float32")
}
"""Codes of ESA WorldCover, and masks of which 1 is cropland."""


# Which bands they are.


def _arranged(
    order: str,
    names: tuple[str, ...] = (),
    meanings: tuple[ColorInterp, ...] = (),
    tags: dict[str, str] | None = None,
) -> Change:
    def change(made: OddFile) -> None:
        low, high = float(made.bands.min()), float(made.bands.max())
        infrared = (low + (high - low) * INFRARED / 255).astype(made.dtype)
        there = {"r": made.bands[0], "g": made.bands[1], "b": made.bands[2], "n": infrared}
        made.bands = np.stack([there[letter] for letter in order])
        made.shows = (order.index("r"), order.index("g"), order.index("b"))

        def tag(out: rasterio.io.DatasetWriter) -> None:
            if names:
                for number, name in enumerate(names, start=1):
                    out.set_band_description(number, name)
            if tags:
                out.update_tags(**tags)
            if meanings:
                out.colorinterp = [*meanings, *out.colorinterp[len(meanings) :]]

        made.inside.append(tag)
        if not meanings:
            made.profile["photometric"] = "MINISBLACK"

    return change


def _grey(made: OddFile) -> None:
    made.bands, made.shows = made.bands[:1], (0, 0, 0)
    made.meant = np.repeat(made.meant[:1], 3, axis=0)


def _white_is_zero(made: OddFile) -> None:
    _grey(made)
    if made.dtype == np.uint8:
        made.bands = 255 - made.bands
        made.profile["photometric"] = "MINISWHITE"


def _palette(made: OddFile) -> None:
    _grey(made)
    if made.dtype == np.uint8:
        made.profile["photometric"] = "PALETTE"
        table = {255 - code: (code, code, code, 255) for code in range(256)}
        made.bands = 255 - made.bands
        made.inside.append(lambda out: out.write_colormap(1, table))


def _unnamed_four(made: OddFile) -> None:
    """Four bands of which nothing says what they are."""
    _arranged("bgrn")(made)
    made.may_say = made.guessed = True


BANDS: dict[str, Change] = {
    "plain": _arranged("rgb", meanings=_RGB),
    "no colours said": _arranged("rgb"),
    "words": _arranged("bgr", ("blue", "green", "red")),
    "words of another language": _arranged("nbgr", ("infrarouge nir", "bleu", "vert", "rouge")),
    "satellite numbers": _arranged("bgrn", ("B2", "B3", "B4", "B8")),
    "numbers, red first": _arranged("rgbn", ("B04", "B03", "B02", "B08")),
    "wavelengths": _arranged("bgr", ("490 nm", "560 nm", "665 nm")),
    "list in a tag": _arranged("bgr", tags={"bands": "blue, green, red"}),
    "marked": _arranged("bgr", meanings=_RGB[::-1]),
    "marked after infrared": _arranged("nrgb", meanings=(_UNDEFINED, *_RGB)),
    "names against marks": _arranged("bgr", ("B2", "B3", "B4"), _RGB),
    "counted, no names": _arranged("rgb", ("Band 1", "Band 2", "Band 3")),
    "grey": _grey,
    "white is zero": _white_is_zero,
    "palette": _palette,
    "four without a word": _unnamed_four,
}


def _colour_table(made: OddFile) -> None:
    if made.dtype == np.uint8:
        made.profile["photometric"] = "PALETTE"
        made.inside.append(lambda out: out.write_colormap(1, {10: (9, 8, 7, 255)}))


CODE_BANDS: dict[str, Change] = {
    "plain": lambda made: None,
    "colour table": _colour_table,
    # Of codes nobody asks how bright they are.
    "white is zero": with_profile(photometric="MINISWHITE"),
}


# What says that a part is unknown.


def _emptied(made: OddFile, value: float, hole: np.ndarray = HOLE) -> None:
    made.bands = np.where(hole, value, made.bands).astype(made.dtype)
    made.valid = made.valid & ~hole


def _free_value(made: OddFile) -> float:
    """A value that no pixel has and the type holds; as an integer where it holds those."""
    return -9999.0 if made.dtype.kind in "if" else 3.0


def _tag(made: OddFile) -> None:
    _emptied(made, _free_value(made))
    made.profile["nodata"] = _free_value(made)


def _tag_of_black(made: OddFile) -> None:
    _emptied(made, 0)
    made.profile["nodata"] = 0


def _tag_that_no_pixel_has(made: OddFile) -> None:
    made.profile["nodata"] = _free_value(made)


def _tag_beyond_the_type(made: OddFile) -> None:
    """Written by software that does not care: ``-99`` or ``nan`` for bytes."""
    if made.dtype != np.uint8:
        return
    made.profile["nodata"] = 251

    def patch(path: Path) -> None:
        body = path.read_bytes()
        assert body.count(b"251\x00") == 1
        path.write_bytes(body.replace(b"251\x00", b"-99\x00"))

    made.after.append(patch)


def _mask(made: OddFile) -> None:
    made.valid = made.valid & ~HOLE
    made.inside.append(lambda out: out.write_mask(~HOLE))
    made.environment["GDAL_TIFF_INTERNAL_MASK"] = True


def _mask_beside(made: OddFile) -> None:
    _mask(made)
    made.environment["GDAL_TIFF_INTERNAL_MASK"] = False


def _tag_and_mask(made: OddFile) -> None:
    right = HOLE & (np.arange(COLUMNS) > 10)
    _emptied(made, _free_value(made), right)
    made.profile["nodata"] = _free_value(made)
    left = HOLE & ~right
    made.valid = made.valid & ~left
    made.inside.append(lambda out: out.write_mask(~left))
    made.environment["GDAL_TIFF_INTERNAL_MASK"] = True


def _with_alpha(made: OddFile, there: np.ndarray) -> None:
    if made.profile.get("photometric") in ("PALETTE", "MINISWHITE"):
        return
    full = 1 if made.is_float else np.iinfo(made.dtype).max
    alpha = np.where(there, full, 0).astype(made.dtype)
    made.bands = np.concatenate([made.bands, alpha[None]])
    made.valid = made.valid & there
    made.inside.append(_call_last_alpha)
    # Four bands, three of which have neither name nor mark: the app says which it takes.
    made.may_say = True


def _call_last_alpha(out: rasterio.io.DatasetWriter) -> None:
    out.colorinterp = [*out.colorinterp[:-1], ColorInterp.alpha]


def _alpha(made: OddFile) -> None:
    _with_alpha(made, ~HOLE)


def _opaque(made: OddFile) -> None:
    _with_alpha(made, np.ones_like(HOLE))


def _tag_and_alpha(made: OddFile) -> None:
    _tag(made)
    _with_alpha(made, np.arange(COLUMNS)[None] + np.zeros((ROWS, 1)) < 50)


def _nan(made: OddFile) -> None:
    if made.is_float:
        _emptied(made, np.nan)


def _beside(made: OddFile) -> None:
    value = _free_value(made)
    _emptied(made, value)
    made.texts["nodata"] = value


def _untagged(made: OddFile) -> None:
    if made.dtype.kind in "if":
        _emptied(made, -9999)
        made.must_say = True


def _collar(made: OddFile) -> None:
    if made.profile.get("photometric") in ("PALETTE", "MINISWHITE"):
        return
    _emptied(made, 0)
    made.must_say = True


def _nothing_but_alpha(made: OddFile) -> None:
    if made.profile.get("photometric") not in ("PALETTE", "MINISWHITE"):
        _with_alpha(made, np.zeros_like(HOLE))
        made.refused = True


UNKNOWN: dict[str, Change] = {
    "all known": lambda made: None,
    "tag": _tag,
    "tag of black": _tag_of_black,
    "tag that no pixel has": _tag_that_no_pixel_has,
    "tag beyond the type": _tag_beyond_the_type,
    "mask": _mask,
    "mask beside": _mask_beside,
    "tag and mask": _tag_and_mask,
    "alpha": _alpha,
    "opaque": _opaque,
    "tag and alpha": _tag_and_alpha,
    "not a number": _nan,
    "auxiliary file": _beside,
    "no word, no colour": _untagged,
    "no word, black": _collar,
    "transparent all over": _nothing_but_alpha,
}
