"""An opened land cover raster, and its pixels on a tile's grid."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product as product_of
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader

from core.errors import LandCoverError, Remedy, ReplacedFileError
from core.grid import Grid, Window
from core.imagery.equality import equals
from core.imagery.georeference import find_georeference, refuse_misplaced
from core.imagery.identity import dataset_fingerprint, is_same_file
from core.imagery.open import open_raster, read_bands
from core.imagery.validity import (
    BY_HEADER,
    UnknownPixels,
    percent,
    read_validity,
    unknown_by_file,
    unknown_by_person,
)
from core.landcover.product import Product
from core.landcover.product_registry import get_product
from core.landcover.recognise import (
    Recognition,
    codes_in_words,
    recognise,
    share_in_words,
    stray_codes,
)

_SAMPLE_SIDE = 2048
_WINDOW_SIDE = 512
_LARGEST_CODE = 65535


@dataclass(frozen=True, slots=True)
class LandCover:
    """A land cover raster.

    Parameters
    ----------
    path : str
        File or URL; band 1 holds the codes.
    product : Product
        Whose legend the codes follow.
    grid : Grid
        The raster's own grid.
    recognised_by : str
        In words: why this product was taken.
    simulated : bool
        Whether the file says of itself that it is simulated.
    fingerprint : str
        SHA-256 over product, grid and ``file_fingerprint``; kept results are named by it.  That of
        a project of an earlier version is the one that it was added with.
    file_fingerprint : str
        Of the file's content, as :mod:`core.imagery.identity` has it.
    overview_fingerprint : str
        What earlier versions took for the fingerprint: SHA-256 over product, grid and a sample of
        at most 2048 x 2048 codes.
    unknown : UnknownPixels
        What counts as unknown beside the header, and whether its nodata value counts.
    unknown_codes : tuple of (int, int)
        Codes that the product's legend lacks, and how many of ``cells_looked_at`` hold each; such
        cells are unknown.
    cells_looked_at : int
        Cells that hold some code, in a sample of at most 2048 x 2048.
    """

    path: str
    product: Product
    grid: Grid
    recognised_by: str
    simulated: bool
    fingerprint: str
    file_fingerprint: str
    overview_fingerprint: str
    unknown: UnknownPixels = BY_HEADER
    unknown_codes: tuple[tuple[int, int], ...] = ()
    cells_looked_at: int = 0

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of this file: whole sentences."""
        if not self.unknown_codes:
            return ()
        codes = dict(self.unknown_codes)
        cells, seen = sum(codes.values()), self.cells_looked_at
        share = share_in_words(cells, seen)
        return (
            f"{cells:,} of {seen:,} cells of the land cover that were looked at ({share}) hold "
            f"codes that {self.product.title} does not have ({codes_in_words(codes)}); they count "
            "as unknown.",
        )

    @property
    def title(self) -> str:
        """The product's title, saying so where it is simulated."""
        return f"{self.product.title} codes, SIMULATED" if self.simulated else self.product.title


@dataclass(frozen=True, slots=True)
class LandCoverTile:
    """Land cover on the grid of a tile.

    Parameters
    ----------
    classes : uint16 (rows, columns)
        The product's codes; meaningless where not ``valid``.
    cropland_fraction : float32 (rows, columns)
        Share of the pixel's area that is cropland, 0 to 1; NaN where not ``valid``.
    valid : bool (rows, columns)
        Where the product says anything.
    grid : Grid
    product : Product
    """

    classes: npt.NDArray[np.uint16]
    cropland_fraction: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    grid: Grid
    product: Product

    @property
    def cropland(self) -> npt.NDArray[np.bool_]:
        """Pixels at least half of which are cropland, (rows, columns)."""
        return self.valid & (np.nan_to_num(self.cropland_fraction, nan=0.0) >= 0.5)


def open_landcover(
    path: str | Path,
    *,
    product: str | None = None,
    crs: str | None = None,
    nodata: Sequence[float] | None = None,
    ask: bool = True,
) -> LandCover:
    """Open a land cover raster and find out which product it is.

    Parameters
    ----------
    product : str, optional
        Key of the product as the person states it; otherwise it is recognised.
    crs : str, optional
        CRS as the person states it, for a file that has none.
    nodata : sequence of float, optional
        Values that the person says are nodata, and no others; empty where none is.
    ask : bool
        Whether a class that the file calls nodata is a question; else it is nodata.

    Raises
    ------
    InputError
        Unreadable, without CRS, or no codes.
    LandCoverError
        Not recognised, the stated product does not have the codes in the file, or the file calls
        a class of it nodata and nobody said which holds.
    """
    with open_raster(path, what="land cover") as dataset:
        georeference = find_georeference(dataset, str(path), crs, what="land cover")
        grid = Grid(georeference.crs, georeference.transform, dataset.width, dataset.height)
        refuse_misplaced(grid, str(path), georeference.source, what="land cover")
        unknown = unknown_by_file(dataset, str(path))
        if nodata is not None:
            unknown = replace(unknown_by_person(unknown, nodata), tag=False)
        sample, overview = _sample_codes(dataset, str(path), unknown)
        tags = dataset.tags()
        recognition, counts = _recognised(dataset, str(path), unknown, sample, product)
        if nodata is None and ask:
            _refuse_class_as_nodata(dataset, str(path), recognition.product, unknown)
        content = dataset_fingerprint(dataset, str(path))
    said = " ".join([Path(path).stem, *tags.values()]).lower()
    place = repr((recognition.product.key, grid)).encode()
    more = b"" if unknown == BY_HEADER else repr(unknown).encode()
    return LandCover(
        str(path),
        recognition.product,
        grid,
        recognition.reason,
        "simulated" in said,
        hashlib.sha256(place + content.encode() + more).hexdigest(),
        content,
        hashlib.sha256(place + overview.tobytes()).hexdigest(),
        unknown,
        tuple(stray_codes(recognition.product, counts).items()),
        sum(counts.values()),
    )


def check_landcover_file(landcover: LandCover) -> None:
    """Raise where the file of a land cover is another one than when it was opened.

    Raises
    ------
    ReplacedFileError
        Its content is another; nothing must be made from it.
    """
    if not is_same_file(landcover.path, landcover.file_fingerprint):
        raise ReplacedFileError(
            f"The land cover {Path(landcover.path).name} is another file than when it was opened.",
            "Put the right file back, or start again with the new one.",
        )


def to_codes(values: npt.NDArray[np.generic], path: str) -> npt.NDArray[np.uint16]:
    """Pixel values as codes; NaN and negative values become 65535, which no legend has.

    Raises
    ------
    LandCoverError
        Values that are not whole numbers: a photograph or a probability, not classes.
    """
    if np.issubdtype(values.dtype, np.floating):
        known = np.isfinite(values)
        whole = np.where(known, values, _LARGEST_CODE)
        if not np.array_equal(whole, np.rint(whole)):
            raise LandCoverError(
                f"{Path(path).name} holds fractions, not class codes.",
                "Choose the classified land cover raster, not a probability or an image.",
            )
        # Float nodata such as -3.4e38 does not fit an integer: to a value that is no code first.
        values = np.clip(whole, -1, _LARGEST_CODE)
    if values.dtype in (np.uint8, np.uint16):
        return values.astype(np.uint16)
    numbers = values.astype(np.int64)
    numbers[(numbers < 0) | (numbers > _LARGEST_CODE)] = _LARGEST_CODE
    return numbers.astype(np.uint16)


def _recognised(
    dataset: DatasetReader,
    path: str,
    unknown: UnknownPixels,
    sample: npt.NDArray[np.uint16],
    product: str | None,
) -> tuple[Recognition, dict[int, int]]:
    """The product, and how many cells of the sample hold each code."""

    def found(counts: dict[int, int]) -> Recognition:
        if product is None:
            return recognise(path, dataset.tags(), counts)
        return Recognition(_checked_product(product, counts, path), "you chose it")

    counts = _counts(sample)
    averaged = max(dataset.shape) > _SAMPLE_SIDE and bool(dataset.overviews(1))
    try:
        recognition = found(counts)
        if not averaged or not stray_codes(recognition.product, counts):
            return recognition, counts
    except LandCoverError:
        if not averaged:
            raise
    # Overviews of codes are averages where whoever built them did not think of it.
    stored = _counts(_stored_codes(dataset, path, unknown))
    if not stored:
        return found(counts), counts
    return found(stored), stored


def _counts(codes: npt.NDArray[np.uint16]) -> dict[int, int]:
    values, cells = np.unique(codes, return_counts=True)
    return dict(zip(values.tolist(), cells.tolist(), strict=True))


def _stored_codes(
    dataset: DatasetReader, path: str, unknown: UnknownPixels
) -> npt.NDArray[np.uint16]:
    """Known codes of a few windows, as they are stored."""
    parts = []
    for row, column in product_of((1, 3, 5), repeat=2):
        window = Window(
            max(0, dataset.width * column // 6 - _WINDOW_SIDE // 2),
            max(0, dataset.height * row // 6 - _WINDOW_SIDE // 2),
            _WINDOW_SIDE,
            _WINDOW_SIDE,
        ).intersection(Window(0, 0, dataset.width, dataset.height))
        if window is not None:
            shape = (window.height, window.width)
            parts.append(read_codes(dataset, path, unknown, window=window, shape=shape).ravel())
    codes: npt.NDArray[np.uint16] = np.concatenate(parts)
    return np.asarray(codes[codes != _LARGEST_CODE])


def read_codes(
    dataset: DatasetReader,
    path: str,
    unknown: UnknownPixels,
    *,
    window: Window | None = None,
    shape: tuple[int, int],
) -> npt.NDArray[np.uint16]:
    """Codes of a window (rows, columns); 65535, which no legend has, where nothing is known.

    Raises
    ------
    LandCoverError
        As for :func:`to_codes`.
    UnreadableRasterError
        The file is damaged.
    """
    codes = to_codes(read_bands(dataset, [1], window=window, shape=shape)[0], path)
    valid = read_validity(dataset, [1], window=window, shape=shape, unknown=unknown)
    return np.where(valid, codes, np.uint16(_LARGEST_CODE))


def _sample_codes(
    dataset: DatasetReader, path: str, unknown: UnknownPixels
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Known codes of an overview: as they are, and as earlier versions took them."""
    factor = max(1.0, max(dataset.width, dataset.height) / _SAMPLE_SIDE)
    shape = (max(1, round(dataset.height / factor)), max(1, round(dataset.width / factor)))
    codes = read_codes(dataset, path, unknown, shape=shape)
    known: npt.NDArray[np.uint16] = codes[codes != _LARGEST_CODE]
    if known.size == 0:
        raise LandCoverError(
            f"The land cover {Path(path).name} holds nothing but nodata.", "Choose another file."
        )
    earlier = to_codes(read_bands(dataset, [1], shape=shape)[0], path)
    nodata = dataset.nodata
    if nodata is not None and np.isfinite(nodata) and 0 <= nodata <= _LARGEST_CODE:
        earlier = earlier[earlier != np.uint16(nodata)]
    return known, earlier[earlier != _LARGEST_CODE]


def _refuse_class_as_nodata(
    dataset: DatasetReader, path: str, product: Product, unknown: UnknownPixels
) -> None:
    """Raise where the file calls a class nodata that it holds: only the person knows which it is.

    Raises
    ------
    LandCoverError
        With both answers.
    """
    named = {float(v) for v in (dataset.nodata, *unknown.nodata) if v is not None}
    classes = {float(c.code): c.name for c in product.classes if c.code not in product.nodata}
    for value in sorted(named & classes.keys()):
        factor = max(1.0, max(dataset.width, dataset.height) / _SAMPLE_SIDE)
        shape = (max(1, round(dataset.height / factor)), max(1, round(dataset.width / factor)))
        share = float(equals(read_bands(dataset, [1], shape=shape)[0], value).mean())
        if share > 0:
            raise LandCoverError(
                f"{Path(path).name} calls {value:g} nodata, and in {product.title} {value:g} is "
                f"the class '{classes[value]}': {percent(share)} of it would be unknown.",
                "Say which holds.",
                Remedy.STATE_LANDCOVER_NODATA,
                {"value": f"{value:g}"},
            )


def _checked_product(key: str, counts: dict[int, int], path: str) -> Product:
    """The product that a person states, unless both most codes and most cells deny it."""
    product = get_product(key)
    strangers = stray_codes(product, counts)
    most_cells = sum(strangers.values()) * 2 > sum(counts.values())
    if most_cells and len(strangers) * 2 > len(counts):
        raise LandCoverError(
            f"{Path(path).name} holds codes that {product.title} does not have: "
            f"{codes_in_words(strangers)}.",
            "Say which product the file holds.",
            Remedy.NAME_PRODUCT,
        )
    return product
