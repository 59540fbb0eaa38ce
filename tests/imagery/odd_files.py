"""One picture in many files: each kind of oddity of header or sidecar, and what it must come to.

Every file is made of one choice from each of five axes: what holds the colours, which bands they
are, what says that a part is unknown, where the file lies and what says so, and how it is stored.
What the app must make of it follows from how it was made, not from the app.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

ROWS, COLUMNS = 40, 56
UTM = Affine(10, 0, 500_000, 0, -10, 5_000_000)


@dataclass(slots=True)
class OddFile:
    """A file that is being made.

    Parameters
    ----------
    meant : array (3, rows, columns)
        Red, green and blue as they are meant, 8-bit colours or reflectances.
    bands : array (bands, rows, columns)
        As they are stored.
    valid : bool (rows, columns)
    shows : tuple of int
        The bands that are red, green and blue, counted from 0.
    must_say : bool
        Whether the app has to say something of it, though it goes on.
    may_say : bool
        Whether it may.
    guessed : bool
        Whether nothing in the file says which bands are the colours, so that others may be taken.
    refused : bool
        Whether it has to ask before it goes on, or cannot.
    """

    meant: np.ndarray
    bands: np.ndarray
    valid: np.ndarray
    shows: tuple[int, int, int] = (0, 1, 2)
    transform: Affine = UTM
    must_say: bool = False
    may_say: bool = False
    guessed: bool = False
    refused: bool = False
    profile: dict[str, object] = field(default_factory=dict)
    texts: dict[str, object] = field(default_factory=dict)
    sidecars: dict[str, str] = field(default_factory=dict)
    inside: list[Callable[[rasterio.io.DatasetWriter], None]] = field(default_factory=list)
    after: list[Callable[[Path], None]] = field(default_factory=list)
    environment: dict[str, object] = field(default_factory=dict)

    @property
    def dtype(self) -> np.dtype:
        """Of the stored values."""
        return self.bands.dtype

    @property
    def is_float(self) -> bool:
        """Whether fractions can be stored."""
        return np.issubdtype(self.dtype, np.floating)


Change = Callable[[OddFile], None]


def with_profile(**options: object) -> Change:
    return lambda made: made.profile.update(options)


# How it is stored.


def _overviews(made: OddFile) -> None:
    made.after.append(lambda path: _build_overviews(path, inside=True))


def _overviews_beside(made: OddFile) -> None:
    made.after.append(lambda path: _build_overviews(path, inside=False))


def _build_overviews(path: Path, *, inside: bool) -> None:
    with (
        rasterio.Env(TIFF_USE_OVR=not inside),
        rasterio.open(path, "r+") as out,  # noqa: TID251
    ):
        out.build_overviews([2, 4])


STORAGE: dict[str, Change] = {
    "strips": lambda made: None,
    "tiles": with_profile(tiled=True, blockxsize=16, blockysize=16),
    "deflate": with_profile(compress="DEFLATE", predictor=2),
    "lzw tiles": with_profile(compress="LZW", tiled=True, blockxsize=32, blockysize=32),
    "packbits": with_profile(compress="PACKBITS"),
    "zstd": with_profile(compress="ZSTD"),
    "bands apart": with_profile(interleave="band"),
    "bands together": with_profile(interleave="pixel"),
    "BigTIFF": with_profile(BIGTIFF="YES"),
    "big end first": with_profile(ENDIANNESS="BIG"),
    "overviews": _overviews,
    "overviews beside": _overviews_beside,
    "capital letters": lambda made: made.after.append(
        lambda path: shutil.move(path, path.with_suffix(".TIF"))
    ),
}


def write(made: OddFile, folder: Path) -> Path:
    """Write a file and what lies beside it; its path."""
    path = folder / "odd.tif"
    count, height, width = made.bands.shape
    options = {"crs": "EPSG:32633", "transform": made.transform, **made.profile}
    with (
        rasterio.Env(**made.environment),
        rasterio.open(  # noqa: TID251
            path,
            "w",
            driver="GTiff",
            count=count,
            height=height,
            width=width,
            dtype=made.dtype.name,
            **{key: value for key, value in options.items() if value is not None},
        ) as out,
    ):
        for tag in made.inside:
            tag(out)
        out.write(made.bands)
    for ending, text in made.sidecars.items():
        path.with_suffix(ending).write_text(text)
    for change in made.after:
        change(path)
    if not path.exists():
        path = path.with_suffix(".TIF")
    if made.texts:
        path.with_name(f"{path.name}.aux.xml").write_text(_auxiliary(made.texts, count))
    return path


def _auxiliary(said: dict[str, object], count: int) -> str:
    parts = []
    if "srs" in said:
        parts.append(f"<SRS>{said['srs']}</SRS>")
    if "transform" in said:
        place = said["transform"].to_gdal()
        parts.append(f"<GeoTransform>{', '.join(map(repr, place))}</GeoTransform>")
    if "nodata" in said:
        parts += [
            f'<PAMRasterBand band="{band}"><NoDataValue>{said["nodata"]}</NoDataValue>'
            "</PAMRasterBand>"
            for band in range(1, count + 1)
        ]
    return f"<PAMDataset>{''.join(parts)}</PAMDataset>"
