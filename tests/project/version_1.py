"""A project as the first version of the program left it: its own SQL, frozen."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core.project import Project, migrations
from core.project.schema import metadata

PROJECT = "b744f916e5194e289c40312d5106a497"
SCENE = "6871d91467f74485b71fcdcaa83eeca3"

# The types in braces are called otherwise in each database.
TABLES = """
CREATE TABLE project (
    id VARCHAR(32) NOT NULL, name TEXT NOT NULL, created_at {time} NOT NULL,
    changed_at {time} NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (id)
);
CREATE TABLE scene (
    id VARCHAR(32) NOT NULL, name TEXT NOT NULL, scene JSON NOT NULL, landcover JSON,
    settings JSON NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL,
    added_at {time} NOT NULL, removed BOOLEAN NOT NULL, PRIMARY KEY (id)
);
CREATE TABLE tile (
    id {row} NOT NULL, scene_id VARCHAR(32) NOT NULL, name TEXT NOT NULL,
    position INTEGER NOT NULL, window_column INTEGER NOT NULL, window_row INTEGER NOT NULL,
    window_width INTEGER NOT NULL, window_height INTEGER NOT NULL, figures JSON NOT NULL,
    verdict VARCHAR(16) NOT NULL, reviewer TEXT NOT NULL, comment TEXT NOT NULL,
    verdict_at {time}, verdict_version INTEGER NOT NULL, log_version INTEGER NOT NULL,
    head INTEGER NOT NULL, tip INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
    edit_count INTEGER NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (id),
    UNIQUE (scene_id, name), FOREIGN KEY (scene_id) REFERENCES scene (id)
);
CREATE TABLE step (
    tile_id {reference} NOT NULL, number INTEGER NOT NULL, parent INTEGER NOT NULL,
    PRIMARY KEY (tile_id, number), FOREIGN KEY (tile_id) REFERENCES tile (id)
);
CREATE TABLE edit (
    tile_id {reference} NOT NULL, sequence INTEGER NOT NULL, step INTEGER NOT NULL,
    kind VARCHAR(64) NOT NULL, data JSON NOT NULL, author TEXT NOT NULL, at {time} NOT NULL,
    PRIMARY KEY (tile_id, sequence), FOREIGN KEY (tile_id) REFERENCES tile (id)
);
CREATE TABLE journal (
    id {row} NOT NULL, at {time} NOT NULL, author TEXT NOT NULL, scene_id VARCHAR(32) NOT NULL,
    tile TEXT, action VARCHAR(32) NOT NULL, detail JSON NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX journal_by_tile ON journal (scene_id, tile);
CREATE INDEX ix_tile_revision ON tile (revision);
CREATE INDEX edit_by_step ON edit (tile_id, step)
"""

ROWS = f"""
INSERT INTO project VALUES
    ('{PROJECT}', 'Old farm', '2026-11-21 14:10:07.8', '2026-11-21 14:10:08.8', 6);
INSERT INTO scene VALUES ('{SCENE}', 'May', '{{"path":"/data/may.tif"}}',
    '{{"path":"/data/lc.tif","product":"cdl"}}', '{{}}', 0, 0, '2026-11-21 14:10:07.8', false);
INSERT INTO tile VALUES (1, '{SCENE}', 'x0_y0', 0, 0, 0, 1024, 768, '{{}}', 'open', '', '', NULL,
    0, 3, 1, 2, 2, 1, 5);
INSERT INTO tile VALUES (2, '{SCENE}', 'x1_y0', 1, 896, 0, 1024, 768, '{{}}', 'accepted', 'Ada',
    'fine', '2026-11-21 14:10:07.844256', 1, 0, 0, 0, 0, 0, 6);
INSERT INTO step VALUES (1, 1, 0);
INSERT INTO step VALUES (1, 2, 1);
INSERT INTO edit VALUES
    (1, 1, 1, 'prompt_set', '{{"id":"a"}}', 'Ada', '2026-11-21 14:10:07.833138');
INSERT INTO edit VALUES
    (1, 2, 2, 'prompt_set', '{{"id":"b"}}', 'Ada', '2026-11-21 14:10:07.838699');
INSERT INTO journal VALUES (1, '2026-11-21 14:10:07.8', '', '', NULL, 'project created',
    '{{"name":"Old farm"}}')
"""


def as_version_1(project: Project) -> Path:
    """Turn a new project's tables into those of the old one, and close it."""
    database = project._database
    with database.write() as connection:
        metadata.drop_all(connection)
        for statement in _statements(connection.dialect.name):
            connection.exec_driver_sql(statement)
        database.set_version(connection, 1)
    project.close()
    return project.path


def _statements(dialect: str) -> list[str]:
    if dialect == "sqlite":
        types = {"time": "DATETIME", "row": "INTEGER", "reference": "INTEGER"}
    else:
        types = {"time": "TIMESTAMP", "row": "BIGSERIAL", "reference": "BIGINT"}
    numbered = ("tile", "journal") if dialect != "sqlite" else ()
    onwards = [f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 99)" for table in numbered]
    return [*TABLES.format(**types).split(";\n"), *ROWS.split(";\n"), *onwards]


def stored_version(project: Project) -> int:
    with project._database.read() as connection:
        return migrations.stored_version(connection, project._database)


def file_version(path: Path) -> int:
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return int(version)
