"""What a land cover product is: its legend, its cropland classes, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import LandCoverError


@dataclass(frozen=True, slots=True)
class LandCoverClass:
    """One class of a legend.

    Parameters
    ----------
    code : int
        Pixel value.
    name : str
        Name in the product's documentation.
    colour : str
        ``#rrggbb`` of the product's own legend.
    cropland : bool
        Whether this application counts the class as cropland.
    """

    code: int
    name: str
    colour: str
    cropland: bool


@dataclass(frozen=True, slots=True)
class Product:
    """A land cover product.

    Parameters
    ----------
    key : str
        Short name for the command line.
    years : str
        Year or years that the product describes.
    resolution_m : float
        Nominal cell size in metres.
    crs : str
        CRS in which the product is distributed.
    nodata : tuple of int
        Codes that mean "nothing is known here".
    name_patterns : tuple of str
        Regular expressions (case-insensitive) of usual file names.
    source : str
        Document from which codes, names and colours were taken.
    url : str
        Page where a person can get the product.
    """

    key: str
    title: str
    publisher: str
    years: str
    resolution_m: float
    crs: str
    classes: tuple[LandCoverClass, ...]
    nodata: tuple[int, ...]
    licence: str
    citation: str
    source: str
    url: str
    name_patterns: tuple[str, ...]

    @property
    def codes(self) -> frozenset[int]:
        """All codes of the legend, nodata included."""
        return frozenset(c.code for c in self.classes) | frozenset(self.nodata)

    @property
    def cropland_codes(self) -> tuple[int, ...]:
        """Codes of the classes that count as cropland."""
        return tuple(c.code for c in self.classes if c.cropland)

    def class_of(self, code: int) -> LandCoverClass:
        """The class with this code.

        Raises
        ------
        LandCoverError
            The legend has no such code.
        """
        for candidate in self.classes:
            if candidate.code == code:
                return candidate
        raise LandCoverError(
            f"{self.title} has no class {code}.", "Choose the product that the file holds."
        )
