"""Which file a raster is: a fingerprint of its content, taken again where it may be another.

A file fingerprint is a text such as ``exact:9f86...``.  Up to ``EXACT_BYTES`` it is a SHA-256 over
every byte of the file, so over every pixel at full resolution, however it is compressed; beyond
that (``sampled``) over pieces at fixed places.  A mask beside the file (``.msk``) counts, and where
the raster is read through overviews (``+overviews``) an ``.ovr`` beside it, too.
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
from core.imagery.validity import read_validity

EXACT, SAMPLED = "exact", "sampled"

EXACT_BYTES: Final = 1 << 30
"""Larger files are sampled: hashing so much takes about a second."""

_PIECES, _PIECE_BYTES = 256, 1 << 20
_OVERVIEWS = "+overviews"
_MOST_KNOWN = 1024
_RACY_NS = 50_000_000
"""A file changed less than this ago may change once more without another time of change."""

_WINDOWS, _WINDOW_SIDE = 3, 256
"""Windows along each side that stand for a raster behind a URL, and pixels along theirs."""

_Stamp = tuple[str, int, int, int, int, int]
_known: OrderedDict[tuple[str, bool], tuple[tuple[_Stamp, ...], str]] = OrderedDict()
_lock = threading.Lock()
_computing = threading.Lock()


def file_fingerprint(path: str | Path, *, overviews: bool = False) -> str:
    """The fingerprint of a local file's content; computed once as long as the file is not touched.

    Parameters
    ----------
    overviews : bool
        Whether an ``.ovr`` beside the file decides on what is read.

    Raises
    ------
    OSError
        There is no such file, or it may not be read.
    """
    key = (str(Path(path).absolute()), overviews)
    stamps = file_stamps(key[0], overviews=overviews)
    if (known := _recall(key, stamps)) is not None:
        return known
    with _computing:
        if (known := _recall(key, stamps)) is not None:
            return known
        found = _compute(stamps, overviews=overviews)
        if _settled(stamps) and file_stamps(key[0], overviews=overviews) == stamps:
            _remember(key, stamps, found)
    return found


def file_stamps(path: str | Path, *, overviews: bool = False) -> tuple[_Stamp, ...]:
    """What changes when a file or what counts beside it is replaced or written to.

    Raises
    ------
    OSError
        There is no such file.
    """
    suffixes = (".msk", ".ovr") if overviews else (".msk",)
    return (_stamp(Path(path)), *_beside(Path(path), suffixes))


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
        kind = fingerprint.partition(":")[0]
        return file_fingerprint(local, overviews=kind.endswith(_OVERVIEWS)) == fingerprint
    except (OSError, ValueError):
        return True


def fingerprint_kind(fingerprint: str) -> str:
    """``exact`` or ``sampled``; ``overview`` for that of an earlier version."""
    return fingerprint.partition(":")[0].removesuffix(_OVERVIEWS) if fingerprint else "overview"


def dataset_fingerprint(dataset: DatasetReader, path: str, *, overviews: bool = False) -> str:
    """The fingerprint of an open raster: of its file, or of a sample of what is behind a URL.

    Raises
    ------
    UnreadableRasterError
        It cannot be read any more.
    """
    if "://" not in path:
        return file_fingerprint(path, overviews=overviews)
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


def _beside(path: Path, suffixes: tuple[str, ...]) -> list[_Stamp]:
    found = []
    for suffix in suffixes:
        sidecar = path.with_name(path.name + suffix)
        if sidecar.is_file() and not is_held(sidecar):
            found.append(_stamp(sidecar))
    return found


def _settled(stamps: tuple[_Stamp, ...]) -> bool:
    now = time.time_ns()
    return all(abs(now - changed) > _RACY_NS for stamp in stamps for changed in stamp[-2:])


def _recall(key: tuple[str, bool], stamps: tuple[_Stamp, ...]) -> str | None:
    with _lock:
        known = _known.get(key)
        if known is None or known[0] != stamps:
            return None
        _known.move_to_end(key)
        return known[1]


def _remember(key: tuple[str, bool], stamps: tuple[_Stamp, ...], fingerprint: str) -> None:
    with _lock:
        _known[key] = stamps, fingerprint
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)


def _compute(stamps: tuple[_Stamp, ...], *, overviews: bool) -> str:
    digest, kind = hashlib.sha256(), EXACT
    for path, _, _, size, _, _ in stamps:
        digest.update(f"{Path(path).suffix if path != stamps[0][0] else ''} {size}\n".encode())
        with Path(path).open("rb") as file:
            if size <= EXACT_BYTES:
                digest.update(hashlib.file_digest(file, "sha256").digest())
                continue
            kind = SAMPLED
            for number in range(_PIECES):
                file.seek((size - _PIECE_BYTES) * number // (_PIECES - 1))
                digest.update(file.read(_PIECE_BYTES))
    return f"{kind}{_OVERVIEWS if overviews else ''}:{digest.hexdigest()}"
