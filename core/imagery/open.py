"""The one place that opens rasters for reading.

Every failure is an :class:`~core.errors.InputError` with one sentence.  The format is told from the
file's first bytes and only a short list is allowed; URLs only where the operator says so; and the
header is checked before the first pixel is read: a file of a few hundred kilobytes can claim 10^12
pixels.  Formats that read other files or the network (VRT, WMS) are switched off in
``core/__init__.py`` as well, because sidecars bypass the choice of driver.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import (
    CRSError,
    NodataShadowWarning,
    NotGeoreferencedWarning,
    RasterioError,
    RasterioIOError,
)
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterioWindow

from core.errors import AccessError, InputError, RasterTooLargeError, UnreadableRasterError
from core.grid import Window
from core.held_files import is_held
from core.outside import check_regular
from core.settings import get_settings

_SIGNATURES = (
    (b"II*\x00", "GTiff"),
    (b"MM\x00*", "GTiff"),
    (b"II+\x00", "GTiff"),
    (b"MM\x00+", "GTiff"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JP2OpenJPEG"),
)
"""First bytes of the formats that are opened, and GDAL's driver for each.

Sources: TIFF 6.0 and BigTIFF, PNG (ISO 15948), JPEG (ITU-T T.81), JPEG 2000 (ITU-T T.800).
"""

_CLAIM_PIXELS = 50_000_000
_CLAIM_PIXELS_PER_BYTE = 500_000
"""A larger raster of fewer bytes than this holds next to nothing: a block that was never written
still takes 8 bytes of its file's index, and no lossless compression does better than a thousandth
of a byte a pixel on an image."""

_URL_SCHEMES = ("https", "s3")
_ALL_SUFFIXES = "GeoTIFF, COG, PNG, JPEG or JPEG 2000"

logging.getLogger("rasterio._env").setLevel(logging.CRITICAL)
# Missing georeference is told as an error of ours, with a hint, not as a warning.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)
# Nodata hides the alpha band only in GDAL's own mask; ``core.imagery.validity`` counts both.
warnings.filterwarnings("ignore", category=NodataShadowWarning)


def is_raster(path: Path) -> bool:
    """Whether a file starts as one of the formats does that are opened here."""
    if is_held(path):
        return False
    with path.open("rb") as file:
        start = file.read(16)
    return any(start.startswith(signature) for signature, _ in _SIGNATURES)


@contextmanager
def open_raster(path: str | Path, *, what: str = "scene") -> Iterator[DatasetReader]:
    """Open a raster that a person named, read-only.

    Parameters
    ----------
    path : str or Path
        A local file, or an ``https``/``s3`` URL where ``Settings.allow_urls`` is set.
    what : str
        What the file is to the person ("scene", "land cover"), for the messages.

    Raises
    ------
    AccessError
        A URL that is not allowed, or a path that only GDAL would understand.
    UnreadableRasterError
        Missing, empty, not a raster, damaged, or of a format that is not allowed.
    RasterTooLargeError
        The header claims more than the limits allow.
    """
    dataset = open_dataset(path, what=what)
    try:
        with dataset:
            yield dataset
    except (RasterioError, CRSError, UnicodeDecodeError) as error:
        raise damaged(str(path), what) from error
    finally:
        dataset.close()


def open_dataset(path: str | Path, *, what: str = "scene") -> DatasetReader:
    """Open a raster as :func:`open_raster` does, for a caller that keeps it open and closes it.

    Errors as there.
    """
    target = _checked_target(str(path), what)
    driver = _driver(target, what)
    try:
        dataset = rasterio.open(target, driver=driver)  # noqa: TID251  (this is the place)
    except (RasterioError, UnicodeDecodeError, ValueError) as error:
        raise damaged(str(path), what) from error
    try:
        _check_header(dataset, str(path), what)
    except (RasterioError, CRSError, UnicodeDecodeError) as error:
        dataset.close()
        raise damaged(str(path), what) from error
    except InputError:
        dataset.close()
        raise
    return dataset


def read_bands(
    dataset: DatasetReader,
    indexes: Sequence[int],
    *,
    window: Window | None = None,
    shape: tuple[int, int] | None = None,
    resampling: Resampling = Resampling.nearest,
) -> npt.NDArray[np.generic]:
    """Pixels of some bands: (bands, rows, columns) in the file's dtype.

    ``shape`` (rows, columns) smaller than the window reads through overviews.

    Raises
    ------
    UnreadableRasterError
        The file is truncated or damaged.
    """
    out_shape = None if shape is None else (len(indexes), *shape)
    try:
        values: npt.NDArray[np.generic] = dataset.read(
            list(indexes),
            window=rasterio_window(window),
            out_shape=out_shape,
            resampling=resampling,
        )
    except (RasterioIOError, RasterioError, UnicodeDecodeError) as error:
        raise damaged(dataset.name, "raster") from error
    return values


def colour_meanings(dataset: DatasetReader) -> tuple[ColorInterp, ...]:
    """What each band's tag says it shows.

    Raises
    ------
    UnreadableRasterError
        The file is damaged: GDAL reads the tags of some bands late.
    """
    try:
        return tuple(dataset.colorinterp)
    except (RasterioError, CPLE_BaseError) as error:
        raise damaged(dataset.name, "raster") from error


def band_tags(
    dataset: DatasetReader, band: int = 0, namespace: str | None = None
) -> dict[str, str]:
    """Tags of a band, or of the file (0), by their names in small letters; none that is no text."""
    try:
        found = dataset.tags(band, ns=namespace)
    except UnicodeDecodeError:
        return {}
    return {str(key).lower(): str(value) for key, value in found.items()}


def rasterio_window(window: Window | None) -> RasterioWindow | None:
    """The same window as rasterio wants it."""
    if window is None:
        return None
    return RasterioWindow(window.column, window.row, window.width, window.height)


def damaged(path: str, what: str) -> UnreadableRasterError:
    """The error for a file that starts like a raster and cannot be read on."""
    if "://" in path:
        return UnreadableRasterError(
            f"The {what} {path} cannot be read over the network.",
            "Check the URL in a browser, or download the file and name its path.",
        )
    return UnreadableRasterError(
        f"The {what} {Path(path).name} is damaged or cut short: it cannot be read.",
        "Copy or download the file again; a copy that was interrupted looks like this.",
    )


def _checked_target(path: str, what: str) -> str:
    scheme = urlsplit(path).scheme if "://" in path else ""
    if scheme:
        return _checked_url(path, scheme, what)
    local = Path(path)
    try:
        there = local.exists()
    except OSError as error:  # too long for a path, or inside a folder that is closed to us
        raise UnreadableRasterError(
            f"The {what} cannot be taken from {path[:80]} ({(error.strerror or '').lower()}).",
            "Check the path, and that you may read its folder.",
        ) from error
    if not there:
        if path.startswith("/vsi") or ":" in path:
            raise AccessError(
                f"The {what} {path} is not the path of a file.",
                f"Name a {_ALL_SUFFIXES} file on this machine.",
            )
        raise UnreadableRasterError(
            f"There is no file {path} to take the {what} from.",
            "Check the path for a typing error.",
        )
    if local.is_dir():
        raise UnreadableRasterError(
            f"The {what} {path} is a folder.", "Name one raster file inside it."
        )
    check_regular(local, f"The {what} {path}", UnreadableRasterError)
    if local.stat().st_size == 0:
        raise UnreadableRasterError(
            f"The {what} {local.name} is empty (0 bytes).", "Copy or download the file again."
        )
    # An absolute path can never be read as one of GDAL's connection strings.
    return str(local.absolute())


def _checked_url(path: str, scheme: str, what: str) -> str:
    if scheme not in _URL_SCHEMES:
        raise AccessError(
            f"The {what} {path} has the scheme '{scheme}', which is not read.",
            "Use https:// or s3://, or download the file and name its path.",
        )
    if not get_settings().allow_urls:
        raise AccessError(
            f"Opening the {what} from a URL is switched off on this machine.",
            "Download the file and name its path, or set CROPMAP_ALLOW_URLS=1.",
        )
    if get_settings().offline:
        raise AccessError(
            f"The {what} {path} needs a network, and CROPMAP_OFFLINE is set.",
            "Download the file and name its path.",
        )
    return path


def _driver(target: str, what: str) -> str:
    if "://" in target:
        return "GTiff"
    if is_held(Path(target)):
        raise _unreadable(target, what)
    try:
        with Path(target).open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise UnreadableRasterError(
            f"The {what} {Path(target).name} may not be read by this user.",
            "Change the file's permissions, or copy it to a folder of your own.",
        ) from error
    for signature, driver in _SIGNATURES:
        if start.startswith(signature):
            return driver
    raise _unreadable(target, what)


def _unreadable(path: str, what: str) -> InputError:
    return UnreadableRasterError(
        f"The {what} {Path(path).name} is not a raster that can be read.",
        f"It must be a {_ALL_SUFFIXES} file; its name alone does not make it one.",
    )


def _check_header(dataset: DatasetReader, path: str, what: str) -> None:
    limits = get_settings()
    name = Path(path).name
    pixels = dataset.width * dataset.height
    if pixels > limits.max_pixels:
        raise RasterTooLargeError(
            f"The {what} {name} claims {dataset.width:,} x {dataset.height:,} pixels, "
            f"more than the limit of {limits.max_pixels:,}.",
            "Cut out the part that you need, or raise CROPMAP_MAX_PIXELS.",
        )
    if "://" not in path:
        there = Path(path).stat().st_size
        if pixels > max(_CLAIM_PIXELS, there * _CLAIM_PIXELS_PER_BYTE):
            raise RasterTooLargeError(
                f"The {what} {name} claims {dataset.width:,} x {dataset.height:,} pixels, and its "
                f"{there:,} bytes cannot hold them.",
                "Copy or download the file again; one that was made and never filled looks so.",
            )
    if dataset.count > limits.max_bands:
        raise RasterTooLargeError(
            f"The {what} {name} has {dataset.count:,} bands, more than {limits.max_bands}.",
            "Keep only the bands that you need, or raise CROPMAP_MAX_BANDS.",
        )
    if dataset.count == 0:
        raise UnreadableRasterError(
            f"The {what} {name} holds no bands.", "Name the image file inside it instead."
        )
    if any("complex" in dtype for dtype in dataset.dtypes):
        raise UnreadableRasterError(
            f"The {what} {name} holds complex numbers, such as unprocessed radar does.",
            "Save its amplitude as an image first.",
        )
    rows, columns = dataset.block_shapes[0]
    item = max(np.dtype(dtype).itemsize for dtype in dataset.dtypes)
    interleaved = dataset.count if dataset.profile.get("interleave") == "pixel" else 1
    if rows * columns * item * interleaved > limits.max_block_bytes:
        raise RasterTooLargeError(
            f"The {what} {name} is stored in blocks of {columns:,} x {rows:,} pixels, "
            "too large to read one.",
            "Save it again as a tiled GeoTIFF or COG (in QGIS: Export, Save As, TILED=YES).",
        )
