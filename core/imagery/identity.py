"""Which file a raster is: a fingerprint of its content, taken again where it may be another.

A file fingerprint is a text such as ``exact:9f86...``.  Up to ``EXACT_BYTES`` it is a SHA-256 over
every byte of the file, so over every pixel at full resolution, however it is compressed; beyond
that (``sampled``) over pieces at fixed places.  A mask beside the file (``.msk``) counts; where the
raster is read through overviews (``+overviews``) an ``.ovr`` beside it, too; and where files beside
it say where it lies or what is nodata (``+beside``) its auxiliary XML, world file and ``.prj``.  Of
an auxiliary XML only that counts: a GIS writes statistics into it whenever it shows the raster.
"""

from __future__ import annotations

import hashlib
import stat
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Final

from rasterio.io import DatasetReader

from core.grid import Window
from core.held_files import is_held
from core.imagery.open import read_bands
from core.imagery.sidecar import said_by_sidecar, sidecar_path
from core.imagery.validity import read_validity
from core.imagery.worldfile import find_world_file, projection_file

EXACT, SAMPLED = "exact", "sampled"

EXACT_BYTES: Final = 1 << 30
"""Larger files are sampled: hashing so much takes about a second."""

_PIECES, _PIECE_BYTES = 256, 1 << 20
_OVERVIEWS, _BESIDE = "+overviews", "+beside"
_MOST_KNOWN = 1024
_RACY_NS = 50_000_000
"""A file changed less than this ago may change once more without another time of change."""

_WINDOWS, _WINDOW_SIDE = 3, 256
"""Windows along each side that stand for a raster behind a URL, and pixels along theirs."""

_Stamp = tuple[str, int, int, int, int, int]
_Key = tuple[str, bool, bool]
_known: OrderedDict[_Key, tuple[tuple[_Stamp, ...], str]] = OrderedDict()
_lock = threading.Lock()
_computing = threading.Lock()


def file_fingerprint(path: str | Path, *, overviews: bool = False, beside: bool = False) -> str:
    """The fingerprint of a local file's content; computed once as long as the file is not touched.

    Parameters
    ----------
    overviews : bool
        Whether an ``.ovr`` beside the file decides on what is read.
    beside : bool
        Whether files beside it say where it lies or what is nodata.

    Raises
    ------
    OSError
        There is no such file, or it may not be read.
    """
    key = (str(Path(path).absolute()), overviews, beside)
    stamps = file_stamps(key[0], overviews=overviews, beside=beside)
    if (known := _recall(key, stamps)) is not None:
        return known
    with _computing:
        if (known := _recall(key, stamps)) is not None:
            return known
        found = _compute(stamps, overviews=overviews, beside=beside)
        again = file_stamps(key[0], overviews=overviews, beside=beside)
        if _settled(stamps) and again == stamps:
            _remember(key, stamps, found)
    return found


def like_fingerprint(path: str | Path, like: str) -> str:
    """The fingerprint of a local file over the same things as another one; errors as there."""
    kind = like.partition(":")[0]
    return file_fingerprint(path, overviews=_OVERVIEWS in kind, beside=_BESIDE in kind)


def leans_on_files_beside(fingerprint: str) -> bool:
    """Whether files beside the raster say where it lies or what is nodata."""
    return _BESIDE in fingerprint.partition(":")[0]


def file_stamps(
    path: str | Path, *, overviews: bool = False, beside: bool = False
) -> tuple[_Stamp, ...]:
    """What changes when a file or what counts beside it is replaced or written to.

    Raises
    ------
    OSError
        There is no such file.
    """
    raster = Path(path)
    others = [
        raster.with_name(raster.name + suffix) for suffix in (".msk", ".ovr")[: 1 + overviews]
    ]
    if beside:
        others += _saying_where(raster)
    return (_stamp(raster), *(_stamp(one) for one in others if one.is_file() and not is_held(one)))


def is_same_file(path: str, fingerprint: str) -> bool:
    """Whether the file at a path is the one with this fingerprint.

    True as well where that cannot be told: behind a URL, without a fingerprint, and where the file
    cannot be read, which is for its reader to say.
    """
    if "://" in path or not fingerprint:
        return True
    local = Path(path)
    try:
        if is_held(local) or not stat.S_ISREG(local.stat().st_mode):
            return True
        return like_fingerprint(local, fingerprint) == fingerprint
    except (OSError, ValueError):
        return True


def fingerprint_kind(fingerprint: str) -> str:
    """``exact`` or ``sampled``; ``overview`` for that of an earlier version."""
    return fingerprint.partition(":")[0].partition("+")[0] if fingerprint else "overview"


def dataset_fingerprint(dataset: DatasetReader, path: str, *, overviews: bool = False) -> str:
    """The fingerprint of an open raster: of its file, or of a sample of what is behind a URL.

    Raises
    ------
    UnreadableRasterError
        It cannot be read any more.
    """
    if "://" not in path:
        nowhere = dataset.transform.is_identity or not dataset.crs
        beside = nowhere or bool(said_by_sidecar(sidecar_path(path)))
        there = beside and bool(_saying_where(Path(path)))
        return file_fingerprint(path, overviews=overviews, beside=there)
    digest = hashlib.sha256(repr((dataset.shape, dataset.count, dataset.dtypes)).encode())
    for row in _starts(dataset.height):
        for column in _starts(dataset.width):
            width = min(_WINDOW_SIDE, dataset.width - column)
            height = min(_WINDOW_SIDE, dataset.height - row)
            window = Window(column, row, width, height)
            indexes = list(dataset.indexes)
            digest.update(read_bands(dataset, indexes, window=window).tobytes())
            digest.update(read_validity(dataset, indexes, window=window).tobytes())
    return f"{SAMPLED}:{digest.hexdigest()}"


def _starts(length: int) -> list[int]:
    last = max(0, length - _WINDOW_SIDE)
    return sorted({last * number // (_WINDOWS - 1) for number in range(_WINDOWS)})


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return (
        str(path),
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def _saying_where(raster: Path) -> list[Path]:
    """Files beside a raster that may say where it lies or what is nodata."""
    files = (sidecar_path(raster), find_world_file(raster), projection_file(raster))
    return [file for file in files if file is not None and file.is_file() and not is_held(file)]


def _settled(stamps: tuple[_Stamp, ...]) -> bool:
    now = time.time_ns()
    return all(abs(now - changed) > _RACY_NS for stamp in stamps for changed in stamp[-2:])


def _recall(key: _Key, stamps: tuple[_Stamp, ...]) -> str | None:
    with _lock:
        known = _known.get(key)
        if known is None or known[0] != stamps:
            return None
        _known.move_to_end(key)
        return known[1]


def _remember(key: _Key, stamps: tuple[_Stamp, ...], fingerprint: str) -> None:
    with _lock:
        _known[key] = stamps, fingerprint
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)


def _compute(stamps: tuple[_Stamp, ...], *, overviews: bool, beside: bool) -> str:
    digest, kind = hashlib.sha256(), EXACT
    for path, _, _, size, _, _ in stamps:
        if Path(path) == sidecar_path(stamps[0][0]):
            digest.update(said_by_sidecar(Path(path)))
            continue
        digest.update(f"{Path(path).suffix if path != stamps[0][0] else ''} {size}\n".encode())
        with Path(path).open("rb") as file:
            if size <= EXACT_BYTES:
                digest.update(hashlib.file_digest(file, "sha256").digest())
                continue
            kind = SAMPLED
            for number in range(_PIECES):
                file.seek((size - _PIECE_BYTES) * number // (_PIECES - 1))
                digest.update(file.read(_PIECE_BYTES))
    kind += (_OVERVIEWS if overviews else "") + (_BESIDE if beside else "")
    return f"{kind}:{digest.hexdigest()}"
