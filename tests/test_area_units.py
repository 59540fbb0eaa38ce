"""Areas read with as many digits as they are worth, in the unit that was chosen."""

import pytest

from core.area_units import AREA_UNITS, area_text


def test_hectares_with_as_many_digits_as_they_are_worth() -> None:
    said = [area_text(value) for value in (0.416, 41.23, 1250.4, None)]
    assert said == ["0.42 ha", "41.2 ha", "1,250 ha", "–"]


def test_other_units() -> None:
    assert area_text(0.40468564224, AREA_UNITS["acre"]) == "1.00 acres"
    assert area_text(1.0, AREA_UNITS["mu"]) == "15.0 mu"
    assert AREA_UNITS["mu"].of(2.0) == pytest.approx(30.0)
