"""A project with one scene of three tiles, in a file and in PostgreSQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from core.project import NewEdit, NewTile, Project, TileLog, postgres
from core.settings import get_settings
from scripts.postgres_server import find_postgres, postgres_server

TILES = tuple(NewTile(f"x{number}_y0", number, (number * 900, 0, 1024, 768)) for number in range(3))

_MEMORY = Path("/dev/shm")


@dataclass
class Farm:
    """A project, its scene and shorthands for the first tile."""

    project: Project
    scene: str
    tile: str = TILES[0].name

    def log(self) -> TileLog:
        return self.project.log(self.scene, self.tile)

    def append(self, version: int, *names: str, author: str = "Ada") -> TileLog:
        edits = [NewEdit("prompt_set", {"id": name}) for name in names]
        return self.project.append(
            self.scene, self.tile, edits, author=author, expected_version=version
        )

    def undo(self, version: int, author: str = "Ada") -> TileLog:
        return self.project.undo(self.scene, self.tile, author=author, expected_version=version)

    def redo(self, version: int, author: str = "Ada") -> TileLog:
        return self.project.redo(self.scene, self.tile, author=author, expected_version=version)

    def reopened(self) -> Farm:
        """The same file through another object, as another process would see it."""
        return Farm(Project.open(self.project.path), self.scene, self.tile)


def make_farm(folder: Path) -> Farm:
    project = Project.create(folder / "farm.cropmap", "Farm")
    return Farm(project, project.add_scene("May", {"path": "may.tif"}, None, TILES).id)


def names(log: TileLog) -> list[str]:
    return [edit.data["id"] for edit in log.edits]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of a server that runs as long as these tests."""
    if find_postgres() is None:
        if os.environ.get("CI"):
            pytest.fail("CI must install PostgreSQL")
        pytest.skip("PostgreSQL is not installed")
    with postgres_server() as server:
        yield server.url


@pytest.fixture
def on_postgres(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """New projects are made in PostgreSQL, where there are none yet."""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as server:
        for schema in postgres.schemas(postgres.parsed(postgres_url)[0]):
            server.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    monkeypatch.setenv("CROPMAP_DATABASE_URL", postgres_url)
    get_settings.cache_clear()
    yield postgres_url
    get_settings.cache_clear()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    if request.param == "postgres":
        request.getfixturevalue("on_postgres")
    return str(request.param)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: a commit waits for no disk."""
    if not _MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="cropmap-") as folder:
        yield Path(folder)


@pytest.fixture
def farm(database: str, memory: Path) -> Iterator[Farm]:
    made = make_farm(memory)
    yield made
    made.project.close()


@pytest.fixture
def file_farm(tmp_path: Path) -> Iterator[Farm]:
    """Where the test is about the file itself."""
    made = make_farm(tmp_path)
    yield made
    made.project.close()
