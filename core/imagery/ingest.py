"""Bring a raster into a project as a COG of our own; a stranger's file never opens in here.

A process of its own (``core.imagery.ingest_worker``), with limits on memory, processor time and
file size, reads the file and writes the copy.  Whatever happens to it, one sentence comes back.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import RasterTooLargeError, UnreadableRasterError, storage_error
from core.files import put_in_place, scratch_folder
from core.imagery.cog import PLAIN_NAME, SHARE_OF_PLAIN
from core.imagery.limited import Limits, Task, Words, run_limited
from core.imagery.open import open_raster
from core.task import Cancelled, ShareProgress, never, silent_share

_SMALL_PIXELS = 2048 * 2048
_LARGEST_BLOCK_PIXELS = 2048 * 2048
_WORKER = "core.imagery.ingest_worker"

UNTRUSTED = Limits()
TRUSTED = Limits(cpu_seconds=7 * 24 * 3600, wall_seconds=7 * 24 * 3600.0)
"""For files that the operator's own people placed on the server: large ones take their time."""

WORDS = Words(
    UnreadableRasterError,
    RasterTooLargeError,
    instead="Open it in QGIS and export it as a GeoTIFF.",
    less="Cut out the part that you need, or have it placed on the server itself.",
    lighter="Save it again as a tiled GeoTIFF (in QGIS: Export, Save As, TILED=YES).",
)
"""What is said of a raster that a process with limits could not read."""


def needs_copy(path: str | Path) -> bool:
    """Whether a raster on this machine is too slow to look at where it lies.

    Read directly are rasters that are small, or stored in blocks and with overviews.  The file is
    opened in this process: only for files that are trusted.

    Raises
    ------
    InputError
        As for :func:`core.imagery.open.open_raster`.
    """
    with open_raster(path) as dataset:
        if dataset.width * dataset.height <= _SMALL_PIXELS:
            return False
        rows, columns = dataset.block_shapes[0]
        if columns == dataset.width or rows * columns > _LARGEST_BLOCK_PIXELS:
            return True
        factor = max([1, *dataset.overviews(1)])
        coarsest = (dataset.width / factor) * (dataset.height / factor)
        return bool(coarsest > _SMALL_PIXELS)


def ingest(
    source: Path,
    target: Path,
    *,
    crs: str | None = None,
    categorical: bool = False,
    progress: ShareProgress = silent_share,
    cancelled: Cancelled = never,
    trusted: bool,
    limits: Limits | None = None,
) -> Path:
    """Copy a raster to ``target`` as a COG: lossless, tiled, with overviews.

    All bands, their dtype, nodata value, mask, colour table, colour interpretation, descriptions
    and scales stay; a georeference from a world file or from the person goes into the file.

    Parameters
    ----------
    source : Path
        The raster; sidecars (world file, ``.prj``) lie beside it.
    target : Path
        The copy, ending with ``.tif``; replaced in one step at the very end.
    crs : str, optional
        The CRS as the person states it, for a file that has none.
    categorical : bool
        Whether the values are codes (land cover), which overviews must not average.  Rasters with
        a colour table always count as such.
    progress : callable
        Gets the share that is done, 0 to 1, never less than before.
    cancelled : callable
        Asked ten times a second; True ends the copy and leaves nothing behind.
    trusted : bool
        Whether the file comes from the operator's own machine: then only the memory is limited,
        and overviews or masks in sidecar files are read, too.
    limits : Limits, optional
        Others than the usual ones.

    Raises
    ------
    InputError
        The raster cannot be used: see :func:`core.imagery.open.open_raster` and
        :func:`core.imagery.georeference.find_georeference`.
    DiskFullError
        No space for the copy.
    OutputError
        The folder of ``target`` cannot be written.
    CancelledError
        ``cancelled`` said so.
    """
    limits = limits or (TRUSTED if trusted else UNTRUSTED)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target) as work:
            copy = work / "copy.tif"
            order = {
                "source": str(source.absolute()),
                "copy": str(copy),
                "crs": crs,
                "categorical": categorical,
                "trusted": trusted,
            }
            task = Task(
                _WORKER,
                order,
                work,
                source.name,
                target,
                WORDS,
                limits,
                looked_up=lambda: _compressed(work),
            )
            run_limited(task, progress=progress, cancelled=cancelled)
            with open_raster(copy):
                pass
            put_in_place(copy, target)
    except OSError as error:
        raise storage_error(error, target) from error
    progress(1.0)
    return target


def _compressed(work: Path) -> float:
    """The share that is done by the sizes of the files: GDAL's last call tells nothing itself."""
    sizes = {path.name: path.stat().st_size for path in work.glob("*.tif*") if path.is_file()}
    plain = sizes.pop(PLAIN_NAME, 0)
    if not plain or not sizes:
        return 0.0
    # The better compression outweighs the overviews.
    return SHARE_OF_PLAIN + (1 - SHARE_OF_PLAIN) * min(1.0, sum(sizes.values()) / plain)
