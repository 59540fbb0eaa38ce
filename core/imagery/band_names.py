"""Which bands are red, green and blue by what the bands are called: by words, lengths of waves,
numbers of a satellite's bands, or single letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Colours = tuple[int, int, int]
"""Red, green and blue band, counted from 1."""

_WORDS = {
    "red": "red rouge rojo roja vermelho vermelha rot rosso rood czerwony красный",
    "green": "green vert verde grün gruen groen zielony зелёный зеленый",
    "blue": "blue bleu azul blau blu blauw niebieski синий голубой",
}
_COLOUR_OF = {word: colour for colour, words in _WORDS.items() for word in words.split()}

_OTHER_BANDS = frozenset(
    [
        "edge",
        "infrared",
        "infra",
        "nir",
        "ir",
        "swir",
        "near",
        "far",
        "coastal",
        "aerosol",
        "deep",
        "i",
        "std",
        "stdev",
        "stddev",
        "variance",
        "qa",
        "mask",
        "alpha",
        "angle",
        "index",
        "ratio",
        "ndvi",
    ]
)
"""Words that make another band of a colour: red edge, near infrared, coastal blue, green I."""

_CHINESE = {"red": r"红(?!边|外)", "green": r"绿", "blue": r"(?<!海岸)蓝"}

_NM_OF_UNIT = {"nm": 1.0, "nanomet": 1.0, "um": 1000.0, "µm": 1000.0, "μm": 1000.0, "micromet": 1e3}
_WAVE = re.compile(
    r"(?P<first>\d+(?:[.,]\d+)?)(?:\s*(?:-|–|to)\s*(?P<last>\d+(?:[.,]\d+)?))?"
    r"\s*(?P<unit>nanomet|micromet|nm|um|µm|μm)",
    re.IGNORECASE,
)
_BARE_WAVE = re.compile(r"\d{3,4}(\.\d+)?")
_RANGES_NM = {"red": (620.0, 690.0), "green": (520.0, 590.0), "blue": (440.0, 515.0)}
_MIDDLES_NM = {"red": 660.0, "green": 560.0, "blue": 485.0}

_NUMBER = re.compile(r"(?<![a-z0-9])(?:band[ _-]?|b)0*(\d{1,2})(a?)(?![a-z0-9])", re.IGNORECASE)
_LETTERS = {"red": "r", "green": "g", "blue": "b"}
_THEMATIC_MAPPER = frozenset({1, 2, 3, 4, 5, 7})
"""Numbers of the reflective bands of Landsat 4 to 7, whose blue is band 1."""


def colours_by_name(names: Sequence[str], *, thematic_mapper: bool = False) -> Colours | None:
    """Red, green and blue, counted from 1, by the names of all bands; None where they do not say.

    Parameters
    ----------
    names : sequence of str
        One for each band, empty where it has none.
    thematic_mapper : bool
        Whether the image is known to be of Landsat 4 to 7, which count from another colour on.
    """
    ways: tuple[Callable[[], Colours | None], ...] = (
        lambda: _first_of_each([_by_words(name) for name in names]),
        lambda: _by_waves(names),
        lambda: _by_numbers(names, thematic_mapper),
        lambda: _first_of_each([_by_letter(name) for name in names]),
    )
    return next((found for way in ways if (found := way()) is not None), None)


def name_a_colour(names: Sequence[str]) -> bool:
    """Whether any band is called by a colour, though perhaps not by all three."""
    return any(_by_words(name) for name in names)


def _words(name: str) -> list[str]:
    """``RedEdge_1`` is red and edge; ``nearInfrared`` near and infrared."""
    apart = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])", " ", name)
    return re.findall(r"[^\W\d_]+", apart.lower())


def _by_words(name: str) -> str | None:
    words = _words(name)
    if _OTHER_BANDS.intersection(words):
        return None
    # More than one colour in a name names none: "red-green ratio".
    colours = {_COLOUR_OF[word] for word in words if word in _COLOUR_OF}
    colours |= {colour for colour, sign in _CHINESE.items() if re.search(sign, name)}
    return colours.pop() if len(colours) == 1 else None


def _by_letter(name: str) -> str | None:
    found = [colour for colour, letter in _LETTERS.items() if letter in _words(name)]
    return found[0] if len(found) == 1 else None


def _first_of_each(colours: Sequence[str | None]) -> Colours | None:
    if not all(colour in colours for colour in _LETTERS):
        return None
    red, green, blue = (colours.index(colour) + 1 for colour in _LETTERS)
    return red, green, blue


def _by_waves(names: Sequence[str]) -> Colours | None:
    if names and all(_BARE_WAVE.fullmatch(name.strip()) for name in names):
        waves: list[float | None] = [float(name) for name in names]
    else:
        waves = [_wave_nm(name) for name in names]
    chosen = []
    for colour, (low, high) in _RANGES_NM.items():
        middle = _MIDDLES_NM[colour]
        inside = [
            (abs(wave - middle), band)
            for band, wave in enumerate(waves, start=1)
            if wave is not None and low <= wave <= high
        ]
        if not inside:
            return None
        chosen.append(min(inside)[1])
    red, green, blue = chosen
    return red, green, blue


def _wave_nm(name: str) -> float | None:
    found = _WAVE.search(name)
    if found is None:
        return None
    ends = [float(end.replace(",", ".")) for end in found.group("first", "last") if end]
    return sum(ends) / len(ends) * _NM_OF_UNIT[found["unit"].lower()]


def _is_beside(name: str) -> bool:
    """Whether a band is none of those that are counted: one without a name, or an alpha band."""
    return not name or "alpha" in _words(name)


def _by_numbers(names: Sequence[str], thematic_mapper: bool) -> Colours | None:
    numbers: list[int | None] = []
    for name in names:
        found = _NUMBER.search(name.replace("_", " "))
        numbers.append(int(found[1]) if found is not None and not found[2] else None)
    counted = [n for n, name in zip(numbers, names, strict=True) if not _is_beside(name)]
    if counted == list(range(1, len(counted) + 1)):
        return None  # Band 1, Band 2, …: whoever wrote the file counted, and nothing more
    there = {number for number in numbers if number is not None}
    if thematic_mapper or there == _THEMATIC_MAPPER or not {2, 3, 4} <= there:
        wanted = (3, 2, 1)
    else:
        wanted = (4, 3, 2)
    if not set(wanted) <= there:
        return None
    red, green, blue = (numbers.index(number) + 1 for number in wanted)
    return red, green, blue
