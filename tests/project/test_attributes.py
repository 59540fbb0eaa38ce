"""A project's own attributes: kept in its journal, changed by one after the other."""

from __future__ import annotations

import pytest

from core.attributes import COMMON_CROPS, AttributeSchema
from core.errors import ConflictError
from core.project import Project, duplicate_project

EMPTY = AttributeSchema()
CROP = EMPTY.with_one("Crop", "choice", COMMON_CROPS)


def test_attributes_are_there_again_and_in_the_history(tmp_path, monkeypatch) -> None:
    project = Project.create(tmp_path / "farm.cropmap", "Farm")
    assert project.attributes() == EMPTY
    project.set_attributes(CROP, author="Ana", expected=EMPTY)
    before = project.revision()
    project.set_attributes(CROP, author="Ana", expected=CROP)
    assert project.revision() == before
    with pytest.raises(ConflictError, match="Ana changed the attributes of the project first"):
        project.set_attributes(EMPTY, author="Ben", expected=EMPTY)
    project.close()

    again = Project.open(tmp_path / "farm.cropmap")
    assert (again.attributes(), again.damages()) == (CROP, ())
    row = again.history()[0]
    assert (row.author, row.action, row.detail["name"]) == ("Ana", "attributes changed", "Crop")
    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path))
    twin = Project.open(duplicate_project(again, "Twin"))
    assert twin.attributes() == CROP
    twin.close()
    again.close()
