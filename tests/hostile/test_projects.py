"""Projects of strangers: what is in them is compared with what a project is."""

import random
import shutil
import sqlite3
from contextlib import closing, suppress

import numpy as np
import pytest

from core.errors import CropMapError, InputError, ProjectError
from core.imagery.scene import Scene, open_scene
from core.outside import is_plain_name
from core.project import Project
from core.project.schema import metadata
from tests.project.conftest import make_farm
from tests.project.flipping import run
from tests.rasters import write_raster


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A closed project with edits and verdicts, its scene and one of its tiles."""
    farm = make_farm(tmp_path_factory.mktemp("sound"))
    farm.append(0, "a", "b")
    project, scene, tile = farm.project, farm.scene, farm.tile
    project.set_verdict(scene, tile, "accepted", comment="", reviewer="Ada", expected_version=0)
    project.draw_second_reviews(scene, [tile], seed=1, author="Ada")
    project.close()
    return project.path, scene, tile


@pytest.fixture
def copy(sound, tmp_path):
    path = tmp_path / "farm.cropmap"
    shutil.copy(sound[0], path)
    return path


def look_at_all(path) -> None:
    """What the app does with a project, short of its imagery."""
    project = Project.open(path)
    try:
        for scene in project.scenes():
            project.second_reviews(scene.id)
            for tile in project.tiles(scene.id):
                project.log(scene.id, tile.name)
        project.history(limit=100)
        project.damages()
    finally:
        project.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER UPDATE ON tile BEGIN UPDATE tile SET verdict = 'rejected'; END",
        "CREATE VIEW v AS SELECT * FROM tile",
        "CREATE TABLE other (a)",
        "CREATE VIRTUAL TABLE other USING fts5(a)",
        "CREATE INDEX own ON tile (abs(position))",
        "ALTER TABLE tile ADD COLUMN more GENERATED ALWAYS AS (zeroblob(1000000000))",
        "ALTER TABLE tile ADD COLUMN more CHECK (length(zeroblob(1000000000)) > 0)",
        "ALTER TABLE tile DROP COLUMN comment",
        "DROP TABLE second_review",
    ],
)
def test_other_things_than_a_project_holds(copy, statement) -> None:
    run(copy, statement)
    with pytest.raises(ProjectError, match=r"holds what no project holds|is no whole project"):
        Project.open(copy)


def test_a_view_in_the_place_of_a_table(copy) -> None:
    run(
        copy,
        "ALTER TABLE journal RENAME TO hidden",
        "CREATE VIEW journal AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) "
        "SELECT x AS id FROM c",
    )
    with pytest.raises(ProjectError, match="holds what no project holds"):
        Project.open(copy)


def test_names_that_lead_out_of_the_folder(copy, sound) -> None:
    for name in ("../../..", "/tmp/x", "a/b", "..", "a\x00b", "C:x", "a\\b", "", "x" * 201):
        assert not is_plain_name(name)
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute("UPDATE scene SET id = ?", (name,))
            connection.execute("UPDATE tile SET scene_id = ?", (name,))
        with pytest.raises(ProjectError, match="is not a name"):
            look_at_all(copy)
    run(copy, f"UPDATE scene SET id = '{sound[1]}'", f"UPDATE tile SET scene_id = '{sound[1]}'")
    run(copy, f"UPDATE tile SET name = '../../x' WHERE name = '{sound[2]}'")
    with pytest.raises(ProjectError, match=r"table tile.* name is not a name"):
        look_at_all(copy)


def test_values_of_other_types_in_every_column(copy, sound) -> None:
    others = ["x", "[]", "{}", "[1", 7, -1, 2**62, 1.5, b"\x00\xff", "[" * 900 + "]" * 900, None]
    generator = random.Random(22)
    for table in metadata.tables.values():
        for column in table.columns:
            shutil.copy(sound[0], copy)
            with closing(sqlite3.connect(copy)) as connection:
                connection.execute("PRAGMA foreign_keys=OFF")
                value = generator.choice(others)
                try:
                    connection.execute(f"UPDATE {table} SET {column.name} = ?", (value,))
                except sqlite3.IntegrityError:
                    continue
                connection.commit()
            with suppress(CropMapError):
                look_at_all(copy)


def test_a_description_that_describes_no_scene(tmp_path) -> None:
    path = write_raster(tmp_path / "s.tif", np.full((3, 40, 48), 9, np.uint8))
    good = open_scene(path).to_json()
    assert Scene.from_json(good).to_json() == good
    wrong = {"width": 0, "height": "9", "transform": [0.0] * 6, "bands": [1, 2], "stretch": {}}
    wrong |= {"crs": "x", "working_factor": 10**9, "nodata": "a", "path": None}
    for key, value in wrong.items():
        with pytest.raises(InputError, match="damaged"):
            Scene.from_json({**good, key: value})
        with pytest.raises(InputError, match="damaged"):
            Scene.from_json({k: v for k, v in good.items() if k != key})
