"""Labels from a file as one edit."""

import base64
import json
import math
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.label.correction_import import (
    LabelsImport,
    import_from_json,
    import_to_json,
    with_own_ids,
)
from core.parcels.parcel import Parcel

AT = datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
FAR = (1e5, 4e6)


def same(shapes):
    return shapes


def parcel(name: str, *box: float, **said) -> Parcel:
    values = {"score": math.nan, "state": "auto", **said}
    return Parcel(name, shapely.box(*(box or (0, 0, 10, 10))), **values)


TEXTS = st.text(max_size=20)


@given(
    st.lists(
        st.builds(
            parcel,
            TEXTS,
            score=st.floats(0, 1) | st.just(math.nan),
            state=st.sampled_from(["auto", "accepted", "corrected", "rejected", "unsure"]),
            land_class=st.sampled_from(["cropland", "other", "unsure"]),
            reason=TEXTS,
            reviewer=TEXTS,
            reviewed_at=st.none() | st.just(AT),
            edited=st.booleans(),
        ),
        max_size=6,
    ),
    st.none() | st.just(shapely.box(0, 0, 5, 5)),
)
def test_it_comes_back_from_json(parcels, area) -> None:
    labels = LabelsImport("Ünïcode.gpkg", tuple(parcels), area)
    back = import_from_json(json.loads(json.dumps(import_to_json(labels))), same)
    assert [repr(p) for p in back.parcels] == [repr(p) for p in parcels]
    assert (back.source, back.area) == (labels.source, area)


def test_it_moves_with_the_coordinates() -> None:
    data = import_to_json(LabelsImport("a", (parcel("F1"),), shapely.box(0, 0, 5, 5)))
    back = import_from_json(data, lambda s: shapely.transform(s, lambda xy: xy + 100))
    assert back.parcels[0].polygon.bounds == (100, 100, 110, 110)
    assert back.area.bounds == (100, 100, 105, 105)


def test_it_takes_the_place_of_the_automatic_parcels() -> None:
    automatic = [parcel("F1", 0, 0, 10, 10), parcel("F2", 30, 0, 40, 10)]
    own = (parcel("F1", 1, 1, 4, 4),)
    assert LabelsImport("a", own).over(automatic) == [own[0]]
    # Where it says nothing they stay, cut at the border; ids stay apart.
    partial = LabelsImport("a", own, shapely.box(-5, -5, 5, 50)).over(automatic)
    assert [p.id for p in partial] == ["F1", "F2", "F1.1"]
    assert partial[0].polygon.bounds == (5, 0, 10, 10)
    assert partial[1] is automatic[1]
    everything = LabelsImport("a", own, shapely.box(-5, -5, 50, 50)).over(automatic)
    assert [p.id for p in everything] == ["F1"]


def test_ids_of_their_own() -> None:
    names = [p.id for p in with_own_ids([parcel("a"), parcel("a"), parcel("b")], frozenset("b"))]
    assert names == ["a", "a.1", "b.1"]


def packed(body: bytes) -> str:
    return base64.b64encode(zlib.compress(body)).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"shapes": "%%"},
        {"shapes": packed(b"no wkb")},
        {"shapes": packed(shapely.to_wkb(shapely.GeometryCollection([shapely.Point(0, 0)])))},
        {"shapes": packed(b"")[:4]},
        {"shapes": None},
        {"ids": []},
        {"said": [7]},
        {"sayings": [["auto"]]},
        {"sayings": [["nonsense", "cropland", "", "", "", False]]},
        {"sayings": [["auto", "cropland", "", "", "yesterday", False]]},
        {"scores": ["high"]},
        {"area": "%%"},
    ],
)
def test_what_was_not_made_here_is_refused(wrong) -> None:
    data = {**import_to_json(LabelsImport("a", (parcel("F1"),))), **wrong}
    with pytest.raises(InputError):
        import_from_json(data, same)


def test_a_shape_that_crosses_itself_is_refused() -> None:
    bow_tie = shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])
    wkb = shapely.to_wkb(shapely.GeometryCollection([bow_tie]))
    data = {**import_to_json(LabelsImport("a", (parcel("F1"),))), "shapes": packed(wkb)}
    with pytest.raises(InputError):
        import_from_json(data, same)


@pytest.mark.parametrize("seed", range(20))
def test_parcels_beside_an_area_whose_border_is_theirs_but_for_rounding(seed) -> None:
    generator = np.random.default_rng(seed)
    places = shapely.multipoints(generator.uniform(0, 100, (30, 2)))
    cells = list(shapely.voronoi_polygons(places, extend_to=shapely.box(0, 0, 100, 100)).geoms)
    turned = [shapely.affinity.rotate(cell, 33.3, origin=FAR) for cell in cells]
    back = [shapely.affinity.rotate(cell, -33.3, origin=FAR) for cell in turned[:10]]
    again = [shapely.affinity.rotate(cell, 33.3, origin=FAR) for cell in back]
    labels = LabelsImport("fields.gpkg", (), shapely.union_all(again))
    left = labels.over([Parcel(str(i), cell, 1.0, "auto") for i, cell in enumerate(turned)])
    beside = sum(cell.area for cell in turned[10:])
    assert sum(one.polygon.area for one in left) == pytest.approx(beside, rel=1e-6)
    assert all(one.polygon.is_valid for one in left)
