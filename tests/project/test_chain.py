"""Whatever is changed in a project by other means is noticed, named, and ends nothing else."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from core.project import NewEdit, Project
from tests.project import flipping, version_1
from tests.project.conftest import Farm, make_farm, names

ROOT = Path(__file__).parents[2]
EDITS = [f"edit-{number}" for number in range(1, 9)]
LAST = 12
"""Version of the log below: eight edits in steps 1 to 6, 8 and 11, with undos between."""


def worked(farm: Farm) -> Farm:
    """A log with a branch that is out of force: 1-2-3-4-5 and (6 undone) 8, 9 undone, 11."""
    for version, name in enumerate(EDITS[:6]):
        farm.append(version, name)
    farm.undo(6)
    farm.append(7, EDITS[6])
    farm.append(8, "undone")
    farm.undo(9)
    farm.append(10, EDITS[7], "second of the step")
    farm.undo(11)
    return farm


IN_FORCE = [*EDITS[:5], EDITS[6]]


@pytest.fixture
def closed(memory: Path) -> Farm:
    """A farm whose file is closed."""
    farm = worked(make_farm(memory))
    farm.project.close()
    return farm


def again(farm: Farm) -> Farm:
    return Farm(Project.open(farm.project.path), farm.scene, farm.tile)


def rows(path: Path, table: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def test_an_untouched_project_has_no_damage(farm: Farm) -> None:
    worked(farm)
    opened = farm.reopened()
    assert opened.project.damages() == ()
    assert names(opened.log()) == IN_FORCE
    assert names(opened.redo(LAST))[-1] == "second of the step"
    assert opened.reopened().project.damages() == ()


def test_every_flipped_bit_of_an_edit_is_named_and_those_before_it_are_kept(closed: Farm) -> None:
    path, seeded = closed.project.path, random.Random(20)
    whole = path.with_suffix(".whole")
    shutil.copyfile(path, whole)
    for _ in range(60):
        place = seeded.randrange(len(IN_FORCE))
        sequence = (1, 2, 3, 4, 5, 7)[place]
        column = seeded.choice(("data", "data", "data", "kind", "author", "at", "link"))
        shutil.copyfile(whole, path)
        flipping.flip_text(
            path, "edit", column, f"sequence = {sequence}", bit=seeded.randrange(400)
        )
        before = rows(path, "edit")
        opened = again(closed)
        (damage,) = opened.project.damages()
        step = (1, 2, 3, 4, 5, 8)[place]
        assert (damage.tile, damage.step) == (closed.tile, step), column
        assert f"tile 1 in the scene May is damaged from step {step}" in damage.sentence
        assert names(opened.log()) == IN_FORCE[:place]
        assert bool(damage.since) == (place > 0)
        opened.project.close()
        assert rows(path, "edit") == before


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("step", "parent", "number = 4"),
        ("step", "parent", "number = 8"),
        ("step", "number", "number = 3"),
        ("edit", "step", "sequence = 4"),
        ("edit", "sequence", "sequence = 4"),
        ("tile", "head", "id = 1"),
        ("tile", "tip", "id = 1"),
        ("tile", "log_version", "id = 1"),
        ("tile", "last_sequence", "id = 1"),
        ("tile", "edit_count", "id = 1"),
        ("tile", "verdict_version", "id = 1"),
    ],
)
def test_every_flipped_bit_of_a_number_is_named_and_nothing_hangs(
    closed: Farm, table: str, column: str, where: str
) -> None:
    path = closed.project.path
    whole = path.with_suffix(".whole")
    shutil.copyfile(path, whole)
    for bit in range(12):
        shutil.copyfile(whole, path)
        try:
            flipping.flip_number(path, table, column, where, bit)
        except sqlite3.IntegrityError:
            continue  # no such content is possible
        opened = again(closed)
        assert opened.project.damages(), bit
        kept = names(opened.log())
        assert kept == IN_FORCE[: len(kept)]
        least = {"step": 5 if "8" in where else 2, "edit": 3, "tile": 6}[table]
        assert len(kept) >= least, bit
        version = opened.log().version
        assert names(opened.append(version, "after it")) == [*kept, "after it"]
        opened.project.close()
        opened = again(closed)
        assert names(opened.log()) == [*kept, "after it"]
        opened.project.close()


def test_a_verdict_changed_by_other_means_is_named(closed: Farm) -> None:
    flipping.run(closed.project.path, "UPDATE tile SET verdict = 'accepted' WHERE id = 2")
    opened = again(closed)
    assert opened.project.tile(opened.scene, "x1_y0").verdict.verdict == "accepted"
    opened.project.log(opened.scene, "x1_y0")
    (damage,) = opened.project.damages()
    assert "tile 2 in the scene May" in damage.sentence
    assert "verdict" in damage.sentence


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("DELETE FROM edit WHERE sequence = 4", 3),
        ("DELETE FROM step WHERE number = 4", 3),
        ("DELETE FROM edit WHERE sequence > 6", 5),
        ("DELETE FROM step WHERE number = 11", 6),
        ("UPDATE edit SET data = (SELECT data FROM edit WHERE sequence = 2) WHERE sequence = 4", 3),
    ],
)
def test_rows_that_are_gone_or_exchanged_are_named(closed: Farm, statement: str, kept: int) -> None:
    flipping.run(closed.project.path, statement)
    opened = again(closed)
    assert opened.project.damages()
    assert names(opened.log()) == IN_FORCE[:kept]


def test_the_record_of_who_did_what_is_chained_as_well(closed: Farm) -> None:
    flipping.run(closed.project.path, "UPDATE journal SET author = 'Bob' WHERE id = 5")
    opened = again(closed)
    (damage,) = opened.project.damages()
    assert "at entry 5" in damage.sentence
    assert names(opened.log()) == IN_FORCE
    opened.project.close()
    flipping.run(
        closed.project.path,
        "UPDATE journal SET author = 'Ada' WHERE id = 5",
        "DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)",
    )
    assert ["at its end" in damage.sentence for damage in again(closed).project.damages()] == [True]


def test_what_grows_from_the_good_part_is_in_force_and_the_rest_stays_named(closed: Farm) -> None:
    path = closed.project.path
    flipping.flip_text(path, "edit", "data", "sequence = 5", bit=77)
    before = rows(path, "edit")
    opened = again(closed)
    version = opened.log().version
    assert names(opened.append(version, "onwards")) == [*EDITS[:4], "onwards"]
    assert names(opened.undo(version + 1)) == EDITS[:4]
    assert names(opened.redo(version + 2)) == [*EDITS[:4], "onwards"]
    opened.project.close()
    opened = again(closed)
    assert names(opened.log()) == [*EDITS[:4], "onwards"]
    (damage,) = opened.project.damages()
    assert "is not in force" in damage.sentence
    assert set(before) <= set(rows(path, "edit"))


def test_another_process_sees_damage_that_came_while_it_looked(file_farm: Farm) -> None:
    file_farm.append(0, "a")
    watching = file_farm.reopened()
    assert names(watching.log()) == ["a"]
    file_farm.append(1, "b")
    file_farm.append(2, "c")
    flipping.flip_text(file_farm.project.path, "edit", "data", "sequence = 2", bit=60)
    assert names(watching.log()) == ["a"]
    assert watching.project.damages()[0].step == 2
    watching.project.close()


_READS = """
import sys
from pathlib import Path
from core.project import Project
project = Project.open(Path(sys.argv[1]))
log = project.log(sys.argv[2], "x0_y0")
print([edit.data["id"] for edit in log.edits], len(project.damages()))
try:
    project.redo(sys.argv[2], "x0_y0", author="", expected_version=log.version)
    project.undo(sys.argv[2], "x0_y0", author="", expected_version=log.version + 1)
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE step SET parent = number",
        "UPDATE step SET parent = 5 WHERE number = 1",
        "UPDATE step SET parent = number + 1",
        "UPDATE step SET parent = -1",
        "UPDATE step SET parent = 'x'",
        "UPDATE tile SET head = 4611686018427387904, tip = 4611686018427387904",
    ],
)
def test_a_circle_of_steps_ends(closed: Farm, statement: str) -> None:
    """In projects of before the hashes, too: they are hashed as they are."""
    for old in (False, True):
        path = closed.project.path
        if old:
            project = Project.open(path)
            path = version_1.as_version_1(project)
        flipping.run(path, statement)
        scene = version_1.SCENE if old else closed.scene
        done = subprocess.run(
            [sys.executable, "-c", _READS, str(path), scene],
            capture_output=True,
            cwd=ROOT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stdout.splitlines()[0].endswith(" 0"), done.stdout


def test_a_thousand_damaged_rows_end_as_well(file_farm: Farm) -> None:
    many = [NewEdit("brush", {"id": str(number)}) for number in range(1000)]
    file_farm.project.append(
        file_farm.scene, file_farm.tile, many, author="", expected_version=0, together=False
    )
    file_farm.project.close()
    flipping.run(file_farm.project.path, "UPDATE edit SET link = ''")
    opened = again(file_farm)
    assert names(opened.log()) == []
    assert opened.project.damages()[0].step == 1
