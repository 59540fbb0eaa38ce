"""Which attribute says what is cropland."""

import numpy as np
import pytest
import shapely

from core.existing.class_choice import (
    EMPTY,
    ClassChoice,
    class_columns,
    class_of,
    guess,
    is_own,
    text_of,
    values_of,
)
from core.existing.labels_file import LabelsFile

OWN = {
    "field_id": ["a", "b", "c"],
    "class": ["cropland", "other", "unsure"],
    "status": ["auto", "accepted", "unsure"],
    "tile": ["t", "t", "t"],
    "reviewer": ["", "Ann", "Ben"],
}


def file_of(columns: dict) -> LabelsFile:
    count = len(next(iter(columns.values()), []))
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in range(count)], dtype=object)
    return LabelsFile("a", "geojson", "a", ("a",), None, count, shapes, columns)


@pytest.mark.parametrize(
    ("columns", "column", "cropland"),
    [
        ({"NUTZUNG": ["Ackerland", "Grünland", "Ackerland"]}, "NUTZUNG", {"Ackerland"}),
        ({"id": [1, 2], "is_crop": [1, 0], "class": [1.0, 0.0]}, "class", {"1"}),
        ({"class": ["non-cropland", "cropland"]}, "class", {"cropland"}),
        ({"landcover": ["arable", "Wald"]}, "landcover", {"arable"}),
        ({"crop": ["wheat", "arable land", None]}, None, set()),
        ({"name": ["Crop farm", "Meadow"]}, None, set()),
        ({"class": ["forest", "water"]}, "class", set()),
        ({}, None, set()),
        (OWN, "class", {"cropland"}),
    ],
)
def test_the_guess(columns, column, cropland) -> None:
    assert guess(file_of(columns)) == ClassChoice(column, frozenset(cropland))


def test_an_attribute_of_very_many_values_is_no_class() -> None:
    file = file_of({"number": list(range(101)), "kind": ["a"] * 101})
    assert class_columns(file) == ["kind"]
    assert values_of(file, "kind") == {"a": 101}


def test_values_as_text() -> None:
    assert [text_of(v) for v in (None, "", 1.0, 1.5, 7, "x")] == [
        EMPTY,
        EMPTY,
        "1",
        "1.5",
        "7",
        "x",
    ]


def test_classes_of_our_own_export_stay() -> None:
    file = file_of(OWN)
    assert is_own(file)
    # Nobody has reviewed these yet, so an export leaves out who did, and where.
    bare = {name: OWN[name] for name in ("field_id", "class", "status")}
    assert is_own(file_of({**bare, "method": ["per_field"] * 3, "land_cover": ["none"] * 3}))
    assert not is_own(file_of(bare))
    assert [class_of(file, guess(file), i) for i in range(3)] == ["cropland", "other", "unsure"]
    stranger = file_of({"class": ["cropland", "other"]})
    assert [class_of(stranger, guess(stranger), i) for i in range(2)] == ["cropland", None]
    assert class_of(stranger, ClassChoice(), 1) == "cropland"
