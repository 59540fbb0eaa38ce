"""What is PostgreSQL's alone: addresses, signposts, other machines, servers that are away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.errors import CropMapError, InputError, ProjectError
from core.project import (
    Project,
    database,
    new_project_path,
    postgres,
    recent_projects,
    remember_project,
)
from core.settings import get_settings
from scripts.postgres_server import postgres_server
from tests.project.conftest import Farm, make_farm, names


@pytest.fixture(autouse=True)
def folders(on_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path / "projects"))
    monkeypatch.setenv("CROPMAP_CACHE_DIR", str(tmp_path / "cache"))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = make_farm(tmp_path)
    yield made
    made.project.close()


def set_url(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    if url is None:
        monkeypatch.delenv("CROPMAP_DATABASE_URL", raising=False)
    else:
        monkeypatch.setenv("CROPMAP_DATABASE_URL", url)
    get_settings.cache_clear()


def password(url: str) -> str:
    found = postgres.parsed(url)[0].password
    assert found
    return found


def every_file(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_text(errors="replace") for path in files)


def test_the_file_names_the_schema_and_nothing_else(farm: Farm, on_postgres: str) -> None:
    found = json.loads(farm.project.path.read_text())
    assert found.keys() == {"schema", "note"}
    assert found["schema"] in postgres.schemas(postgres.parsed(on_postgres)[0])
    assert farm.project.folder == farm.project.path.parent


def test_two_projects_of_one_name_share_nothing(farm: Farm, tmp_path: Path) -> None:
    other = make_farm(tmp_path / "other")
    farm.append(0, "a")
    assert names(other.log()) == []
    assert other.project.revision() == 2
    with pytest.raises(ProjectError, match="no scene"):
        other.project.scene(farm.scene)


def test_a_project_is_made_and_opened_by_its_address(on_postgres: str, monkeypatch) -> None:
    set_url(monkeypatch, None)
    made = Project.create(on_postgres, "Höfe & Co")
    assert made.path == get_settings().projects_dir / "höfe-co" / "höfe-co.cropmap"
    schema = json.loads(made.path.read_text())["schema"]
    assert Project.open(f"{on_postgres}&schema={schema}").id == made.id
    # Without the setting, the file alone leads nowhere: it holds no address to be led astray by.
    with pytest.raises(ProjectError, match="none is set up here") as told:
        Project.open(made.path)
    assert "CROPMAP_DATABASE_URL" in told.value.hint
    set_url(monkeypatch, on_postgres)
    assert Project.open(made.path).id == made.id


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://ada:hunter2@host:port/db",
        "mysql://ada:hunter2@host/db",
        "sqlite:////tmp/hunter2.cropmap",
        "postgresql://ada:hunter2@host",
        "postgresql://ada:hunter2@host/db?schema=../../etc",
        "postgresql://ada:hunter2@host/db?schema=a&schema=b",
        "hunter2",
        "",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(address: str, monkeypatch) -> None:
    for call in (Project.open, lambda url: Project.create(url, "Farm")):
        with pytest.raises(InputError, match="not one of PostgreSQL") as told:
            call(address)
        assert "hunter2" not in f"{told.value} {told.value.__cause__}"
    if not address:
        return  # an empty setting is none
    set_url(monkeypatch, address)
    assert "hunter2" not in repr(get_settings())
    with pytest.raises(InputError, match="not one of PostgreSQL"):
        Project.create(new_project_path("Farm"), "Farm")


def test_an_address_must_say_which_project(on_postgres: str) -> None:
    with pytest.raises(InputError, match="which project"):
        Project.open(on_postgres)
    with pytest.raises(ProjectError, match="has no project 'cropmap_none'"):
        Project.open(f"{on_postgres}&schema=cropmap_none")
    assert not get_settings().projects_dir.exists()


def test_a_schema_of_another_program_is_no_project(on_postgres: str, folders: Path) -> None:
    with psycopg.connect(on_postgres.replace("+psycopg", ""), autocommit=True) as server:
        server.execute("CREATE SCHEMA IF NOT EXISTS theirs")
    path = folders / "theirs.cropmap"
    for schema in ("theirs", "public", "pg_catalog", 'x"; DROP SCHEMA public; --', "gone"):
        path.write_text(json.dumps({"schema": schema}))
        with pytest.raises(ProjectError, match="is not a project"):
            Project.open(path)
    with pytest.raises(ProjectError, match="already has a schema"):
        Project.create(f"{on_postgres}&schema=theirs", "Farm")
    assert list(get_settings().projects_dir.rglob("*.cropmap")) == []


def test_another_machine_lists_and_opens_the_projects_of_the_database(
    folders: Path, monkeypatch
) -> None:
    made = Project.create(new_project_path("Farm"), "Farm")
    made.close()
    monkeypatch.setenv("CROPMAP_PROJECTS_DIR", str(folders / "other machine"))
    get_settings.cache_clear()
    (summary,) = recent_projects()
    assert (summary.name, summary.problem) == ("Farm", "")
    assert not summary.path.exists()  # a look at the list makes no file
    opened = Project.open(summary.path)
    assert opened.id == made.id
    assert summary.path.exists()
    remember_project(summary.path)
    assert [found.path for found in recent_projects()] == [summary.path]


def test_a_moved_folder_leads_to_the_same_project(farm: Farm, tmp_path: Path) -> None:
    farm.append(0, "a")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    path = farm.project.path.rename(moved / "farm.cropmap")
    again = Project.open(path)
    assert names(again.log(farm.scene, farm.tile)) == ["a"]
    assert again.folder == moved


def test_files_and_databases_live_side_by_side(folders: Path, on_postgres, monkeypatch) -> None:
    set_url(monkeypatch, None)
    in_file = Project.create(new_project_path("File"), "File")
    set_url(monkeypatch, on_postgres)
    in_database = Project.create(new_project_path("Database"), "Database")
    assert {entry.name for entry in recent_projects()} == {"File", "Database"}
    for project in (in_file, in_database):
        assert Project.open(project.path).id == project.id
    set_url(monkeypatch, None)
    problems = {entry.path: entry.problem for entry in recent_projects()}
    assert problems[in_file.path] == ""
    assert "PostgreSQL" in problems[in_database.path]


def test_the_password_is_told_to_nobody(
    farm: Farm, on_postgres: str, folders: Path, monkeypatch, caplog
) -> None:
    secret = password(on_postgres)
    project = Project.create(new_project_path("Farm"), "Farm")
    remember_project(project.path)
    wrong = on_postgres.replace(secret, "wr0ng-" + secret)
    messages = []
    for address in (
        wrong,
        on_postgres.replace("cropmap:", "nobody:"),
        on_postgres.replace("/postgres?", "/nothing?"),
        on_postgres.replace("host=", "host=/nowhere"),
        f"postgresql+psycopg://cropmap:{secret}@127.0.0.1:1/postgres",
    ):
        set_url(monkeypatch, address)
        with pytest.raises(CropMapError, match="cannot be used") as told:
            Project.open(project.path)
        messages += [str(told.value), repr(told.value.__cause__), str(told.value.__cause__)]
        (summary,) = recent_projects()
        assert "cannot be used" in summary.problem
        messages.append(summary.problem)
    set_url(monkeypatch, on_postgres)
    messages += [str(project.history()), repr(get_settings()), caplog.text, every_file(folders)]
    assert all(secret not in text for text in messages)


def test_a_failing_new_project_leaves_neither_file_nor_schema(
    on_postgres: str, folders: Path, monkeypatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(postgres.PostgresDatabase, "set_version", stop)
    path = new_project_path("Farm")
    with pytest.raises(KeyboardInterrupt):
        Project.create(path, "Farm")
    assert not path.exists()
    with psycopg.connect(on_postgres.replace("+psycopg", "")) as server:
        query = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'cropmap%'"
        assert server.execute(query).fetchone() == (0,)


def test_a_project_that_somebody_else_holds_is_said_to_be(farm: Farm, on_postgres, monkeypatch):
    monkeypatch.setattr(postgres, "BUSY_SECONDS", 0.05)
    schema = json.loads(farm.project.path.read_text())["schema"]
    with psycopg.connect(on_postgres.replace("+psycopg", "")) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [schema])
        with pytest.raises(ProjectError, match="in use by another program"):
            farm.append(0, "a")
        assert farm.log().version == 0  # reading goes on
    assert names(farm.append(0, "a")) == ["a"]


def test_reading_changes_nothing(farm: Farm) -> None:
    with (
        pytest.raises(ProjectError, match="takes no changes"),
        farm.project._database.read() as connection,
    ):
        connection.exec_driver_sql("UPDATE project SET revision = 99")
    assert farm.project.revision() == 2
    assert names(farm.append(0, "a")) == ["a"]


def test_every_commit_is_synced_and_foreign_keys_hold(farm: Farm) -> None:
    with farm.project._database.write() as connection:
        ask = connection.exec_driver_sql
        assert ask("SHOW synchronous_commit").scalar() == "on"
        assert ask("SHOW lock_timeout").scalar() == f"{int(database.BUSY_SECONDS)}s"
        ask("SET LOCAL synchronous_commit = off")
    with farm.project._database.read() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == (
            "repeatable read"
        )
    with (
        pytest.raises(ProjectError, match="foreign key"),
        farm.project._database.write() as connection,
    ):
        connection.exec_driver_sql("INSERT INTO step VALUES (99, 1, 0)")


def test_a_server_that_was_away_is_found_again(monkeypatch, folders: Path) -> None:
    """Stopped hard in the middle of a day's work, and started again."""
    with postgres_server() as server:
        set_url(monkeypatch, server.url)
        farm = make_farm(folders / "away")
        farm.append(0, "a")
        server.stop()
        for call in (farm.log, lambda: farm.append(1, "b")):
            with pytest.raises(ProjectError, match="cannot be used") as told:
                call()
            assert "try again" in told.value.hint
        server.start()
        assert names(farm.append(1, "b")) == ["a", "b"]
