"""Which bands of a raster are red, green and blue: by their names, by the file's colour
interpretation, by the order in which a sensor's bands usually come, in this order.  Where only
the size of the pixels speaks for a sensor, four bands are held against their contrast.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from core.errors import InputError
from core.imagery.band_names import Colours, colours_by_name, name_a_colour
from core.imagery.open import band_tags, colour_meanings
from core.imagery.pixel_values import stored_windows

BY_PERSON, BY_NAMES, BY_COLOURS, BY_FILE_NAME = "person", "names", "colours", "file name"
BY_CONTRAST = "contrast"
FIRST_BANDS, ONLY_BAND = "first", "only"

_LONGEST_NAME = 60
_RESAMPLED = 3.0
"""Pixels may be so many times as long as the sensor's, or as short."""

_MOST_NAMES = 500
_LONGEST_TAG = 2000
_BAND_TAGS = ("name", "band_name", "bandname", "long_name", "description", "wavelength")
_LIST_TAGS = ("bands", "band_names", "bandnames", "band_order")
_RGB_NAME = re.compile(r"(?<![a-z])(rgb|bgr)(n|nir|i|ir|a)?(?![a-z])", re.IGNORECASE)
_THEMATIC_MAPPER = re.compile(
    r"(?<![a-z0-9])(l[et]0?[4-7](?![0-9])|l[et][4-7]\d{13}|landsat[-_ ]?[4-7](?!\d))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class BandChoice:
    """Red, green and blue of a raster, and what says so.

    Parameters
    ----------
    bands : tuple of int
        Counted from 1.
    source : str
        One of the words of this module, or the sensor whose order was taken.
    names : tuple of str
        What the file calls each of its bands; empty where it names none.
    """

    bands: Colours
    source: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sensor:
    """A sensor, how its files are named, and red, green and blue by the number of bands.

    ``gsd_m`` and ``least_bytes`` (of one value) tell it where no name does, unless ``by_size`` is
    False; pixels of quite another size are not the sensor's, whatever a name says.
    """

    title: str
    named: str
    orders: dict[int, Colours] = field(hash=False)
    gsd_m: tuple[float, float]
    least_bytes: int = 2
    by_size: bool = True


_SENSORS = (
    _Sensor(
        "Sentinel-2",
        r"(?<![a-z0-9])s2[abcd]?(?![a-z0-9])|sentinel[-_ ]?2|msil[12][abc]"
        r"|(?<![a-z0-9])t\d{2}[a-z]{3}_\d{8}t",
        # B02 B03 B04 B08; the ten bands of 10 and 20 m; all but B10, as L2A has them; all.
        {4: (3, 2, 1), 10: (3, 2, 1), 12: (4, 3, 2), 13: (4, 3, 2)},
        (7.0, 62.0),
    ),
    _Sensor(
        "Landsat 4 to 7",
        _THEMATIC_MAPPER.pattern,
        # Blue is the first band of all of them; six are those of surface reflectance.
        {4: (3, 2, 1), 6: (3, 2, 1), 7: (3, 2, 1), 8: (3, 2, 1)},
        (20.0, 35.0),
        by_size=False,
    ),
    _Sensor(
        "Landsat 8 and 9",
        r"(?<![a-z0-9])l[co]0?[89](?![0-9])|(?<![a-z0-9])l[co]8\d{13}|landsat|(?<![a-z])hls(?![a-z])",
        # Coastal aerosol comes first, but in sets of six, which begin with blue.
        {4: (3, 2, 1), 6: (3, 2, 1), 7: (4, 3, 2), 11: (4, 3, 2)},
        (20.0, 35.0),
    ),
    _Sensor(
        "PlanetScope",
        r"analyticms|(?<![a-z])analytic(?![a-z])|psscene|planetscope|(?<![a-z0-9])ps(2|b)(?![a-z0-9])",
        # Five bands are those of RapidEye; eight begin coastal blue, blue, green I, green.
        {4: (3, 2, 1), 5: (3, 2, 1), 8: (6, 4, 2)},
        (2.4, 5.5),
    ),
    _Sensor(
        "WorldView",
        r"(?<![a-z0-9])wv0?[234](?![0-9])|worldview",
        # Coastal, blue, green, yellow, red, red edge, two of near infrared.
        {4: (3, 2, 1), 8: (5, 3, 2)},
        (1.0, 2.4),
    ),
    _Sensor(
        "NAIP and other aerial photographs",
        r"(?<![a-z])naip(?![a-z])|(?<![a-z0-9])m_\d{7}_[ns][ew]_",
        {4: (1, 2, 3)},
        (0.01, 1.3),
        1,
    ),
)
_NO_ORDER_BY_SIZE = {"WorldView": (4,)}
"""Four bands of 16 bits and about 2 m come in both orders: only a name tells."""

_VARIES_MORE = 1.25
"""Of four bands in an unknown order red is the first or the third.  Over land red varies more than
blue, and haze changes that little: so in 144 of 147 images of six sources, from 25 cm to 10 m a
pixel; blue varied 1.14 times as much as red at most."""
_LEAST_SEEN = 1000


def choose_bands(
    dataset: DatasetReader, path: str, gsd_m: float, stated: Colours | None = None
) -> BandChoice:
    """Red, green and blue of a raster.

    Parameters
    ----------
    path : str
        Of the file: its name may tell the sensor.
    gsd_m : float
        Metres along one pixel.
    stated : tuple of int, optional
        As the person states them, counted from 1.

    Raises
    ------
    InputError
        A stated band does not exist.
    """
    names = read_band_names(dataset)
    if stated is not None:
        _check(dataset, stated, path)
        return BandChoice(stated, BY_PERSON, names)
    meanings = list(colour_meanings(dataset))
    imagery = [i + 1 for i, meaning in enumerate(meanings) if meaning != ColorInterp.alpha]
    if len(imagery) < 3:
        first = imagery[0] if imagery else 1
        return BandChoice((first, first, first), ONLY_BAND, names)
    said = _said(dataset, path)
    mapper = _THEMATIC_MAPPER.search(said) is not None
    named = colours_by_name(names, thematic_mapper=mapper) if names else None
    if named is not None:
        return BandChoice(named, BY_NAMES, names)
    colours = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in meanings for colour in colours):
        red, green, blue = (meanings.index(colour) + 1 for colour in colours)
        return BandChoice((red, green, blue), BY_COLOURS, names)
    if name_a_colour(names):
        # A false colour image, which lacks one of them: no order of a sensor holds for it.
        return BandChoice((imagery[0], imagery[1], imagery[2]), FIRST_BANDS, names)
    stem = Path(path).stem
    found = _named_order(said, stem, gsd_m, len(imagery))
    if found is None:
        found = _order_by_size(dataset, gsd_m, len(imagery))
        if len(imagery) == 4 and (turned := _by_contrast(dataset, imagery, found[0])) is not None:
            found = turned, BY_CONTRAST
    (red, green, blue), source = found
    return BandChoice((imagery[red - 1], imagery[green - 1], imagery[blue - 1]), source, names)


def read_band_names(dataset: DatasetReader) -> tuple[str, ...]:
    """What a file calls each of its bands, shortened; empty where it names none.

    Taken from the bands' descriptions, else from their tags or from a list in the file's own.
    """
    count = int(dataset.count)
    if count > _MOST_NAMES:
        return ()
    own = band_tags(dataset)
    names = []
    for band, description in enumerate(_descriptions(dataset), start=1):
        name = description or _tagged_name(dataset, band) or own.get(f"band_{band}", "")
        names.append(name.strip()[:_LONGEST_NAME])
    if any(names):
        return tuple(names)
    for key in _LIST_TAGS:
        parts = [part.strip(" '\"[]()")[:_LONGEST_NAME] for part in own.get(key, "").split(",")]
        if not all(parts):
            continue
        if len(parts) == count:
            return tuple(parts)
        # A list of the image's bands passes over the alpha band.
        alpha = [meaning == ColorInterp.alpha for meaning in colour_meanings(dataset)]
        if len(parts) == count - sum(alpha):
            there = iter(parts)
            return tuple("" if is_alpha else next(there) for is_alpha in alpha)
    return ()


def _tagged_name(dataset: DatasetReader, band: int) -> str:
    wave = band_tags(dataset, band, "IMAGERY").get("central_wavelength_um")
    if wave:
        return f"{wave} um"
    tags = band_tags(dataset, band)
    return next((tags[key] for key in _BAND_TAGS if tags.get(key)), "")


def _descriptions(dataset: DatasetReader) -> tuple[str | None, ...]:
    try:
        found: tuple[str | None, ...] = dataset.descriptions
    except UnicodeDecodeError:  # written in another encoding: no reason to refuse the pixels
        return (None,) * int(dataset.count)
    return found


def _check(dataset: DatasetReader, bands: Colours, path: str) -> None:
    if all(1 <= band <= dataset.count for band in bands):
        return
    raise InputError(
        f"The scene {Path(path).name} has {dataset.count} bands, so "
        f"{', '.join(map(str, bands))} cannot be red, green and blue.",
        f"Choose three numbers from 1 to {dataset.count}.",
    )


def _said(dataset: DatasetReader, path: str) -> str:
    """The file's name and what its tags say, as one text."""
    tags = [value[:_LONGEST_TAG] for value in band_tags(dataset).values()]
    return " ".join([Path(path).stem, *tags])


def _named_order(said: str, stem: str, gsd_m: float, count: int) -> tuple[Colours, str] | None:
    """Red, green and blue among the bands that are no alpha band, by the name of the file."""
    in_name = _RGB_NAME.search(stem)
    if in_name is not None:
        return ((1, 2, 3) if in_name[1].lower() == "rgb" else (3, 2, 1)), BY_FILE_NAME
    for sensor in _SENSORS:
        low, high = sensor.gsd_m
        near = low / _RESAMPLED <= gsd_m <= high * _RESAMPLED
        if near and count in sensor.orders and re.search(sensor.named, said, re.IGNORECASE):
            return sensor.orders[count], sensor.title
    return None


def _order_by_size(dataset: DatasetReader, gsd_m: float, count: int) -> tuple[Colours, str]:
    """The same by the number of bands, their type and the size of a pixel; else the first three."""
    item = np.dtype(dataset.dtypes[0]).itemsize
    for sensor in _SENSORS:
        low, high = sensor.gsd_m
        likely = sensor.by_size and low <= gsd_m <= high and item >= sensor.least_bytes
        if likely and count in sensor.orders:
            if count in _NO_ORDER_BY_SIZE.get(sensor.title, ()):
                continue
            return sensor.orders[count], sensor.title
    return (1, 2, 3), FIRST_BANDS


def _by_contrast(dataset: DatasetReader, imagery: list[int], taken: Colours) -> Colours | None:
    """The other order of the first three bands, where their contrast clearly denies the one taken.

    Parameters
    ----------
    imagery : list of int
        The bands that are no alpha band, counted from 1.
    taken : Colours
        Among these, counted from 1.
    """
    parts = []
    for values, valid in stored_windows(dataset, (imagery[0], imagery[1], imagery[2])):
        plain = (values == values[:1]).all(axis=0)
        parts.append(values[:, valid & ~plain].astype(np.float64))
    seen = np.concatenate(parts, axis=1)
    if seen.shape[1] < _LEAST_SEEN:
        return None
    low, high = np.percentile(seen, (2, 98), axis=1)
    first, _, third = (high - low).tolist()
    if first > _VARIES_MORE * third > 0:
        order = (1, 2, 3)
    elif third > _VARIES_MORE * first > 0:
        order = (3, 2, 1)
    else:
        return None
    return None if order == taken else order
