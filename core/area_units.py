"""Units of area in which people read; every file that holds data keeps hectares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AreaUnit:
    """A unit of area.

    Attributes
    ----------
    key : str
        For preferences and the browser.
    name : str
        Behind a number.
    title : str
        In a list to choose from.
    hectares : float
        Of one unit.
    """

    key: str
    name: str
    title: str
    hectares: float

    def of(self, hectares: float) -> float:
        """An area in this unit."""
        return hectares / self.hectares


HECTARES = AreaUnit("ha", "ha", "Hectares (ha)", 1.0)
AREA_UNITS = {
    unit.key: unit
    for unit in (
        HECTARES,
        AreaUnit("acre", "acres", "Acres (1 acre = 0.405 ha)", 0.40468564224),
        AreaUnit("mu", "mu", "Mu (15 mu = 1 ha)", 1.0 / 15.0),
    )
}


def area_text(hectares: float | None, unit: AreaUnit = HECTARES) -> str:
    """An area with as many digits as it is worth: ``0.42 ha``, ``41.2 ha``, ``1,250 ha``."""
    if hectares is None:
        return "–"
    value = unit.of(hectares)
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:,.{digits}f} {unit.name}"
