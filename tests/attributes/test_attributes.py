"""Attributes of a project's own: schema, values, and lists to choose from."""

from __future__ import annotations

import json

import pytest

from core.attributes import (
    COMMON_CROPS,
    Attribute,
    AttributeSchema,
    Choice,
    agreed,
    changed,
    contradict,
    read_change,
    read_code_list,
    schema_from_json,
    schema_to_json,
)
from core.errors import InputError

WHEAT, RYE = (("crop", "wheat"),), (("crop", "rye"),)
SCHEMA = (
    AttributeSchema()
    .with_one("Crop", "choice", COMMON_CROPS)
    .with_one("Irrigated?", "yes_no")
    .with_one("Owner", "text")
    .with_one("Yield (t/ha)", "number")
    .with_one("Sown on", "date", required=True)
)


def test_a_key_is_made_of_the_name_and_is_no_column_that_there_is() -> None:
    assert [one.key for one in SCHEMA.attributes] == [
        "crop", "irrigated", "owner", "yield_t_ha", "sown_on",
    ]  # fmt: skip
    assert SCHEMA.columns[:3] == ["crop", "crop_name", "irrigated"]
    keys = AttributeSchema()
    for name in ("Class", "作物", "2026", "Crop name", "x" * 80):
        keys = keys.with_one(name, "text")
    keys = keys.with_one("Crop", "choice", COMMON_CROPS)
    found = [one.key for one in keys.attributes]
    assert found == ["class_2", "attribute", "a_2026", "crop_name", "x" * 24, "crop_2"]
    with pytest.raises(InputError, match="There is an attribute crop already"):
        SCHEMA.with_one(" crop ", "text")


def test_a_schema_comes_back_from_json() -> None:
    assert schema_from_json(json.loads(json.dumps(schema_to_json(SCHEMA)))) == SCHEMA
    for damaged in (None, {"attributes": [{"key": "crop"}]}, {"attributes": 7}):
        with pytest.raises(InputError, match="cannot be read"):
            schema_from_json(damaged)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"crop": "wheat", "irrigated": False, "owner": "Zoë", "yield_t_ha": 7.5}, ""),
        ({"sown_on": "2026-03-31", "crop": None}, ""),
        ({"crop": "Wheat"}, "Choose Crop from its list."),
        ({"irrigated": "yes"}, "Irrigated? is yes or no."),
        ({"owner": 7}, "Owner is a text"),
        ({"yield_t_ha": True}, "is a number"),
        ({"yield_t_ha": "7"}, "is a number"),
        ({"sown_on": "31.3.2026"}, "written like 2026-05-31"),
        ({"sown_on": "2026-02-30"}, "written like 2026-05-31"),
        ({"soil": "clay"}, "no attribute 'soil'"),
    ],
)
def test_only_what_the_schema_allows_can_be_said(values: dict, told: str) -> None:
    change = read_change(values)
    if not told:
        SCHEMA.check(change)
        return
    with pytest.raises(InputError) as refused:
        SCHEMA.check(change)
    assert told in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    "hostile",
    [
        None, [], {}, {"Crop": "x"}, {"crop": ""}, {"crop": "x" * 501}, {"crop": "a\x00"},
        {"crop": "\ud800"}, {"crop": float("nan")}, {"crop": 10**400}, {"crop": [1]}, {7: "x"},
        {f"k{n}": 1 for n in range(65)},
    ],
)  # fmt: skip
def test_what_is_no_change_is_refused(hostile: object) -> None:
    with pytest.raises(InputError):
        read_change(hostile)


def test_parcels_that_become_one_keep_what_none_of_them_denies() -> None:
    owned = changed(WHEAT, (("owner", "Ana"), ("yield", 7.0)))
    assert changed(owned, (("crop", None), ("owner", "Ben"))) == (("owner", "Ben"), ("yield", 7.0))
    assert agreed([owned, WHEAT, ()]) == owned
    assert agreed([owned, RYE]) == (("owner", "Ana"), ("yield", 7.0))
    assert agreed([WHEAT, RYE, WHEAT]) == ()
    assert contradict(owned, RYE)
    assert not contradict(owned, (("soil", "clay"),))


def test_a_list_of_ones_own_is_read_from_csv() -> None:
    mixed = "\ufeffname;Code;colour\r\n Winter wheat ;W1;#AABBCC\r\n;;\r\nRye;R,1;\r\n"
    assert read_code_list(mixed.encode()) == (
        Choice("W1", "Winter wheat", "#aabbcc"),
        Choice("R,1", "Rye"),
    )
    assert read_code_list(b"id\tlabel\n1\tRice\n") == (Choice("1", "Rice"),)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "names no columns code and name"),
        (b"code,name\n", "no line"),
        (b"code,name\nW1\n", "Line 2 of the list has no code or no name"),
        (b"code,name\nW1,Wheat\n,Rye\n", "Line 3 of the list: The code '' is empty"),
        (b"code,name,colour\nW1,Wheat,red\n", "Line 2 of the list: The colour"),
        (b"code,name\nW1,\xff\n", "not in UTF-8"),
        (b"code,name\n" + b"".join(b"%d,x\n" % n for n in range(1001)), "more than 1,000"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_with_its_line(body: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_code_list(body)


def test_a_list_has_each_code_once_and_only_choices_have_one() -> None:
    with pytest.raises(InputError, match="a code twice"):
        Attribute("crop", "Crop", "choice", (Choice("a", "A"), Choice("a", "B")))
    with pytest.raises(InputError, match="nothing to choose"):
        Attribute("crop", "Crop", "choice")
    with pytest.raises(InputError, match="Only an attribute of choices"):
        Attribute("crop", "Crop", "text", COMMON_CROPS)
