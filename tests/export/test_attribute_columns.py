"""A project's own attributes in every file: with their types, names and sums."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow.parquet
import pyogrio
import pytest

from core.attributes import COMMON_CROPS, AttributeSchema
from core.attributes.attribute_schema import RESERVED
from core.export.attribute_columns import own_columns
from core.export.chip_plan import ChipOptions
from core.export.columns import FIELDS
from core.export.write_export import ExportOptions, write_export
from core.label.labelled import LabelledScene
from tests.export.labelled import labelled_scene
from tests.export.test_fiboa import validate

SCHEMA = (
    AttributeSchema()
    .with_one("Crop", "choice", COMMON_CROPS)
    .with_one("Irrigated", "yes_no")
    .with_one("Irrigated since", "date")
    .with_one("Owner", "text")
    .with_one("Yield", "number")
)
SAID = (
    (("crop", "wheat"), ("irrigated", True), ("irrigated_since", "2019-04-01"), ("yield", 7.1234)),
    (("crop", "vanilla"), ("irrigated", False), ("owner", "Zoë 大田")),
    (("irrigated", "perhaps"), ("soil", "clay")),
)
FORMATS = ("shapefile", "geopackage", "geojson", "geoparquet", "fiboa", "coco")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LabelledScene]:
    plain = labelled_scene(tmp_path_factory.mktemp("scene"))
    parcels = [
        replace(one, attributes=SAID[number] if number < len(SAID) else ())
        for number, one in enumerate(plain.parcels)
    ]
    labelled = replace(plain, parcels=parcels, schema=SCHEMA)
    options = ExportOptions(FORMATS, accepted_only=False, chips=ChipOptions(size=64))
    folder = tmp_path_factory.mktemp("out") / "export"
    return write_export(labelled, folder, options).folder, labelled


def test_names_of_columns_are_known_to_the_schema_and_short_ones_are_unique() -> None:
    assert {field.name for field in FIELDS} <= RESERVED
    assert [one.short for one in own_columns(SCHEMA)] == [
        "crop", "crop_name", "irrigated", "irrigated_", "owner", "yield",
    ]  # fmt: skip
    long = AttributeSchema()
    for name in ("Irrigated since", "Irrigated_since when", "Irrigated__by whom", "Rev date"):
        long = long.with_one(name, "text")
    assert [one.short for one in own_columns(long)] == [
        "irrigated_", "irrigated2", "irrigated3", "rev_date2",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["parcels.gpkg", "parcels.geojson", "parcels.parquet", "zip"])
def test_every_file_has_them_with_their_types(exported, name: str) -> None:
    folder, labelled = exported
    if name == "zip":
        table = pyogrio.read_dataframe(f"/vsizip/{folder / 'parcels.shp.zip'}")
        table = table.rename(columns={"irrigated_": "irrigated_since"})
    elif name.endswith("parquet"):
        table = geopandas.read_parquet(folder / name)
    else:
        table = pyogrio.read_dataframe(folder / name, layer=0)
    assert len(table) == len(labelled.parcels) > len(SAID)
    first, second, third, *_ = table.to_dict("records")
    assert (first["crop"], first["crop_name"]) == ("wheat", "Wheat")
    # A code that left the list names itself; a value of another kind is none.
    assert (second["crop"], second["crop_name"], second["owner"]) == ("vanilla",) * 2 + (
        "Zoë 大田",
    )
    assert (bool(first["irrigated"]), first["irrigated_since"]) == (True, "2019-04-01")
    assert first["yield"] == pytest.approx(7.1234)
    assert np.isnan(second["yield"])
    assert not any(isinstance(third[name], str) and third[name] for name in ("crop", "owner"))
    assert table["irrigated"].isna().tolist()[:3] == [False, False, True]
    assert "soil" not in table.columns


def test_a_shapefile_says_what_its_short_names_mean(exported) -> None:
    with zipfile.ZipFile(exported[0] / "parcels.shp.zip") as archive:
        told = archive.read("fields.txt").decode()
    assert "irrigated_\tirrigated_since\tIrrigated since: date, ISO 8601 as text\n" in told


def test_fiboa_has_them_and_its_validator_finds_nothing(exported, monkeypatch, tmp_path) -> None:
    path = exported[0] / "fields.fiboa.parquet"
    table = pyarrow.parquet.read_table(path)
    kinds = {field.name: str(field.type) for field in table.schema}
    assert (kinds["irrigated"], kinds["irrigated_since"], kinds["yield"]) == (
        "bool", "date32[day]", "double",
    )  # fmt: skip
    assert table["crop_name"].to_pylist()[0] == "Wheat"
    verdict = validate(path, tmp_path, monkeypatch)
    assert verdict.is_valid(), verdict.errors


def test_the_card_and_coco_know_the_crops(exported) -> None:
    folder, labelled = exported
    card: dict[str, Any] = json.loads((folder / "data-card.json").read_text(encoding="utf-8"))
    crop, irrigated, since, *_ = card["attributes"]
    assert (since["column"], since["shapefile_column"]) == ("irrigated_since", "irrigated_")
    assert set(crop["cropland"]) == {"wheat", "vanilla"}
    assert crop["cropland"]["wheat"]["hectares"] > 0
    assert irrigated["cropland"].keys() == {"True", "False"}
    counted = sum(p.land_class == "cropland" and p.state != "rejected" for p in labelled.parcels)
    assert crop["cropland_without"] == counted - 2
    page = (folder / "data-card.md").read_text(encoding="utf-8")
    assert "| Irrigated since | irrigated\\_since | irrigated\\_ |" in page

    coco = json.loads((folder / "instances_train.json").read_text(encoding="utf-8"))
    names = {one["id"]: one["name"] for one in coco["categories"]}
    assert (names[1], len(names)) == ("field", 1 + len(COMMON_CROPS))
    found = {one["field_id"]: one for one in coco["annotations"] if "field_id" in one}
    assert names[found["F000"]["category_id"]] == "Wheat"
    assert found["F000"]["attributes"]["yield"] == 7.1234
    assert {one["category_id"] for name, one in found.items() if name > "F000"} <= {1}
