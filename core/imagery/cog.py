"""A raster written again as our own Cloud Optimized GeoTIFF, window by window."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, DatasetWriter
from rasterio.shutil import copy as copy_raster

from core.errors import DiskFullError, InputError, MissingCrsError, OutputError
from core.grid import Grid, Window, transform_coordinates
from core.imagery.band_choice import read_band_names
from core.imagery.georeference import find_georeference, refuse_misplaced
from core.imagery.open import damaged, open_raster, rasterio_window, read_bands
from core.imagery.palette import colour_table, is_palette
from core.imagery.suspicion import stated_ranges
from core.imagery.validity import UnknownPixels, unknown_by_file
from core.task import ShareProgress

SHARE_OF_PLAIN = 0.55
"""Share of the work after which the plain copy is whole and the COG is made of it."""

PLAIN_NAME = "plain.tif"

_WINDOW_BYTES = 256 * 1024 * 1024
_BLOCK_BYTES = 8 * 1024 * 1024
_LEAST_FREE_BYTES = 16 * 1024 * 1024
_MOST_TAGS, _LONGEST_TAG = 64, 2000
_FULL_DISK_WORDS = ("no space left", "file too large", "write error", "disk full", "disk quota")


def copy_as_cog(
    source: Path, target: Path, *, crs: str | None, categorical: bool, progress: ShareProgress
) -> None:
    """Write ``source`` to ``target`` as a lossless COG; uses ``plain.tif`` beside it on the way.

    Parameters
    ----------
    crs : str, optional
        As the person states it, for a file that has none.
    categorical : bool
        Whether values are codes, which overviews must not average.
    progress : callable
        Gets the share that is done, up to ``SHARE_OF_PLAIN``; the rest is one call of GDAL's.

    Raises
    ------
    InputError
        The source cannot be used.
    DiskFullError, OutputError
        The copy cannot be written whole.
    """
    plain = target.with_name(PLAIN_NAME)
    what = "raster" if categorical else "scene"
    with open_raster(source, what=what) as dataset:
        reference = find_georeference(dataset, str(source), crs, what=what)
        grid = Grid(reference.crs, reference.transform, dataset.width, dataset.height)
        refuse_misplaced(grid, str(source), reference.source, what=what)
        codes = categorical or is_palette(dataset)
        block = _block_side(dataset)
        _write_plain(dataset, plain, grid, block, progress)
        predictor = _predictor(dataset, codes)
    with _writing(target):
        copy_raster(
            plain,
            target,
            driver="COG",
            compress="deflate",
            predictor=predictor,
            overview_resampling="nearest" if codes else "average",
            blocksize=block,
            bigtiff="if_safer",
            num_threads=min(4, os.cpu_count() or 1),
        )
    _verify(target, grid, source.name)
    plain.unlink()


def _write_plain(
    dataset: DatasetReader, path: Path, grid: Grid, block: int, progress: ShareProgress
) -> None:
    unknown = unknown_by_file(dataset, dataset.name)
    profile = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": dataset.count,
        "dtype": np.result_type(*dataset.dtypes).name,
        "crs": grid.crs.to_wkt(),
        "transform": grid.transform,
        "nodata": _fitting_nodata(dataset, unknown),
        "tiled": True,
        "blockxsize": block,
        "blockysize": block,
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "if_safer",
        **_photometric(dataset),
    }
    with (
        _writing(path),
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", **profile) as out,  # noqa: TID251  (writes)
    ):
        _describe(dataset, out, alpha=unknown.alpha)
        _copy_pixels(dataset, out, block, progress)


def _copy_pixels(
    dataset: DatasetReader, out: DatasetWriter, block: int, progress: ShareProgress
) -> None:
    bands = list(range(1, dataset.count + 1))
    masked = _has_mask(dataset)
    windows = list(_windows(dataset, block))
    for done, window in enumerate(windows, start=1):
        out.write(read_bands(dataset, bands, window=window), window=rasterio_window(window))
        if masked:
            out.write_mask(_mask(dataset, window), window=rasterio_window(window))
        progress(SHARE_OF_PLAIN * done / len(windows))


def _windows(dataset: DatasetReader, block: int) -> Iterator[Window]:
    """Whole rows of blocks, because many files can only be read from top to bottom.

    Narrower ones where a row is too large for the memory.
    """
    row_bytes = block * block * dataset.count * _item_bytes(dataset)
    across = max(1, _WINDOW_BYTES // row_bytes) * block
    extent = Window(0, 0, dataset.width, dataset.height)
    for row in range(0, dataset.height, block):
        for column in range(0, dataset.width, across):
            yield Window(column, row, across, block).intersection(extent) or extent


def _block_side(dataset: DatasetReader) -> int:
    """512, or less where the many bands of a pixel would make blocks too large."""
    side = 512
    while side > 64 and side * side * dataset.count * _item_bytes(dataset) > _BLOCK_BYTES:
        side //= 2
    return side


def _item_bytes(dataset: DatasetReader) -> int:
    return int(np.result_type(*dataset.dtypes).itemsize)


def _predictor(dataset: DatasetReader, codes: bool) -> int:
    """GDAL's number: 1 none, 2 differences of neighbours, 3 the same for floats."""
    dtype = np.result_type(*dataset.dtypes)
    if np.issubdtype(dtype, np.floating):
        return 3
    return 1 if codes else 2


def _fitting_nodata(dataset: DatasetReader, unknown: UnknownPixels) -> float | None:
    """The nodata value, None where the dtype cannot hold it: it hides no pixel then.

    Where the file has none it is that of its auxiliary XML, which the copy will not have.
    """
    nodata = next(iter(unknown.nodata), None) if dataset.nodata is None else dataset.nodata
    dtype = np.result_type(*dataset.dtypes)
    if nodata is None or np.issubdtype(dtype, np.floating):
        return None if nodata is None else float(nodata)
    range_ = np.iinfo(dtype)
    whole = np.isfinite(nodata) and float(nodata).is_integer()
    return float(nodata) if whole and range_.min <= nodata <= range_.max else None


def _photometric(dataset: DatasetReader) -> dict[str, str]:
    meanings = list(dataset.colorinterp)
    if is_palette(dataset):
        return {"photometric": "palette"}
    if meanings[:3] == [ColorInterp.red, ColorInterp.green, ColorInterp.blue]:
        return {"photometric": "rgb"}
    return {"photometric": "minisblack"}


def _describe(dataset: DatasetReader, out: DatasetWriter, *, alpha: bool) -> None:
    if is_palette(dataset):
        out.write_colormap(1, colour_table(dataset))
    else:
        # A band that is tagged alpha and is none would weigh the pixels of the overviews.
        out.colorinterp = [
            ColorInterp.undefined if meaning == ColorInterp.alpha and not alpha else meaning
            for meaning in dataset.colorinterp
        ]
    out.descriptions = [None if text is None else text[:_LONGEST_TAG] for text in _texts(dataset)]
    out.scales, out.offsets = dataset.scales, dataset.offsets
    # Where the upper left corner lies is settled by now, whatever the file counted from.
    tags = {k: v for k, v in dataset.tags().items() if k != "AREA_OR_POINT"}
    short = [(k, v) for k, v in tags.items() if len(k) + len(v) <= _LONGEST_TAG]
    out.update_tags(**dict(short[:_MOST_TAGS]))
    # They are evidence of nodata, and the copy will have no auxiliary XML.
    for band, (low, high) in stated_ranges(dataset).items():
        if band <= out.count:
            out.update_tags(band, STATISTICS_MINIMUM=low, STATISTICS_MAXIMUM=high)


def _texts(dataset: DatasetReader) -> tuple[str | None, ...]:
    """Descriptions of the bands; where there are none, the names that their tags give them."""
    descriptions: tuple[str | None, ...] = dataset.descriptions
    if any(descriptions):
        return descriptions
    names = read_band_names(dataset)
    return tuple(name or None for name in names) if names else descriptions


def _has_mask(dataset: DatasetReader) -> bool:
    """Whether a mask of its own says what is valid, not nodata or an alpha band."""
    flags = dataset.mask_flag_enums[0]
    return MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags


def _mask(dataset: DatasetReader, window: Window) -> npt.NDArray[np.uint8]:
    try:
        mask: npt.NDArray[np.uint8] = dataset.read_masks(1, window=rasterio_window(window))
    except RasterioError as error:
        raise damaged(dataset.name, "raster") from error
    return mask


def _verify(path: Path, grid: Grid, name: str) -> None:
    """Read the copy's last block and its place: GDAL may tell of failures only in its log."""
    last = Window(grid.width - 1, grid.height - 1, 1, 1)
    with (
        _writing(path, unreadable_is_full=True),
        rasterio.open(path, driver="GTiff") as dataset,  # noqa: TID251  (our own)
    ):
        for window in (Window(0, 0, 1, 1), last):
            dataset.read(window=rasterio_window(window))
        reference = find_georeference(dataset, str(path), None)
    written = Grid(reference.crs, reference.transform, grid.width, grid.height)
    if not _same_place(grid, written):
        raise MissingCrsError(
            f"The CRS of {name}, {grid.crs.name}, cannot be kept in a GeoTIFF.",
            "Warp the raster to an EPSG CRS first, for example with gdalwarp -t_srs.",
        )


def _same_place(grid: Grid, written: Grid) -> bool:
    """Whether the corners are where they were, to a tenth of a pixel."""
    back = transform_coordinates(written.corners, written.crs, grid.crs)
    pixels = grid.worlds_to_pixel(back)
    there = grid.worlds_to_pixel(grid.corners)
    apart = np.hypot(pixels.column - there.column, pixels.row - there.row)
    known = np.isfinite(apart)
    return bool((apart[known] < 0.1).all())


@contextmanager
def _writing(path: Path, *, unreadable_is_full: bool = False) -> Iterator[None]:
    """Failures of writing as errors of ours; those of reading the source pass as they are."""
    try:
        yield
    except InputError:
        raise
    except (RasterioError, CPLE_BaseError, OSError) as error:
        if unreadable_is_full or _disk_is_full(path, error):
            raise DiskFullError(f"The disk is full: {path.name} could not be written.") from error
        raise OutputError(f"{path.name} could not be written.") from error


def _disk_is_full(path: Path, error: BaseException) -> bool:
    """Whether space was lacking: the words of GDAL's last error may be about what came of it."""
    words = " ".join(str(e).lower() for e in (error, error.__cause__, error.__context__) if e)
    if any(sign in words for sign in _FULL_DISK_WORDS):
        return True
    if shutil.disk_usage(path.parent).free < _LEAST_FREE_BYTES:
        return True
    most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max((file.stat().st_size for file in path.parent.glob("*.tif*")), default=0)
    return most != resource.RLIM_INFINITY and largest + _LEAST_FREE_BYTES > most
