"""No validation tile may have a neighbour among those that train."""

from __future__ import annotations

import csv

import pytest
from pyproj import Geod

from training.split import VALIDATION

_LEAST_KM = 40.0


@pytest.mark.real_data
def test_sides_lie_apart(shared_data) -> None:
    with (shared_data / "naip_fields" / "index.csv").open() as handle:
        places = {
            row["tile"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(handle)
        }
    assert set(VALIDATION) < set(places)
    geod = Geod(ellps="WGS84")
    for held in VALIDATION:
        for other in places.keys() - set(VALIDATION):
            _, _, metres = geod.inv(*places[held], *places[other])
            assert metres > _LEAST_KM * 1000, (held, other)


def test_a_third_is_held() -> None:
    assert len(VALIDATION) == len(set(VALIDATION)) == 10
