"""Odd files: where they lie, what says so, and which way their rows run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS

from tests.imagery.odd_files import COLUMNS, ROWS, UTM, Change, OddFile

UTM33 = CRS.from_epsg(32633)


# Where the file lies: which way its rows run, what says so, and in which words.


def _turned(turn: Callable[[np.ndarray], np.ndarray], pixels: Affine) -> Change:
    """The picture stored another way round; ``pixels`` leads from its pixels to the plain ones."""

    def change(made: OddFile) -> None:
        made.meant = turn(made.meant)
        made.bands = turn(made.bands)
        made.valid = turn(made.valid[None])[0]
        made.transform = made.transform @ pixels
        made.inside = [_turned_mask(one, turn) for one in made.inside]

    return change


def _turned_mask(
    write: Callable[[rasterio.io.DatasetWriter], None], turn: Callable[[np.ndarray], np.ndarray]
) -> Callable[[rasterio.io.DatasetWriter], None]:
    def written(out: rasterio.io.DatasetWriter) -> None:
        write(_TurnedWriter(out, turn))

    return written


class _TurnedWriter:
    """A dataset whose masks are turned on their way into the file."""

    def __init__(self, out: rasterio.io.DatasetWriter, turn: Callable) -> None:
        object.__setattr__(self, "out", out)
        object.__setattr__(self, "turn", turn)

    def __getattr__(self, name: str) -> object:
        return getattr(self.out, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.out, name, value)

    def write_mask(self, mask: np.ndarray) -> None:
        self.out.write_mask(np.ascontiguousarray(self.turn(mask[None])[0]))


LAYOUTS: dict[str, Change] = {
    "north up": lambda made: None,
    "south up": _turned(lambda a: a[:, ::-1], Affine(1, 0, 0, 0, -1, ROWS)),
    "mirrored": _turned(lambda a: a[:, :, ::-1], Affine(-1, 0, COLUMNS, 0, 1, 0)),
    "transposed": _turned(lambda a: a.transpose(0, 2, 1), Affine(0, 1, 0, 1, 0, 0)),
    "rotated": lambda made: setattr(made, "transform", UTM @ Affine.rotation(33)),
}


def _world_file(made: OddFile) -> str:
    centre = made.transform @ Affine.translation(0.5, 0.5)
    terms = (centre.a, centre.d, centre.b, centre.e, centre.c, centre.f)
    return "\n".join(repr(float(term)) for term in terms)


def _in_world_file(ending: str) -> Change:
    def change(made: OddFile) -> None:
        made.profile["transform"] = None
        made.sidecars[ending] = _world_file(made)

    return change


def _in_world_and_prj(made: OddFile) -> None:
    _in_world_file(".tfw")(made)
    made.profile["crs"] = None
    made.sidecars[".prj"] = UTM33.to_wkt("WKT1_ESRI")


def _in_auxiliary(made: OddFile) -> None:
    made.profile["crs"] = made.profile["transform"] = None
    made.texts |= {"srs": UTM33.to_wkt("WKT1_GDAL"), "transform": made.transform}


def _auxiliary_corrects(made: OddFile) -> None:
    made.profile["crs"] = "EPSG:32634"
    made.texts |= {"srs": UTM33.to_wkt("WKT2_2019")}


def _world_file_denies(made: OddFile) -> None:
    made.sidecars[".tfw"] = "20\n0\n0\n-20\n400000\n4000000\n"


def _point(made: OddFile) -> None:
    made.inside.append(lambda out: out.update_tags(AREA_OR_POINT="Point"))


def _no_crs(made: OddFile) -> None:
    made.profile["crs"] = None
    made.refused = True


def _no_place(made: OddFile) -> None:
    made.profile["transform"] = None
    made.refused = True


def _unnamed_datum(made: OddFile) -> None:
    made.profile["crs"] = "+proj=tmerc +lon_0=15 +k=0.9996 +x_0=500000 +ellps=airy +units=m"
    made.refused = True


def _said_as(words: str, **profile: str) -> Change:
    return lambda made: made.profile.update({"crs": words, **profile})


PLACES: dict[str, Change] = {
    "in the file": lambda made: None,
    "code": _said_as("EPSG:32633"),
    "old WKT": _said_as(UTM33.to_wkt("WKT1_GDAL")),
    "Esri's WKT": _said_as(UTM33.to_wkt("WKT1_ESRI")),
    "Esri's keys": _said_as("EPSG:32633", GEOTIFF_KEYS_FLAVOR="ESRI_PE"),
    "new WKT": _said_as(UTM33.to_wkt("WKT2_2019"), GEOTIFF_VERSION="1.1"),
    "PROJ": _said_as("+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs"),
    "with heights": _said_as("EPSG:32633+5773"),
    "no-op transformation": _said_as("+proj=utm +zone=33 +ellps=WGS84 +towgs84=0,0,0 +units=m"),
    "world file": _in_world_file(".tfw"),
    "long world file": _in_world_file(".tifw"),
    "plain world file": _in_world_file(".wld"),
    "world file and .prj": _in_world_and_prj,
    "auxiliary file": _in_auxiliary,
    "auxiliary file corrects": _auxiliary_corrects,
    "world file denies": _world_file_denies,
    "pixel is point": _point,
    "no CRS": _no_crs,
    "no place": _no_place,
    "unnamed datum": _unnamed_datum,
}
