"""A project's own attributes, kept in the journal: each change of them is a row that stays.

So every schema that there ever was is in the history, chained by hashes like all that was done,
and no table changes: earlier versions of the program open the project, too.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from core.attributes import NO_ATTRIBUTES, AttributeSchema, schema_from_json, schema_to_json
from core.errors import InputError, ProjectError
from core.project.journal import Change
from core.project.rows import JOURNAL, check_row
from core.project.schema import journal, scene

ACTION = "attributes changed"

_NEWEST = (
    select(journal)
    .where(journal.c.scene_id == "", journal.c.tile.is_(None), journal.c.action == ACTION)
    .order_by(journal.c.id.desc())
    .limit(1)
)


def read_attributes(connection: Connection) -> AttributeSchema:
    """The attributes that the project has now; none where nobody made any.

    Raises
    ------
    ProjectError
        They cannot be read: damaged, or written by a newer version.
    """
    row = connection.execute(_NEWEST).one_or_none()
    if row is None:
        return NO_ATTRIBUTES
    check_row("journal", row.id, row, JOURNAL)
    try:
        return schema_from_json(row.detail.get("schema"))
    except InputError as error:
        raise ProjectError(error.message, error.hint) from error


def set_attributes(
    change: Change, schema: AttributeSchema, *, author: str, expected: AttributeSchema
) -> None:
    """Give the project other attributes; nothing where it has them already."""
    before = read_attributes(change.connection)
    if before != expected:
        raise change.conflict("the attributes of the project", "", None, (ACTION,))
    if schema == before:
        return
    for (scene_id,) in change.connection.execute(select(scene.c.id)).all():
        change.touch_tiles(scene_id)
    names = ", ".join(one.name for one in schema.attributes)
    detail = {"name": names or "none", "schema": schema_to_json(schema)}
    change.record(ACTION, author=author, detail=detail)
