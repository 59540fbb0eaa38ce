"""Corrections as plain values and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from core.errors import InputError
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    Correction,
    Reshape,
    brush,
    correction_from_json,
    correction_to_json,
)
from tests.label.corrections import (
    apply,
    corrections,
)


@given(corrections)
@settings(max_examples=100, deadline=None)
def test_corrections_survive_json(correction: Correction) -> None:
    kind, data = correction_to_json(correction)
    assert correction_from_json(kind, json.loads(json.dumps(data))) == correction


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=20,
)
KEYS = ["ring", "holes", "line", "points", "point", "rings", "radius", "add"]
KEYS += ["land_class", "verdict", "reason", "tolerance", "max_area", "width"]
KINDS = [
    *("area_add", "area_remove", "brush", "split", "merge", "parcel_delete", "reshape"),
    *("reclassify", "parcel_verdict", "dance"),
    *("smooth", "fill_holes", "snap", "repair"),
]
loose = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)).map(list), max_size=5)


@given(
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(KEYS), json_values | loose | st.lists(loose, max_size=3)),
)
@settings(max_examples=300, deadline=None)
def test_anything_else_is_refused(kind: str, data: dict[str, Any]) -> None:
    try:
        correction = correction_from_json(kind, data)
    except InputError:
        return
    apply(correction)


def test_a_browsers_edits_are_understood() -> None:
    ring = [[50, 0], [60, 0], [60, 10], [50, 10]]  # open, whole numbers
    added = correction_from_json("area_add", {"kind": "area_add", "ring": ring})
    assert isinstance(added, AreaAdd)
    assert added.area.equals(box(50, 0, 60, 10))
    stroke = {"line": [[0, 0], [5, 5]], "radius": 2, "add": False}
    assert isinstance(correction_from_json("brush", stroke), AreaRemove)
    dab = correction_from_json("brush", {"line": [[5, 5]], "radius": 2, "add": True})
    assert isinstance(dab, AreaAdd)
    rings = {"point": [5, 5], "rings": [ring, [[52, 2], [54, 2], [54, 4]]]}
    reshaped = correction_from_json("reshape", rings)
    assert isinstance(reshaped, Reshape)
    assert reshaped.polygon.area == pytest.approx(98)


@pytest.mark.parametrize("correction", [AreaAdd, AreaRemove])
def test_an_area_keeps_its_holes(correction: type[AreaAdd | AreaRemove]) -> None:
    loop = brush(LineString([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)]), 1.0)
    assert len(loop.interiors) == 1
    assert correction_from_json(*correction_to_json(correction(loop))) == correction(loop)
