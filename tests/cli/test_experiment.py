from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.cli import app
from core.cli.experiment import experiment_app
from tests.study.experiments.small_region import NAMES, PRODUCT, write_small_region


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_small_region(tmp_path / "farm", NAMES[:2], test=NAMES[:2])


def ask(*words: object) -> Result:
    return CliRunner().invoke(app, ["experiment", *map(str, words)])


def error(*words: object) -> str:
    """What a command says that cannot be done: a sentence and a hint."""
    found = ask(*words)
    assert found.exit_code == 1
    assert len(found.stderr.splitlines()) == 2
    return found.stderr


def test_methods_are_compared_and_the_page_says_how_to_do_it_again(folder, tmp_path) -> None:
    words = ("--region", folder, "--method", "land cover", "--product", PRODUCT, "--jobs", 1)
    found = ask("methods", *words, "--out", tmp_path / "out", "--seed", 2)
    assert found.exit_code == 0, found.output
    assert "farm, land cover: mean IoU 0." in found.output
    page = (tmp_path / "out" / "summary.md").read_text()
    assert (
        "cropmap experiment methods --region farm --method 'land cover' --model cropmap_small "
        f"--product {PRODUCT} --seed 2 --out out"
    ) in page


def test_the_record_as_json_and_cells_that_are_shared(folder, tmp_path) -> None:
    words = ("--region", folder, "--method", "land cover", "--product", PRODUCT, "--jobs", 1)
    words += ("--cells", tmp_path / "cells", "--json")
    first, second = (ask("methods", *words, "--out", tmp_path / name) for name in "ab")
    one, two = json.loads(first.output), json.loads(second.output)
    assert one["options"]["region"] == ["farm"]
    assert one["seconds"] == two["seconds"]
    assert str(tmp_path) not in first.output
    assert not (tmp_path / "a" / ".cells").exists()


def test_bad_questions_are_one_sentence(folder, tmp_path) -> None:
    out = ("--out", tmp_path / "out")
    assert "There is no region." in error("methods", *out)
    assert "is no region" in error("methods", "--region", tmp_path, *out)
    given = ("--region", folder, "--product", PRODUCT)
    assert "no method nonsense" in error("methods", *given, "--method", "nonsense", *out)
    assert "no model 'nonsense'" in error("methods", *given, "--model", "nonsense", *out)
    for command in ("training", "adaptation"):
        assert "has no image to learn from" in error(command, *given, *out)
    assert not (tmp_path / "out").exists()


def test_prompts_of_a_region_or_of_three_folders_but_not_both(folder, tmp_path) -> None:
    out = ("--out", tmp_path / "out")
    assert ask("prompts", *out).exit_code == 2
    assert ask("prompts", "--scenes", folder / "images", *out).exit_code == 2
    assert ask("prompts", "--region", folder, "--scenes", folder / "images", *out).exit_code == 2
    given = ("--region", folder, "--product", PRODUCT, "--draws", 1)
    found = ask("prompts", *given, *out)
    assert found.exit_code == 0, found.output
    assert "2 images checked" in found.output
    again = ask("prompts", *given, *out, "--json")
    assert {row["product"] for row in json.loads(again.output)["rows"]} == {
        "farm: ESA WorldCover 2021 v200"
    }
    assert "## farm: ESA WorldCover" in (tmp_path / "out" / "summary.md").read_text()


def test_all_experiments_have_the_same_options() -> None:
    shared = {"region", "out", "product", "nodata", "landcover_nodata", "seed"}
    with_cells = {"jobs", "cells", "as_json", "model"}
    for command in experiment_app.registered_commands:
        names = set(command.callback.__annotations__)
        assert shared <= names, command.name
        assert command.name == "prompts" or with_cells <= names, command.name
