"""What is known of a raster and what is not: the one place that says so, for every kind of raster.

A pixel is unknown by the file's nodata value, internal mask or alpha band; by the nodata value in
its auxiliary XML; by a value that a person states; and by what looks like one of these and has no
tag (:mod:`core.imagery.suspicion`).  Unknown is never cropland, and never 'not cropland'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import DatasetReader

from core.errors import InputError
from core.grid import Window
from core.imagery.collar import Collar
from core.imagery.equality import HUGE, equals
from core.imagery.open import colour_meanings, damaged, rasterio_window, read_bands
from core.imagery.sidecar import read_sidecar

Flags = npt.NDArray[np.bool_]

PERSON, SIDECAR = "person", "sidecar"

_SIDE, _ALONG = 256, 3
_FEATHER = 0.02
"""Share of an alpha band that may lie between its two ends: the soft edges of a mosaic."""


@dataclass(frozen=True, slots=True)
class UnknownPixels:
    """What of a raster counts as unknown beside what its header says.

    Parameters
    ----------
    nodata : tuple of float
        Values that are unknown wherever they stand, by somebody who knows.
    said_by : str
        ``person`` or ``sidecar``; empty where nobody said anything.
    suspected : tuple of (float, float)
        Values that look like nodata and have no tag, each with its share of the pixels.
    collars : tuple of Collar
        Plain regions at the edge.
    alpha : bool
        Whether a band that is tagged as alpha is one.
    tag : bool
        Whether the nodata value in the header counts.
    counts : bool
        Whether what is suspected counts as unknown; False where a person says it is image.
    """

    nodata: tuple[float, ...] = ()
    said_by: str = ""
    suspected: tuple[tuple[float, float], ...] = ()
    collars: tuple[Collar, ...] = ()
    alpha: bool = True
    tag: bool = True
    counts: bool = True

    @property
    def values(self) -> tuple[float, ...]:
        """All values that are unknown wherever they stand."""
        suspected = self.suspected if self.counts else ()
        return (*self.nodata, *(value for value, _ in suspected))

    @property
    def hiding_collars(self) -> tuple[Collar, ...]:
        """The collars that count as unknown."""
        return self.collars if self.counts else ()

    @property
    def is_suspicion(self) -> bool:
        """Whether something looks unknown of which no file says so."""
        return bool(self.suspected or self.collars)

    def answered(self, *, unknown: bool) -> UnknownPixels:
        """What counts once a person says whether that which looks unknown is so."""
        return replace(self, said_by=PERSON, counts=unknown)

    def hides(
        self,
        values: npt.NDArray[np.generic],
        size: tuple[int, int],
        window: Window | None,
    ) -> Flags:
        """Which pixels of a window are unknown by their value or as collar: (rows, columns).

        Parameters
        ----------
        values : array (bands, rows, columns)
            Of the window, not averaged.
        size : (rows, columns)
            Of the whole raster.
        window : Window, optional
            In native pixels; the whole raster without.
        """
        shape = values.shape[1:]
        hidden = np.zeros(shape, dtype=np.bool_)
        for value in self.values:
            hidden |= stands_for_nothing(values, value)
        for collar in self.hiding_collars:
            plain = collar.plain(values)
            if plain.any():
                whole = window or Window(0, 0, size[1], size[0])
                hidden |= plain & collar.covers(size, whole, (shape[0], shape[1]))
        return hidden

    def sentences(self, what: str = "image") -> tuple[str, ...]:
        """What a person should know of it, a sentence each; empty where a file says it all."""
        end = "it counts as unknown" if self.counts else "it counts as image, as you said"
        told = [
            f"{percent(collar.share)} of the {what} is plain {collar.colour} and touches its edge, "
            f"as what is outside of an image does; {end}."
            for collar in self.collars
        ]
        told += [
            f"{percent(share)} of the {what} holds {value:g}, which looks like nodata without a "
            f"tag; {end}."
            for value, share in self.suspected
        ]
        if not self.alpha:
            told.append(
                f"The {what} has a band that is tagged as transparency and holds other values than "
                "its two ends; it hides nothing."
            )
        return tuple(told)

    def to_json(self) -> dict[str, Any]:
        """As plain values, to store with a scene or a run."""
        return {
            "nodata": list(self.nodata),
            "said_by": self.said_by,
            "suspected": [list(pair) for pair in self.suspected],
            "collars": [collar.to_json() for collar in self.collars],
            "alpha": self.alpha,
            "tag": self.tag,
            "counts": self.counts,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> UnknownPixels:
        """The inverse of :meth:`to_json`; InputError where a collar's map is damaged."""
        return cls(
            tuple(data["nodata"]),
            data["said_by"],
            tuple((value, share) for value, share in data["suspected"]),
            tuple(Collar.from_json(one) for one in data["collars"]),
            data["alpha"],
            data["tag"],
            data["counts"],
        )


BY_HEADER = UnknownPixels()
"""Nothing beside what the header says."""


def unknown_by_file(dataset: DatasetReader, path: str) -> UnknownPixels:
    """What a raster's own band tagged alpha and its auxiliary XML say.

    Raises
    ------
    UnreadableRasterError
        The file or its auxiliary XML cannot be read.
    """
    sidecar = read_sidecar(path)
    nodata = () if sidecar is None else sidecar.nodata
    return UnknownPixels(nodata, SIDECAR if nodata else "", alpha=_alpha_is_one(dataset))


def parse_nodata(text: str) -> tuple[float, ...]:
    """A nodata value as a person writes it: ``0``, ``-9999``, ``nan``; no value for ``none``.

    Raises
    ------
    InputError
        It is something else.
    """
    if text.strip().lower() == "none":
        return ()
    try:
        return (float(text.strip().replace(",", ".").replace("\N{MINUS SIGN}", "-")),)
    except ValueError as error:
        raise InputError(
            f"'{text.strip()[:40]}' is no nodata value.",
            "Write a number, such as 0 or -9999, or the word none.",
        ) from error


def unknown_by_person(found: UnknownPixels, stated: Sequence[float]) -> UnknownPixels:
    """What counts where a person states the nodata values, or by none that there are none.

    The header's own tag, mask and alpha band count as well.
    """
    values = tuple(value for value in stated if not math.isnan(value))
    return replace(found, nodata=values, said_by=PERSON, suspected=(), collars=())


def read_validity(
    dataset: DatasetReader,
    indexes: Sequence[int],
    *,
    window: Window | None = None,
    shape: tuple[int, int] | None = None,
    unknown: UnknownPixels = BY_HEADER,
) -> Flags:
    """Where some bands are valid by nodata value, alpha band and internal mask: (rows, columns).

    A pixel is valid where any of the bands holds something (black in one band of three may equal
    the nodata value), and neither the alpha band nor the mask denies it.

    Parameters
    ----------
    unknown : UnknownPixels
        What counts beside the header.

    Raises
    ------
    UnreadableRasterError
        The file is truncated or damaged.
    """
    # GDAL takes one of the three: an internal mask hides nodata, and nodata hides alpha.
    flags = dataset.mask_flag_enums[indexes[0] - 1]
    alpha = _alpha_band(dataset) if unknown.alpha else None
    by_alpha, by_tag = MaskFlags.alpha in flags, MaskFlags.nodata in flags
    values = None
    if (by_alpha and alpha is None) or (by_tag and not unknown.tag):
        values = read_bands(dataset, indexes, window=window, shape=shape)
        valid = np.ones(values.shape[1:], dtype=np.bool_)
    else:
        valid = np.asarray((_masks(dataset, indexes, window, shape) > 0).any(axis=0))
    if alpha is not None and not by_alpha:
        valid &= read_bands(dataset, [alpha], window=window, shape=shape)[0] > 0
    tagged = dataset.nodata is not None and unknown.tag and not by_tag
    if tagged or unknown.values or unknown.hiding_collars:
        if values is None:
            values = read_bands(dataset, indexes, window=window, shape=shape)
        if tagged:
            valid &= (values != dataset.nodata).any(axis=0)
        valid &= ~unknown.hides(values, (dataset.height, dataset.width), window)
    return valid


def sample_windows(dataset: DatasetReader, along: int = _ALONG, side: int = _SIDE) -> list[Window]:
    """Windows of native pixels spread over a raster, ``along`` by ``along`` of them at most."""

    def starts(length: int) -> list[int]:
        last = max(0, length - side)
        return sorted({last * number // (along - 1) for number in range(along)})

    return [
        Window(column, row, min(side, dataset.width - column), min(side, dataset.height - row))
        for row in starts(dataset.height)
        for column in starts(dataset.width)
    ]


def stands_for_nothing(values: npt.NDArray[np.generic], value: float) -> Flags:
    """Where a value says that a pixel is unknown.

    In one band where it is no colour; in all bands where it may be one, such as black.
    """
    found = equals(values, value)
    no_colour = value < 0 or abs(value) >= HUGE
    return np.asarray(found.any(axis=0) if no_colour else found.all(axis=0))


def percent(share: float) -> str:
    """A share in words: ``38 %``."""
    if 0 < share < 0.005:
        return "less than 1 %"
    # Not all is not 100 %.
    return f"{min(share, 0.99) if share < 1 else share:.0%}".replace("%", " %")


def _alpha_band(dataset: DatasetReader) -> int | None:
    meanings = colour_meanings(dataset)
    return meanings.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in meanings else None


def _alpha_is_one(dataset: DatasetReader) -> bool:
    """Whether the band tagged alpha holds nothing but its two ends, soft edges aside.

    Software writes near infrared as a fourth band, and tags it as alpha by default.
    """
    band = _alpha_band(dataset)
    if band is None:
        return True
    parts = [read_bands(dataset, [band], window=w).ravel() for w in sample_windows(dataset)]
    values = np.concatenate(parts)
    between = (values > 0) & (values < values.max())
    return bool(between.mean() <= _FEATHER)


def _masks(
    dataset: DatasetReader,
    indexes: Sequence[int],
    window: Window | None,
    shape: tuple[int, int] | None,
) -> npt.NDArray[np.uint8]:
    try:
        masks: npt.NDArray[np.uint8] = dataset.read_masks(
            list(indexes),
            window=rasterio_window(window),
            out_shape=None if shape is None else (len(indexes), *shape),
            resampling=Resampling.nearest,
        )
    except (RasterioIOError, RasterioError, UnicodeDecodeError) as error:
        raise damaged(dataset.name, "raster") from error
    return masks
